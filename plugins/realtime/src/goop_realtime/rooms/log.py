# SPDX-License-Identifier: MIT
"""A room's log at one node: what it can still rebuild everything from, and the entries behind."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from goop_realtime.rooms.entries import RoomEntry
from goop_realtime.rooms.fold import Fold, FoldForm


class Base(msgspec.Struct, frozen=True):
    """What everything up to a position comes to: the fold, and the Session's ``state``."""

    fold: FoldForm
    state: Any = None

    @property
    def seq(self) -> int:
        """The number of the last entry in it."""
        return self.fold.runs[-1][2] if self.fold.runs else 0


class RoomLog:
    """Consecutive entries behind a base (``None`` where they begin at the very first)."""

    def __init__(self, base: Base | None = None) -> None:
        self.base = base
        self.start = 0 if base is None else base.seq
        """The number of the last entry that is not held."""
        self._entries: list[RoomEntry] = []
        self._offsets = [0]
        """How many bytes the log has had in all: before its entries, and behind each."""

    def __len__(self) -> int:
        return len(self._entries)

    @property
    def last(self) -> int:
        """The number of the newest entry."""
        return self.start + len(self._entries)

    @property
    def size(self) -> int:
        """Bytes of the messages held."""
        return self._offsets[-1] - self._offsets[0]

    def append(self, entry: RoomEntry) -> None:
        """Take the next entry."""
        if entry.seq != self.last + 1:
            raise ValueError(f"entry {entry.seq} does not follow {self.last}")
        self._entries.append(entry)
        self._offsets.append(self._offsets[-1] + len(entry.raw))

    def get(self, seq: int) -> RoomEntry | None:
        """The entry of that number, if it is held."""
        return self._entries[seq - self.start - 1] if self.start < seq <= self.last else None

    def replace(self, entry: RoomEntry) -> None:
        """The content of an entry that was withheld has come."""
        at = entry.seq - self.start - 1
        grown = len(entry.raw) - len(self._entries[at].raw)
        self._entries[at] = entry
        for number in range(at + 1, len(self._offsets)):
            self._offsets[number] += grown

    def after(self, seq: int) -> Iterator[RoomEntry]:
        """The held entries above ``seq``, in order."""
        for at in range(max(seq - self.start, 0), len(self._entries)):
            yield self._entries[at]

    def bytes_between(self, low: int, high: int) -> int:
        """Bytes of the messages above ``low``, up to ``high``."""
        return self._offset(high) - self._offset(low)

    def _offset(self, seq: int) -> int:
        return self._offsets[min(max(seq - self.start, 0), len(self._entries))]

    def cut(self, seq: int) -> list[RoomEntry]:
        """Take out what is above ``seq``, which is not below the start; it is returned."""
        at = max(seq - self.start, 0)
        dropped = self._entries[at:]
        del self._entries[at:]
        del self._offsets[at + 1 :]
        return dropped

    def trim(self, base: Base) -> None:
        """Begin behind ``base``, which stands for entries up to one that is held."""
        at = base.seq - self.start
        del self._entries[:at]
        del self._offsets[:at]
        self.base, self.start = base, base.seq

    def fold_at(self, seq: int) -> Fold:
        """What the entries up to ``seq``, which is not below the start, come to."""
        fold = Fold() if self.base is None else Fold.of(self.base.fold)
        for entry in self.after(self.start):
            if entry.seq > seq:
                break
            fold.take(entry)
        return fold
