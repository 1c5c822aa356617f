# SPDX-License-Identifier: MIT
"""A queue that lets go of its items at a bounded pace.

Goop² peers read through buffers of ten slots and drop what does not fit: a thousand lines at
once reach a page there a hundred times. One line a millisecond arrives in full; half of that
leaves room for a reader that is not always on time.
"""

from __future__ import annotations

from collections import deque
from typing import Generic, TypeVar

Item = TypeVar("Item")

INTERVAL_MS = 2.0
"""Milliseconds between two lines to a 1.0.0 peer."""


class Pacing(Generic[Item]):
    """At most ``burst`` items at once and one per ``interval`` ms after that, in order.

    ``bound`` items fit. Items that are not ``paced`` only keep their place in the order. Times
    are milliseconds of any clock that does not run backwards.
    """

    def __init__(self, *, bound: int, interval: float = INTERVAL_MS, burst: int = 1) -> None:
        self._items: deque[tuple[Item, bool]] = deque()
        self._bound = bound
        self._interval = interval
        self._burst = float(burst)
        self._tokens = float(burst)
        self._at: float | None = None

    def __len__(self) -> int:
        return len(self._items)

    @property
    def full(self) -> bool:
        """Whether nothing more fits."""
        return len(self._items) >= self._bound

    def put(self, item: Item, *, paced: bool = True) -> bool:
        """Queue ``item``; false, and nothing done, when the queue is full."""
        if self.full:
            return False
        self._items.append((item, paced))
        return True

    def take(self, now: float) -> Item | None:
        """Take out the next item, if it may go at ``now``."""
        if not self._items:
            return None
        self._refill(now)
        item, paced = self._items[0]
        if paced:
            if self._tokens < 1:
                return None
            self._tokens -= 1
        self._items.popleft()
        return item

    def flush(self) -> list[Item]:
        """Take out everything at once."""
        out = [item for item, _ in self._items]
        self._items.clear()
        return out

    def wait(self, now: float) -> float | None:
        """Milliseconds until ``take`` gives something; ``None`` for an empty queue."""
        if not self._items:
            return None
        self._refill(now)
        if not self._items[0][1] or self._tokens >= 1:
            return 0.0
        return (1 - self._tokens) * self._interval

    def _refill(self, now: float) -> None:
        if self._at is not None and now > self._at:
            self._tokens = min(self._burst, self._tokens + (now - self._at) / self._interval)
        self._at = now
