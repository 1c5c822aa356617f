# SPDX-License-Identifier: MIT
"""Under which circumstances a forked node lives: called in its process before it is ``goop``.

Nothing heavy is imported here: every such process pays for it.
"""

from __future__ import annotations

import ctypes
import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path

CLONE_NEWNET = 0x40000000
_libc = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True)
class Circumstances:
    """``machine`` is its network namespace, ``clock_ms`` how far its clock is ahead, ``plugins`` a
    folder of further plugins."""

    machine: str = ""
    clock_ms: int = 0
    plugins: str = ""

    def __call__(self) -> None:
        """Bring them about in this process."""
        if self.machine:
            enter(self.machine)
        if self.clock_ms:
            _set_clock(self.clock_ms * 1_000_000)
        if self.plugins:
            sys.path.insert(0, self.plugins)


def enter(machine: str) -> None:
    """Have this thread, and what it starts, live in that network namespace."""
    descriptor = os.open(Path("/run/netns") / machine, os.O_RDONLY)
    try:
        if _libc.setns(descriptor, CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), f"cannot enter {machine}")
    finally:
        os.close(descriptor)


def _set_clock(ahead_ns: int) -> None:
    """As if the system's clock had been wrong since before the process began."""
    from goop_node import clock

    seconds, nanoseconds = time.time, time.time_ns
    time.time = lambda: seconds() + ahead_ns / 1e9
    time.time_ns = lambda: nanoseconds() + ahead_ns
    clock._STARTED += ahead_ns
