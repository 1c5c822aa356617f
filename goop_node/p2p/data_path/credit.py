# SPDX-License-Identifier: MIT
"""What a peer may send on a stream, and when it is granted more (pure)."""

from __future__ import annotations

INITIAL = 256 * 1024
"""Bytes that each side of a yamux stream may send before it is granted anything."""
QUICK = 4
"""Round trips within which a whole window was used up: then the next one is twice as wide."""


class ReceiveWindow:
    """Of one stream. As in go-yamux, credit is given when half of the window is used up, all of it
    at once, and the window grows as long as the peer waits for credit more than it sends."""

    __slots__ = ("_granted_at", "_widest", "left", "width")

    def __init__(self, widest: int, now: float) -> None:
        self.left = INITIAL
        """Bytes that the peer may still send."""
        self.width = INITIAL
        self._widest = widest
        self._granted_at = now

    def owes(self, unread: int) -> bool:
        """Whether it is time for credit. ``unread`` bytes have come and wait to be read."""
        return 2 * (self.width - self.left - unread) >= self.width

    def grant(self, unread: int, now: float, round_trip: float) -> int:
        """The credit to give now, in bytes, or 0. ``round_trip`` in seconds, 0 when unknown."""
        if not self.owes(unread):
            return 0
        if now - self._granted_at < QUICK * round_trip:
            self.width = min(2 * self.width, self._widest)
        self._granted_at = now
        credit = self.width - self.left - unread
        self.left += credit
        return credit
