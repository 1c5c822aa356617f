# SPDX-License-Identifier: MIT
"""Which logs and which decisions somebody wants to see, in portions (pure)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from goop_node.types import JsonValue

Row = dict[str, JsonValue]


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What a row has to have. ``""`` wants nothing; ``text`` are words that all occur in it."""

    channel: str = ""
    peer: str = ""
    code: str = ""
    hop: str = ""
    plugin: str = ""
    text: str = ""

    def has(self, row: Mapping[str, JsonValue]) -> bool:
        """Whether ``row`` is wanted. A peer is wanted by any part of its id."""
        exact = ("channel", "code", "hop", "plugin")
        if any(getattr(self, key) not in ("", row.get(key)) for key in exact):
            return False
        if self.peer and self.peer not in _words(row.get("peer"), row.get("peers")):
            return False
        words = self.text.casefold().split()
        return not words or _all_in(words, _words(*row.values()).casefold())


def decisions_page(
    rows: Sequence[Row], wanted: Wanted, after: int, limit: int
) -> tuple[list[Row], int | None]:
    """The wanted decisions behind the number ``after``, oldest first, at most ``limit``; and the
    number behind which the following portion is, ``None`` at the end."""
    found: list[Row] = []
    for row in rows:
        number = row["n"]
        if not isinstance(number, int) or number <= after or not wanted.has(row):
            continue
        if len(found) == limit:
            last = found[-1]["n"]
            return found, last if isinstance(last, int) else None
        found.append(row)
    return found, None


def values(rows: Iterable[Row], key: str) -> Sequence[JsonValue]:
    """Every value that rows have there, in order."""
    return sorted({str(row[key]) for row in rows if key in row})


def logs_page(
    rows: Iterable[Row], wanted: Wanted, offset: int, limit: int
) -> tuple[list[Row], int]:
    """The wanted channels and rooms from ``offset`` on, at most ``limit``; and how many there are.

    What has not ended comes first, and of that what has news.
    """
    found = sorted((row for row in rows if wanted.has(row)), key=_order)
    return found[offset : offset + limit], len(found)


def _order(row: Row) -> tuple[bool, int, str]:
    at = row["at"]
    return row["ended"] is True, -at if isinstance(at, int) else 0, str(row["id"])


def _all_in(words: Sequence[str], text: str) -> bool:
    return all(word in text for word in words)


def _words(*values: JsonValue) -> str:
    """Every text and number in these, as one text."""
    found: list[str] = []
    for value in values:
        if isinstance(value, Mapping):
            found.append(_words(*value.values()))
        elif isinstance(value, Sequence) and not isinstance(value, str):
            found.append(_words(*value))
        elif value is not None:
            found.append(str(value))
    return "\n".join(found)
