# SPDX-License-Identifier: MIT
"""Time limits of tests: for hangs, and for what people are promised; never for speed."""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

HANG = 120.0
"""Seconds until what should have come long ago will never come."""
HANG_MS = 1000 * HANG
_LOOK = 0.1
"""Seconds between two looks at processes that may be gone at the next."""


def kept_waiting(pid: int) -> float:
    """Seconds that a process was kept from the processor till now; 0.0 where nobody says."""
    found = 0
    for task in Path(f"/proc/{pid}/task").glob("*/schedstat"):
        with contextlib.suppress(OSError, ValueError):
            found += int(task.read_text().split()[1])
    return found / 1e9


@contextmanager
def promised(seconds: float, *pids: int) -> Iterator[None]:
    """The block takes no longer than that, but for what the machine's other work takes from it.

    That is what this process and those of ``pids`` have to wait for a processor meanwhile.
    """
    before = {pid: kept_waiting(pid) for pid in (os.getpid(), *pids)}
    waits = dict.fromkeys(before, 0.0)
    over = threading.Event()

    def look() -> None:
        for pid, waited in before.items():
            waits[pid] = max(waits[pid], kept_waiting(pid) - waited)

    def keep_looking() -> None:
        while not over.wait(_LOOK):
            look()

    looker = threading.Thread(target=keep_looking)
    looker.start()
    began = time.monotonic()
    try:
        yield
        took = time.monotonic() - began
    finally:
        over.set()
        looker.join()
    look()
    own = took - sum(waits.values())
    assert own <= seconds, f"{took:.2f} s, {own:.2f} s without waiting; promised are {seconds} s"
