# SPDX-License-Identifier: MIT
"""What is measured, as processes of their own: two bare relays, two nodes; and what they use."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

from goop_node.testing import NodeProcess
from goop_node.testing.ports import free_port
from tests.node.page import wait_until_discovered
from tests.rooms.crowd import PLUGINS

ROOT = Path(__file__).resolve().parent.parent
RATE_LIMIT = 1_000_000
CONFIG = """
[node]
templates = [{blank!r}]

[plugins.realtime]
rate = {rate}
burst = {rate}
{settings}

[plugins.field]
[plugins.chess]

[templates.blank]
allow = ["context:field", "context:chess"]
"""


@contextmanager
def module(name: str, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """A module of this project as a process; killed at the end."""
    process = subprocess.Popen(
        [sys.executable, "-m", name, *arguments], stdout=subprocess.PIPE, text=True, cwd=ROOT
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


@asynccontextmanager
async def relays() -> AsyncIterator[list[tuple[int, int]]]:
    """Two bare relays, the second dialling the first: their ports and process ids."""
    ports = [free_port(), free_port()]
    with module("benchmarks.bare_relay", str(ports[0])) as first:
        assert first.stdout is not None
        address = first.stdout.readline().strip()
        with module("benchmarks.bare_relay", str(ports[1]), address) as second:
            await _listening(ports)
            yield [(ports[0], first.pid), (ports[1], second.pid)]


@asynccontextmanager
async def nodes(folder: Path, settings: str = "") -> AsyncIterator[tuple[NodeProcess, NodeProcess]]:
    """Two nodes that see each other, their data below ``folder``, rates as good as unlimited.

    ``settings`` are more lines for ``[plugins.realtime]``.
    """
    folder.mkdir(parents=True)
    config = folder / "goop.toml"
    blank = str(ROOT / "tests" / "browser" / "templates" / "blank")
    config.write_text(CONFIG.format(blank=blank, rate=RATE_LIMIT, settings=settings))
    alice = _start(folder / "alice", config)
    try:
        bob = _start(folder / "bob", config, "--peer", alice.addrs[0])
        try:
            await wait_until_discovered(alice, bob)
            yield alice, bob
        finally:
            bob.stop()
    finally:
        alice.stop()


def _start(data: Path, config: Path, *arguments: str) -> NodeProcess:
    """A node whose Python has the tests' plugins, too: a context that has no rules is measured."""
    listen = ("--http", "127.0.0.1:0", "--listen", "/ip4/127.0.0.1/tcp/0")
    more = ("--label", data.name, "--config", str(config), *arguments)
    return NodeProcess(data, (*listen, *more), under=("env", f"PYTHONPATH={PLUGINS}"))


def cpu_seconds(pid: int) -> float:
    """The processor time that a process has used so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident_mib(pid: int) -> float:
    """Its resident memory in MiB."""
    return _status(Path(f"/proc/{pid}/status"), "VmRSS") / 1024


def wakes(pid: int) -> int:
    """How often its threads have gone to sleep so far, and so were woken."""
    tasks = Path(f"/proc/{pid}/task").iterdir()
    return sum(_status(task / "status", "voluntary_ctxt_switches") for task in tasks)


def _status(path: Path, name: str) -> int:
    lines = path.read_text().splitlines()
    return int(next(line for line in lines if line.startswith(name)).split()[1])


async def _listening(ports: list[int]) -> None:
    async with asyncio.timeout(30):
        for port in ports:
            while True:
                try:
                    _, writer = await asyncio.open_connection("127.0.0.1", port)
                    writer.close()
                    break
                except OSError:
                    await asyncio.sleep(0.05)
