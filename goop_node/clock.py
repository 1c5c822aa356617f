# SPDX-License-Identifier: MIT
"""The clock of everything that waits: Unix time that no correction of the system's clock bends.

The system's own clock may be set back or forward at any moment (a laptop that meets its time
server). A deadline measured by it would pass at once, or not for hours; a silent peer would
look alive.
"""

from __future__ import annotations

import time

__all__ = ["now_ms"]

# Counts while the machine sleeps, where there is such a clock; the other one is POSIX.
_STEADY = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
_STARTED = time.time_ns() - time.clock_gettime_ns(_STEADY)


def now_ms() -> int:
    """Unix time in milliseconds as it was at the start, and what has gone by since."""
    return (_STARTED + time.clock_gettime_ns(_STEADY)) // 1_000_000


def booted_ms() -> int:
    """When the machine started (Unix ms), as its clocks have it now."""
    return (time.time_ns() - time.clock_gettime_ns(_STEADY)) // 1_000_000


def correction_ms() -> int:
    """By how much the system's clock has been set since the start (ms): for times people read."""
    return time.time_ns() // 1_000_000 - now_ms()
