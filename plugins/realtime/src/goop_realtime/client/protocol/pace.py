# SPDX-License-Identifier: MIT
"""How fast a channel's messages leave: a little below what its node takes of one person."""

from __future__ import annotations

USUAL_RATE = 240.0
USUAL_BURST = 480
"""What a node takes unless it says otherwise."""
RATE_MARGIN = 0.95
BURST_MARGIN = 0.75
"""What we stay below the node's bucket by: messages bunch on their way."""
FIRST_PAUSE = 0.1
LAST_PAUSE = 2.0
"""Seconds to wait after the node found us too fast, for instance beside a browser's page."""


class Pace:
    """A token bucket like the node's. Times are in seconds of a clock that never goes back."""

    def __init__(self) -> None:
        self._rate = self._burst = 0.0
        self.limit(USUAL_RATE, USUAL_BURST)
        self._tokens = self._burst
        self._at = 0.0
        self.until = 0.0
        """Nothing leaves before."""
        self._pause = FIRST_PAUSE

    def limit(self, rate: float, burst: float) -> None:
        """The node takes ``burst`` at once and ``rate`` a second."""
        self._rate = rate * RATE_MARGIN
        self._burst = max(1.0, burst * BURST_MARGIN)

    def wait(self, now: float) -> float:
        """Seconds until there is a token."""
        self._refill(now)
        return max(self.until - now, (1 - self._tokens) / self._rate, 0.0)

    def take(self, now: float) -> bool:
        """Take a token, if there is one."""
        if self.wait(now) > 0:
            return False
        self._tokens -= 1
        return True

    def too_fast(self, now: float) -> None:
        """The node found it too fast all the same: others send on this channel, too."""
        if now < self.until:
            return  # said of what had left before
        self._tokens = min(self._tokens, 1.0)
        self.until = now + self._pause
        self._pause = min(2 * self._pause, LAST_PAUSE)

    def taken(self) -> None:
        """The node has taken something."""
        self._pause = FIRST_PAUSE

    def _refill(self, now: float) -> None:
        self._tokens = min(self._burst, self._tokens + (now - self._at) * self._rate)
        self._at = now
