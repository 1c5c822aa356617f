# SPDX-License-Identifier: MIT
"""A channel's log: the entries that its host ordered, by consecutive number."""

from __future__ import annotations

from collections.abc import Iterator

from goop_realtime.model.effects import Entry

Position = tuple[int, int]
"""``(epoch, seq)``. ``seq`` continues across epochs; a pair never stands for two contents."""

ORIGIN: Position = (0, 0)
ENTRY_BYTES = 1024
"""About what an entry takes besides its message: its ids, its place, and what became of it."""


class Log:
    """Consecutive entries after ``start``, the position up to which they were trimmed."""

    __slots__ = ("_entries", "last", "size", "start")

    def __init__(self, start: Position = ORIGIN) -> None:
        self.start = start
        self.size = 0
        """Bytes of the messages held."""
        self.last = start
        """The position of the newest entry, or ``start``."""
        self._entries: dict[int, Entry] = {}

    def __len__(self) -> int:
        return len(self._entries)

    @property
    def weight(self) -> int:
        """About how many bytes of memory it takes."""
        return self.size + len(self) * ENTRY_BYTES

    def append(self, entry: Entry) -> None:
        """Take the next entry; its ``seq`` must follow the last one."""
        if entry.seq != self.last[1] + 1:
            raise ValueError(f"entry {entry.seq} does not follow {self.last[1]}")
        self._entries[entry.seq] = entry
        self.last = entry.position
        self.size += len(entry.raw)

    def restart(self, at: Position) -> None:
        """Begin anew after ``at``: what came before is nowhere to be had."""
        self._entries.clear()
        self.size = 0
        self.start = self.last = at

    def get(self, seq: int) -> Entry | None:
        """The entry of that number, if it is held."""
        return self._entries.get(seq)

    def position(self, seq: int) -> Position:
        """The position of the entry ``seq``; where it is not held, that of the start."""
        entry = self._entries.get(seq)
        return self.start if entry is None else entry.position

    def after(self, seq: int) -> Iterator[Entry]:
        """The held entries above ``seq``, in order."""
        for number in range(max(seq, self.start[1]) + 1, self.last[1] + 1):
            yield self._entries[number]

    def knows(self, position: Position) -> bool:
        """Whether ``position`` is in this log, or exactly where it starts."""
        if position in (self.start, ORIGIN):
            return True
        entry = self._entries.get(position[1])
        return entry is not None and entry.epoch == position[0]

    def trim(self, seq: int) -> None:
        """Forget the entries up to and including ``seq``."""
        upto = min(seq, self.last[1])
        at = self.position(upto)
        for number in range(self.start[1] + 1, upto + 1):
            self.size -= len(self._entries.pop(number).raw)
        self.start = at
