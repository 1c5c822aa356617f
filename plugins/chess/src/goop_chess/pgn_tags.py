# SPDX-License-Identifier: MIT
"""What a PGN file says of a game before its moves, and what the file is called (pure).

The tags are those of the standard: the Seven Tag Roster in its order (section 8.1.1), then more of
section 9 in ASCII order, as the export format has them (8.1). The name is of both players and the
date, in whatever script they write.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from datetime import UTC, datetime, tzinfo
from typing import Any
from urllib.parse import quote

from goop_chess.clocks import pgn_tag

EVENT, SITE = "Game between peers", "goop"
PART_BYTES = 80
"""Of one name in a file's name, in UTF-8: file systems take 255 for the whole."""
_RESERVED = frozenset('/\\:*?"<>|')
JOINERS = frozenset("\u200c\u200d")
"""Invisible, and yet part of words in some scripts, and of emoji."""
_PLAIN = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 _.()+-")
_TERMINATIONS = {
    "abort": "abandoned",
    "abandonment": "abandoned",
    "time": "time forfeit",
    "time_no_material": "time forfeit",
}


def tags(
    state: Mapping[str, Any],
    names: Mapping[str, str],
    began: int,
    *,
    aside: bool = False,
    zone: tzinfo | None = None,
) -> dict[str, str]:
    """The tags of a game, by name and in order.

    ``state`` is a session's snapshot, ``names`` the players' by colour, ``began`` in Unix ms;
    ``aside`` where it is not gone on with. ``Date`` is the day in ``zone``, the machine's own
    without one.
    """
    clock = state.get("clock")
    utc = datetime.fromtimestamp(began / 1000, UTC)
    return {
        "Event": EVENT,
        "Site": SITE,
        "Date": _day(began, zone).strftime("%Y.%m.%d"),
        "Round": "-",
        "White": names["white"],
        "Black": names["black"],
        "Result": state["result"],
        "Termination": _termination(state, aside),
        "TimeControl": pgn_tag(clock["control"] if clock else None),
        "UTCDate": utc.strftime("%Y.%m.%d"),
        "UTCTime": utc.strftime("%H:%M:%S"),
    }


def _day(began: int, zone: tzinfo | None) -> datetime:
    return datetime.fromtimestamp(began / 1000, zone)


def _termination(state: Mapping[str, Any], aside: bool) -> str:
    """One of the standard's values (section 9.8.1)."""
    reason = state["reason"]
    if reason is not None:
        return _TERMINATIONS.get(reason, "normal")
    return "abandoned" if aside or state.get("abandonedBy") else "unterminated"


def disposition(names: Mapping[str, str], began: int, zone: tzinfo | None = None) -> str:
    """The header ``Content-Disposition`` of the file (RFC 6266): its name, and one in ASCII."""
    day = _day(began, zone).strftime("%Y-%m-%d")
    white, black = (_part(names[colour]) for colour in ("white", "black"))
    name = f"{white or 'White'} - {black or 'Black'} {day}.pgn"
    plain = f"{_ascii(white) or 'White'} - {_ascii(black) or 'Black'} {day}.pgn"
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"


def _part(name: str) -> str:
    """A name without what a file system, a shell or an eye could take for something else."""
    kept = (c for c in unicodedata.normalize("NFC", name) if c in JOINERS or c.isprintable())
    text = " ".join("".join(" " if c in _RESERVED else c for c in kept).split())
    cut = text.lstrip("-. ").encode()[:PART_BYTES].decode(errors="ignore")
    return cut.rstrip("-. \u200c\u200d")


def _ascii(name: str) -> str:
    plain = "".join(c for c in unicodedata.normalize("NFKD", name) if c in _PLAIN)
    return plain.strip("-. ")
