# SPDX-License-Identifier: MIT
"""What a node takes to start and to be there, and how soon a request is seen."""

from __future__ import annotations

import asyncio
import sys
import time
from pathlib import Path

from benchmarks.processes import cpu_seconds, nodes, relays, resident_mib, wakes
from goop_node.testing import NodeProcess
from tests.node.page import Page, wait_until_discovered

REQUESTS = 20
IDLE_SECONDS = 20.0
SETTLE_SECONDS = 5.0
TIMER_LOG = Path(__file__).with_name("timer_log.py")
TIMER = "idle: the busiest timer of ours, times a second"
IDLE = "idle: processor time, % of a core"
BOUNDS = {IDLE: 1.0, TIMER: 1.0}
"""At most."""


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
        values[TIMER] = [await _busiest_timer(folder, bob)]
    async with relays() as [(_, first), (_, second)]:
        await asyncio.sleep(SETTLE_SECONDS)
        found = await _idle([first, second])
        values["idle: wakes a second of the bare relay"] = found["idle: wakes a second"]
    return values


async def _busiest_timer(folder: Path, peer: NodeProcess) -> float:
    """How often a second a node that knows a peer sets the same timer of ours, at most."""
    log = folder / "timers"
    peer.start()
    # -P: the modules beside it are none of the node's.
    under = (sys.executable, "-P", str(TIMER_LOG), str(log))
    listen = ("--http", "127.0.0.1:0", "--listen", "/ip4/127.0.0.1/tcp/0")
    node = NodeProcess(folder / "watched", (*listen, "--peer", peer.addrs[0]), under=under)
    try:
        await wait_until_discovered(peer, node)
        await asyncio.sleep(SETTLE_SECONDS)
        start = time.time()
        await asyncio.sleep(IDLE_SECONDS)
        lines = [line.split() for line in log.read_text(encoding="utf-8").splitlines()]
    finally:
        node.stop()
        peer.stop()
    places: dict[str, list[float]] = {}
    for at, _, where in lines:
        if float(at) >= start and where.startswith("goop_"):
            places.setdefault(where, []).append(float(at))
    often = [times for times in places.values() if len(times) > 2]
    return max((len(times) - 1) / (times[-1] - times[0]) for times in often)


async def _request(asker: Page, asked: Page) -> float:
    start = time.perf_counter()
    row = await asker.post("request", 201, peerId=asked.node.peer_id, context="field_1", new=True)
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
