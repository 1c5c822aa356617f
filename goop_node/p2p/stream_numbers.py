# SPDX-License-Identifier: MIT
"""The numbers of streams that a peer opens on one connection (pure).

Yamux: who began the connection takes odd numbers, the other one even ones, and none twice. Whoever
still reads a stream would read another one's bytes if its number came back.
"""

from __future__ import annotations

SKIPPED = 256
"""Of the numbers that were passed over, how many may still come: whoever opens several streams at
once may name them in another order."""


class StreamNumbers:
    """Those that one peer has used. ``odd``: it began the connection."""

    def __init__(self, *, odd: bool) -> None:
        self._newest = -1 if odd else 0
        self._skipped: dict[int, None] = {}

    def take(self, number: int) -> str:
        """Use a number for a new stream; why that may not be, or ``""``."""
        if number < 1 or (number - self._newest) % 2:
            return f"stream {number} is not the peer's to open"
        if number > self._newest:
            first = max(self._newest + 2, number - 2 * SKIPPED)
            self._skipped.update(dict.fromkeys(range(first, number, 2)))
            while len(self._skipped) > SKIPPED:
                del self._skipped[next(iter(self._skipped))]
            self._newest = number
            return ""
        if number not in self._skipped:
            return f"stream {number} was open before"
        del self._skipped[number]
        return ""
