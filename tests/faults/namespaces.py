# SPDX-License-Identifier: MIT
"""Machines for a test: network namespaces of which each has only its own loopback.

Nothing leads from one to another but sockets that this process holds in both: what a test puts
between two nodes is the only way, and no packet reaches a real interface.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import pytest

from tests.faults.circumstances import enter

T = TypeVar("T")


def ip(*arguments: str) -> str:
    """Run ``ip``; what it prints."""
    return subprocess.run(["ip", *arguments], check=True, capture_output=True, text=True).stdout


@contextmanager
def machine(name: str) -> Iterator[str]:
    """A namespace of that name with a loopback; skips where there can be none.

    What still runs there at the end is killed.
    """
    if os.name != "posix" or os.geteuid() != 0 or shutil.which("ip") is None:
        pytest.skip("network namespaces need root and iproute2: apt-get install iproute2")
    try:
        ip("netns", "add", name)
    except subprocess.CalledProcessError as error:
        pytest.skip(
            "no network namespaces here, as in a container without --privileged: "
            f"{error.stderr.strip()}"
        )
    try:
        ip("-n", name, "link", "set", "lo", "up")
        yield name
    finally:
        for left in ip("netns", "pids", name).split():
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(left), signal.SIGKILL)
        ip("netns", "del", name)


def inside(name: str, work: Callable[[], T]) -> T:
    """What ``work`` returns when it runs in that namespace; sockets made there stay there."""

    def there() -> T:
        enter(name)
        return work()

    # A thread of its own: it ends with the namespace that it has entered.
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(there).result()


def launcher(name: str, program: str, path: Path) -> Path:
    """Make ``path`` a command that runs ``program`` in that namespace."""
    path.write_text(f'#!/bin/sh\nexec ip netns exec {name} {program} "$@"\n', encoding="utf-8")
    path.chmod(0o755)
    return path


def connect(name: str, port: int) -> socket.socket:
    """A connection to ``127.0.0.1:port`` of that namespace, for asyncio. Raises ``OSError``."""

    def dial() -> socket.socket:
        made = socket.create_connection(("127.0.0.1", port), timeout=5)
        made.setblocking(False)
        return made

    return inside(name, dial)


def listen(name: str, port: int) -> socket.socket:
    """A listening socket on ``127.0.0.1:port`` of that namespace, for asyncio."""
    return inside(name, lambda: socket.create_server(("127.0.0.1", port)))
