# SPDX-License-Identifier: MIT
"""What a node takes to start and to be there, and how soon a request is seen."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

from benchmarks.processes import cpu_seconds, nodes, relays, resident_mib, wakes
from goop_node.testing import NodeProcess
from tests.node.page import Page

REQUESTS = 20
IDLE_SECONDS = 20.0
SETTLE_SECONDS = 5.0
IDLE = "idle: processor time, % of a core"


async def measure(folder: Path, *, starts: int) -> dict[str, list[float]]:
    """Values by what they are; the unit is part of it."""
    values: dict[str, list[float]] = {}
    async with nodes(folder) as (alice, bob):
        async with Page.open(alice) as asker, Page.open(bob) as asked:
            values["connect() to incoming at the other page, ms"] = [
                await _request(asker, asked) for _ in range(REQUESTS)
            ]
        await asyncio.sleep(SETTLE_SECONDS)
        values |= await _idle([alice.process.pid, bob.process.pid])
        bob.stop()
        alice.stop()
        values["start to ready, s"] = [_start(alice) for _ in range(starts)]
    async with relays() as [(_, first), (_, second)]:
        await asyncio.sleep(SETTLE_SECONDS)
        found = await _idle([first, second])
        values["idle: wakes a second of the bare relay"] = found["idle: wakes a second"]
    return values


async def _request(asker: Page, asked: Page) -> float:
    start = time.perf_counter()
    row = await asker.post("request", 201, peerId=asked.node.peer_id, context="arcade_1", new=True)
    await asked.frame("incoming", channel=row["channelId"])
    took = (time.perf_counter() - start) * 1000
    await asked.post("decline", channelId=row["channelId"])
    await asker.frame("state", channel=row["channelId"], state="disconnected")
    return took


async def _idle(pids: list[int]) -> dict[str, list[float]]:
    """What each of them uses while nothing happens."""
    before = [(cpu_seconds(pid), wakes(pid)) for pid in pids]
    start = time.perf_counter()
    await asyncio.sleep(IDLE_SECONDS)
    took = time.perf_counter() - start
    after = [(cpu_seconds(pid), wakes(pid)) for pid in pids]
    used = [(b[0] - a[0], b[1] - a[1]) for a, b in zip(before, after, strict=True)]
    return {
        "idle: resident memory, MiB": [resident_mib(pid) for pid in pids],
        IDLE: [cpu / took * 100 for cpu, _ in used],
        "idle: wakes a second": [woken / took for _, woken in used],
    }


def _start(node: NodeProcess) -> float:
    begin = time.perf_counter()
    node.start()
    took = time.perf_counter() - begin
    node.stop()
    return took
