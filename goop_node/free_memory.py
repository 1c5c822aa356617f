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
LARGE = 128 * 1024
"""Bytes from which a block is taken from the system by itself, and goes back when it is free. glibc
begins with that, too, but each larger block that is freed raises it: then they lie in the heap."""
_MMAP_THRESHOLD = -3
"""What ``mallopt`` calls that, in glibc's ``malloc.h``."""


async def give_back() -> None:
    """Give back what is free, again and again. Ends at once where the C library has no way to."""
    trim, option = _of_glibc("malloc_trim"), _of_glibc("mallopt")
    if trim is None or option is None:
        return
    option(_MMAP_THRESHOLD, LARGE)
    while True:
        await asyncio.sleep(BEAT_SECONDS)
        linecache.clearcache()  # whole sources, which tracebacks in the log have quoted
        trim(0)  # takes a millisecond


def _of_glibc(name: str) -> Callable[..., int] | None:
    """A function of glibc's; ``None`` with another C library."""
    with contextlib.suppress(OSError, AttributeError, TypeError):
        library = ctypes.CDLL(None)
        if hasattr(library, "gnu_get_libc_version"):
            found: Callable[..., int] = getattr(library, name)
            return found
    return None
