# SPDX-License-Identifier: MIT
"""What saying "thinking…" costs as a signal and as a message: ``python -m benchmarks.signals``.

The same small object is said often, then a last message ends it: the processor time of both
nodes for each, the bytes that their databases and write-ahead logs grew by, and how many reached
the other page; then once more with the other page away, and how many wait for it.
"""

from __future__ import annotations

import asyncio
import json
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import uvloop

from benchmarks.processes import cpu_seconds, nodes
from goop_node.testing import NodeProcess
from tests.node.page import Page

COUNT = 900
"""Within what an author may have unhandled, or a message would be refused while nobody reads."""
PER_SECOND = 300
LAST = {"last": True}


async def main() -> None:
    """The table."""
    print(f"{COUNT} each at {PER_SECOND}/s; per one of them, both nodes together")
    for kind in ("signal", "send"):
        with tempfile.TemporaryDirectory() as folder:
            async with nodes(Path(folder) / "nodes") as (alice, bob), Page.open(alice) as a:
                await _row(kind, a, alice, bob)


async def _row(kind: str, a: Page, alice: NodeProcess, bob: NodeProcess) -> None:
    pair = (alice, bob)
    async with Page.open(bob) as b:
        channel = await a.ask(b)
        cpu, size = _cpu(pair), _stored(pair)
        await _say(kind, a, channel)
        await b.frame("message", data=LAST)
        cpu, size = _cpu(pair) - cpu, _stored(pair) - size
        present = _heard(b)
    await a.frame("state", channel=channel, peerPage="none")
    await _say(kind, a, channel)
    async with Page.open(bob) as b:
        await b.frame("message", data=LAST)
        away = _heard(b)
    print(
        f"{kind:8}{cpu / COUNT * 1e6:6.0f} µs{size / COUNT:8.0f} bytes on disk   "
        f"{present} reached the page, {away} waited for a page that was away"
    )


async def _say(kind: str, page: Page, channel: str) -> None:
    text = json.dumps({"type": kind, "channel": channel, "data": {"thinking": True}})
    for _ in range(COUNT):
        await page.socket.send(text)
        await asyncio.sleep(1 / PER_SECOND)
    await page.send(channel, LAST)


def _heard(page: Page) -> int:
    said: Any = {"thinking": True}
    return sum(body.get("data") == said for body in page.frames)


def _cpu(pair: Sequence[NodeProcess]) -> float:
    return sum(cpu_seconds(node.process.pid) for node in pair)


def _stored(pair: Sequence[NodeProcess]) -> int:
    files = [path for node in pair for path in node.data.glob("realtime.sqlite3*")]
    return sum(path.stat().st_size for path in files if not path.name.endswith("-shm"))


if __name__ == "__main__":
    uvloop.run(main())
