# SPDX-License-Identifier: MIT
"""Memory that a busy minute took goes back to the system when it is free again.

The C library keeps what Python frees for a next time; in a heap with holes, which streams and
pages that come and go leave behind, that is a tenth of what a node takes.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import linecache
from collections.abc import Callable

BEAT_SECONDS = 30.0


async def give_back() -> None:
    """Give back what is free, again and again. Ends at once where the C library has no way to."""
    trim = _malloc_trim()
    while trim is not None:
        await asyncio.sleep(BEAT_SECONDS)
        linecache.clearcache()  # whole sources, which tracebacks in the log have quoted
        trim(0)  # takes a millisecond


def _malloc_trim() -> Callable[[int], int] | None:
    """glibc's ``malloc_trim``; ``None`` with another C library."""
    with contextlib.suppress(OSError, AttributeError, TypeError):
        found: Callable[[int], int] = ctypes.CDLL(None).malloc_trim
        return found
    return None
