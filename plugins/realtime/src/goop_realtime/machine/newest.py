# SPDX-License-Identifier: MIT
"""The messages of a channel or room of which only the newest counts; see ``unlogged.py``."""

from __future__ import annotations

from collections.abc import Container, Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from goop_node.types import JsonValue
from goop_realtime.model.limits import Bucket

MAX_KEYS = 256
MAX_AUTHORS = 128
"""Values that one author may have in it, and authors that have any."""


class Key(NamedTuple):
    """What the newest is kept of."""

    author: str
    type: str
    key: str
    """What the type's JSON Pointer finds in the message, as JSON; ``""`` without one."""


@dataclass(frozen=True, eq=False)
class Value:
    """The newest message under a key. ``at`` is Unix ms, by its author's clock."""

    version: tuple[int, int]
    at: int
    data: JsonValue
    line: bytes
    """As it goes to others: encoded once."""
    page: str = ""
    """The page of this node that said it."""


@dataclass(eq=False)
class Newest:
    """All values of a channel or room."""

    values: dict[Key, Value] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    """By author: how many there are."""
    news: dict[Key, None] = field(default_factory=dict)
    """Those that have come in this step."""
    held: dict[tuple[str, Key], None] = field(default_factory=dict)
    """Those that a page is not told yet, since it has not heard of their author."""

    def put(self, key: Key, value: Value) -> bool:
        """Keep a value; false where it is stale, or one too many."""
        known = self.values.get(key)
        if known is not None and known.version >= value.version:
            return False
        if known is None:
            new = key.author not in self.counts and len(self.counts) >= MAX_AUTHORS
            if new or self.counts.get(key.author, 0) >= MAX_KEYS:
                return False
            self.counts[key.author] = self.counts.get(key.author, 0) + 1
        self.values[key] = value
        self.news[key] = None
        return True

    def drop(self, keys: Iterable[Key]) -> None:
        """Forget values."""
        for key in list(keys):
            if self.values.pop(key, None) is not None:
                self.counts[key.author] -= 1
                if not self.counts[key.author]:
                    del self.counts[key.author]
                self.news.pop(key, None)

    def keep_only(self, authors: Container[str]) -> None:
        """Forget the values of all others."""
        self.drop([key for key in self.values if key.author not in authors])

    def of(self, author: str) -> list[Key]:
        """An author's values."""
        return [key for key in self.values if key.author == author]


Paces = dict[str, Bucket]
"""What our pages may send of each type that is bounded by itself, by its name."""


@dataclass(eq=False)
class Unlogged:
    """What a channel has of messages that are in no log."""

    newest: Newest = field(default_factory=Newest)
    paces: Paces = field(default_factory=dict)
