# SPDX-License-Identifier: MIT
"""A TURN server on a machine of its own: coturn, as Debian has it."""

from __future__ import annotations

import asyncio
import shutil
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.faults.namespaces import inside
from tests.limits import HANG

PORT = 3478
COTURN = shutil.which("turnserver")


@asynccontextmanager
async def turn_server(machine: str, address: str, secret: str, folder: Path) -> AsyncIterator[None]:
    """A relay at ``turn:ADDRESS:3478?transport=tcp``, for whoever has credentials made of
    ``secret``; skips where there can be none."""
    if COTURN is None:
        pytest.skip("no coturn here; install it with: apt-get install coturn")
    command = [
        *("ip", "netns", "exec", machine, COTURN, "-n", "--realm", "goop", "--no-cli"),
        *("--listening-ip", address, "--relay-ip", address, "--listening-port", str(PORT)),
        *("--no-udp", "--no-tls", "--no-dtls", "--use-auth-secret"),
        *("--static-auth-secret", secret, "--userdb", str(folder / "turn.db")),
        *("--pidfile", str(folder / "turn.pid"), "--log-file", str(folder / "turn.log")),
    ]
    server = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL
    )
    try:
        async with asyncio.timeout(HANG):
            while not inside(machine, lambda: _listens(address)):
                assert server.returncode is None, "coturn did not start"
                await asyncio.sleep(0.05)
        yield
    finally:
        server.kill()
        await server.wait()


def _listens(address: str) -> bool:
    try:
        socket.create_connection((address, PORT)).close()
    except ConnectionRefusedError:
        return False
    return True
