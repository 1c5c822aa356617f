# SPDX-License-Identifier: MIT
"""What this node's pages said and no host has ordered yet; and what was refused (pure)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from goop_realtime.model.effects import Outcome
from goop_realtime.model.limits import OUTBOX_BYTES, OUTBOX_MESSAGES
from goop_realtime.model.message_ids import parsed
from goop_realtime.rooms.entries import RoomOutgoing

REFUSED_OWN = 1000
REFUSED_THEIRS = 128
"""Refusals that are remembered of this node's pages, and of each other author."""


class Outbox:
    """Messages in the order in which they are to be sent; ``places`` keep that on the disk."""

    def __init__(self, stored: Iterable[tuple[int, RoomOutgoing]] = ()) -> None:
        self._waiting: dict[str, RoomOutgoing] = {}
        self._places: dict[str, int] = {}
        self.size = 0
        """Bytes of them all."""
        for place, outgoing in stored:
            self._put(place, outgoing)

    def __len__(self) -> int:
        return len(self._waiting)

    def __contains__(self, message_id: str) -> bool:
        return message_id in self._waiting

    def __iter__(self) -> Iterator[RoomOutgoing]:
        return iter(self._waiting.values())

    def get(self, message_id: str) -> RoomOutgoing | None:
        """The message of that id, where it waits."""
        return self._waiting.get(message_id)

    def has_room(self, size: int) -> bool:
        """Whether another message of ``size`` bytes may wait."""
        return len(self._waiting) < OUTBOX_MESSAGES and self.size + size <= OUTBOX_BYTES

    def highest(self, page: str) -> int:
        """The greatest counter of that page's that waits; 0 where none does."""
        return max((at.counter for at in map(parsed, self._waiting) if at.page == page), default=0)

    def append(self, outgoing: RoomOutgoing) -> int:
        """Put a message behind all others; its place."""
        last = next(reversed(self._places.values()), 0)
        self._put(last + 1, outgoing)
        return last + 1

    def put_in_front(self, dropped: list[RoomOutgoing]) -> list[tuple[int, RoomOutgoing]]:
        """Put messages in front of all others; each with its place."""
        first = next(iter(self._places.values()), 0)
        placed = list(enumerate(dropped, first - len(dropped)))
        others, self._waiting, self._places = self.placed(), {}, {}
        self.size = 0
        for place, outgoing in (*placed, *others):
            self._put(place, outgoing)
        return placed

    def take_out(self, message_id: str) -> RoomOutgoing | None:
        """Take a message out, where it waits."""
        outgoing = self._waiting.pop(message_id, None)
        if outgoing is not None:
            del self._places[message_id]
            self.size -= len(outgoing.raw)
        return outgoing

    def placed(self) -> list[tuple[int, RoomOutgoing]]:
        """All of them, with their places."""
        return [(self._places[one.id], one) for one in self]

    def _put(self, place: int, outgoing: RoomOutgoing) -> None:
        self._waiting[outgoing.id] = outgoing
        self._places[outgoing.id] = place
        self.size += len(outgoing.raw)


class Refusals:
    """Why messages were refused, by author and id; the oldest of an author's are forgotten."""

    def __init__(self, me: str, stored: Iterable[tuple[str, str, Outcome]] = ()) -> None:
        self._me = me
        self._by_author: dict[str, dict[str, Outcome]] = {}
        for author, message_id, outcome in stored:
            self.add(author, message_id, outcome)

    def get(self, author: str, message_id: str) -> Outcome | None:
        """Why it was refused; ``None`` where that is not known."""
        return self._by_author.get(author, {}).get(message_id)

    def add(self, author: str, message_id: str, outcome: Outcome) -> str | None:
        """Remember one; the id that is forgotten for it, if one is."""
        known = self._by_author.setdefault(author, {})
        known[message_id] = outcome
        if len(known) <= (REFUSED_OWN if author == self._me else REFUSED_THEIRS):
            return None
        oldest = next(iter(known))
        del known[oldest]
        return oldest

    def highest(self, author: str, page: str) -> int:
        """The greatest counter of a page's that is remembered; 0 where none is."""
        ids = map(parsed, self._by_author.get(author, ()))
        return max((at.counter for at in ids if at.page == page), default=0)

    def drop(self, author: str, message_id: str) -> bool:
        """Forget one; whether it was known."""
        return self._by_author.get(author, {}).pop(message_id, None) is not None

    def __iter__(self) -> Iterator[tuple[str, str, Outcome]]:
        for author, known in self._by_author.items():
            for message_id, outcome in known.items():
                yield author, message_id, outcome
