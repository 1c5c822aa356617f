# SPDX-License-Identifier: MIT
"""How a person tells a process of the node to end: Ctrl-C, or SIGTERM."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
from collections.abc import Callable, Iterator


@contextlib.contextmanager
def until_told(stop: Callable[[], None]) -> Iterator[None]:
    """Within it, SIGINT and SIGTERM call ``stop`` on the running loop, each time."""
    loop = asyncio.get_running_loop()
    numbers = (signal.SIGINT, signal.SIGTERM)
    if sys.platform == "win32":
        before = {
            number: signal.signal(number, lambda *_: loop.call_soon_threadsafe(stop))
            for number in numbers
        }
        yield
        for number, handler in before.items():
            signal.signal(number, handler)
        return
    for number in numbers:
        loop.add_signal_handler(number, stop)
    try:
        yield
    finally:
        for number in numbers:
            loop.remove_signal_handler(number)
