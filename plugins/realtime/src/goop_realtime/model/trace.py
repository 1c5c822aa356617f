# SPDX-License-Identifier: MIT
"""The decision trace: every refusal, drop, close and state change, in one bounded ring.

It is the one answer to "who dropped what, and why". Whose doing a note is decides which one makes
room for it: the oldest of whoever has most, so that nobody's noise drowns what concerns others.
Beside the ring stands what went by in no log: not each message, but the newest of each kind.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from goop_node.escaping import escaped
from goop_realtime.model.codes import counted

RING = 1000
STRANGERS = "strangers"
"""The source of all peers with whom nobody here has agreed on anything."""
PASSING = 200
"""Kinds of messages in no log that are remembered."""
REFUSING = frozenset({"page", "host"})
"""The hops that refuse what pages say."""
PAGES = "pages"
"""The source of what pages are refused: any page can ask for more of that."""


class Trace:
    """The newest ``RING`` decisions, oldest first."""

    def __init__(self) -> None:
        self._rows: dict[str, list[dict[str, Any]]] = {}
        """By source; of none that has none left."""
        self.counts: Counter[tuple[str, str]] = Counter()
        """How many there were ever, by hop and code (see ``counted``)."""
        self._count = 0
        self._held = 0
        self._dropped = 0
        self._passing: dict[tuple[str, str, str, str], dict[str, Any]] = {}
        """By channel, source, delivery and type; what came last stands last."""

    def note(
        self,
        at: int,
        hop: str,
        code: str,
        *,
        channel: str = "",
        message: str = "",
        plugin: str = "",
        detail: str = "",
        source: str = "",
    ) -> None:
        """Note a decision taken ``at`` (Unix ms) by ``hop`` (page, node, link, peer…).

        ``source`` is the peer that brought it about, ``""`` where it was this node.
        """
        self._count += 1
        self.counts[hop, counted(code)] += 1
        row = {"n": self._count, "at": at, "hop": hop, "code": code}
        optional = {"channel": channel, "message": message, "plugin": plugin, "detail": detail}
        row.update({key: escaped(value[:300]) for key, value in optional.items() if value})
        self._rows.setdefault(source, []).append(row)
        self._held += 1
        if self._held > RING:
            self._make_room()

    def passed(self, at: int, delivery: str, *, channel: str, kind: str, source: str = "") -> None:
        """A message in no log went by: of pages here, or of the peer ``source``.

        ``delivery`` is ``latest``, ``volatile`` or ``signal``, ``kind`` the type. The newest of an
        author and type takes the place of the one before, and says how many there were.
        """
        key = (channel, source, delivery, kind)
        row = self._passing.pop(key, None)
        if row is None:
            if len(self._passing) >= PASSING:
                del self._passing[next(iter(self._passing))]
            row = {"hop": "link" if source else "page", "code": delivery, "channel": channel}
            row |= {"type": escaped(kind)} if kind else {}
            row["times"] = 0
        self._count += 1
        row["n"], row["at"] = self._count, at
        row["times"] += 1
        self._passing[key] = row

    def _make_room(self) -> None:
        fullest = max(self._rows, key=lambda source: len(self._rows[source]))
        del self._rows[fullest][0]
        if not self._rows[fullest]:
            del self._rows[fullest]
        self._held -= 1
        self._dropped += 1

    @property
    def count(self) -> int:
        """The number of the newest one."""
        return self._count

    @property
    def dropped(self) -> int:
        """How many made room for newer ones."""
        return self._dropped

    def by_source(self) -> list[tuple[str, dict[str, Any]]]:
        """The decisions, oldest first, each with its source."""
        found = [(source, row) for source, rows in self._rows.items() for row in rows]
        return sorted(found, key=lambda pair: int(pair[1]["n"]))

    def passing(self) -> list[tuple[str, dict[str, Any]]]:
        """What went by in no log, each with its source; the newest last."""
        return [(key[1], row) for key, row in self._passing.items()]

    def rows(self, channel: str = "") -> list[dict[str, Any]]:
        """The decisions, or those of one channel, oldest first."""
        return [row for _, row in self.by_source() if not channel or row.get("channel") == channel]
