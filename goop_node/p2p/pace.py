# SPDX-License-Identifier: MIT
"""A rate, kept by waiting or by refusing (pure)."""

from __future__ import annotations


class Pace:
    """``burst`` at once, ``rate`` a second. Times in seconds of any steady clock."""

    def __init__(self, rate: float, burst: float) -> None:
        self._rate = rate
        self._burst = burst
        self._left = burst
        self._at: float | None = None

    def spend(self, cost: float, now: float) -> float:
        """Spend ``cost`` in any case; how many seconds to wait before anything more is begun."""
        self._refill(now)
        self._left -= cost
        return max(0.0, -self._left / self._rate)

    def affords(self, cost: float, now: float) -> bool:
        """Whether ``cost`` is there at ``now``."""
        self._refill(now)
        return self._left >= cost

    def _refill(self, now: float) -> None:
        if self._at is not None:
            self._left = min(self._burst, self._left + max(0.0, now - self._at) * self._rate)
        self._at = now
