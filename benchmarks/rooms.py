# SPDX-License-Identifier: MIT
"""Rooms: what a message costs to each who gets it, what a member costs, what a slow one does to
the others, and how old positions of four players are, beside the same through a game server."""

from __future__ import annotations

import asyncio
import json
import random
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from benchmarks import colyseus_server
from benchmarks.ages import Ages
from benchmarks.load import middle_and_p99
from benchmarks.processes import ROOT, cpu_seconds, resident_mib
from benchmarks.room_pages import Page, latencies, room

IN_MEMORY = (4, 16, 64)
IN_PROCESSES = (4, 16)
SPEAKERS = 4
SAY_SECONDS = 0.05
MOVE_SECONDS = 0.05
FRAME_SECONDS = 1 / 60
WARM_UP_SECONDS = 1.0
STOPPED_SECONDS, RUNNING_SECONDS = 0.4, 0.1
"""A slow member's node stands still and runs by turns."""
Values = dict[str, list[float]]

TIME_FLAT = "in memory: processor time a delivery, 64 members × 4"
BYTES_FLAT = "in memory: bytes a delivery, 64 members × 4"
SLOW = "4 members: the others' p99 with a slow one, × without"
AGE = "4 players: age of a position when drawn, × Colyseus"
AGE_CAME = "4 players: age of a position when it comes, × Colyseus"
BOUNDS = {TIME_FLAT: 1.25, BYTES_FLAT: 1.25, SLOW: 1.2, AGE: 1.5}
"""At most."""


def in_memory(messages: int) -> Values:
    """One run with each number of members, and what 64 are as often as 4."""
    found: Values = {}
    runs = {members: _run_in_memory(members, messages) for members in IN_MEMORY}
    for members, run in runs.items():
        found[f"in memory, {members} members: processor time a delivery, µs"] = [run["cpu_us"]]
        found[f"in memory, {members} members: bytes a delivery"] = [run["bytes"]]
        found[f"in memory, {members} members: memory a member, MiB"] = [run["mib"]]
    few, many = runs[IN_MEMORY[0]], runs[IN_MEMORY[-1]]
    found[TIME_FLAT] = [many["cpu_us"] / few["cpu_us"]]
    found[BYTES_FLAT] = [many["bytes"] / few["bytes"]]
    return found


def _run_in_memory(members: int, messages: int) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.room_in_memory", str(members), str(messages)]
    done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


async def in_processes(folder: Path, members: int, seconds: float) -> Values:
    """Some of so many members speak."""
    async with room(folder, members) as pages:
        used = _cpu(pages)
        await _all(pages[:SPEAKERS], Page.say, SAY_SECONDS, seconds)
        taken = latencies(pages, pages)
        cost = (_cpu(pages) - used) / len(taken) * 1e6
        median, p99 = middle_and_p99(taken)
        what = f"{members} members in processes"
        return {
            f"{what}: median, ms": [median],
            f"{what}: p99, ms": [p99],
            f"{what}: processor time a delivery, µs": [cost],
            f"{what}: the host's resident memory, MiB": [resident_mib(pages[0].node.process.pid)],
        }


async def beside_a_slow_one(folder: Path, turns: int, seconds: float) -> Values:
    """The other members' p99, by turns without and with one that mostly stands still."""
    async with room(folder, 4) as pages:
        others, slow = pages[:3], pages[3]
        await _all(others, Page.say, SAY_SECONDS, WARM_UP_SECONDS)
        p99: dict[bool, list[float]] = {False: [], True: []}
        for turn in range(2 * turns):
            with_it = bool(turn % 2)
            for page in pages:
                page.taken_ms.clear()
            stopping = asyncio.create_task(_keep_stopping(slow)) if with_it else None
            await _all(others, Page.say, SAY_SECONDS, seconds)
            if stopping is not None:
                stopping.cancel()
                await asyncio.gather(stopping, return_exceptions=True)
            p99[with_it].append(middle_and_p99(latencies(pages, others))[1])
        ratios = [slow / fine for fine, slow in zip(p99[False], p99[True], strict=True)]
        return {
            "4 members: the others' p99, ms": p99[False],
            "4 members: the others' p99 beside a slow one, ms": p99[True],
            SLOW: ratios,
        }


async def _keep_stopping(page: Page) -> None:
    try:
        while True:
            page.node.freeze()
            await asyncio.sleep(STOPPED_SECONDS)
            page.node.thaw()
            await asyncio.sleep(RUNNING_SECONDS)
    finally:
        page.node.thaw()


async def positions(folder: Path, turns: int, seconds: float) -> Values:
    """How old positions of four players are, ours and through a server, by turns."""
    ours: list[Ages] = []
    theirs: list[Ages] = []
    async with room(folder, 4) as pages:
        for _ in range(turns):
            ours.append(await _move(pages, seconds))
            theirs.append(await colyseus_server.positions(len(pages), seconds))
    both = list(zip(ours, theirs, strict=True))
    return {
        "4 players: age when it comes, ms": [one.came_median for one in ours],
        "4 players: age when drawn, ms": [one.drawn_median for one in ours],
        "Colyseus: age when it comes, ms": [one.came_median for one in theirs],
        "Colyseus: age when drawn, ms": [one.drawn_median for one in theirs],
        AGE_CAME: [mine.came_median / other.came_median for mine, other in both],
        AGE: [mine.drawn_median / other.drawn_median for mine, other in both],
    }


async def _move(pages: Sequence[Page], seconds: float) -> Ages:
    ages = Ages()
    moving = asyncio.create_task(_all(pages, Page.move, MOVE_SECONDS, WARM_UP_SECONDS + seconds))
    await asyncio.sleep(WARM_UP_SECONDS)
    for page in pages:
        page.came.clear()
    while not moving.done():
        await asyncio.sleep(FRAME_SECONDS)
        now = time.monotonic()
        ages.drawn += [(now - at) * 1000 for page in pages for at in page.newest.values()]
    for page in pages:
        ages.came += page.came
    return ages


async def _all(
    pages: Sequence[Page], do: Callable[[Page], Awaitable[None]], every: float, seconds: float
) -> None:
    """All of them do that every so many seconds, each from a moment of its own on."""

    async def again_and_again(page: Page) -> None:
        begin = time.monotonic() + random.random() * every
        for turn in range(round(seconds / every)):
            await asyncio.sleep(max(0.0, begin + turn * every - time.monotonic()))
            await do(page)

    await asyncio.gather(*(again_and_again(page) for page in pages))
    await asyncio.sleep(0.3)  # what was said last arrives, too


def _cpu(pages: Sequence[Page]) -> float:
    return sum(cpu_seconds(page.node.process.pid) for page in pages)
