# SPDX-License-Identifier: MIT
"""A game of chess by polling every 2 seconds, as pages without channels do, and by a channel.

Both ways the nodes carry the moves alike; what differs is how a page says and learns of them.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from benchmarks.processes import cpu_seconds, nodes
from goop_node.testing import NodeProcess
from tests.limits import HANG
from tests.node.page import Page

POLL_SECONDS = 2.0
THINK_SECONDS = 0.5, 2.5
MOVES = "e2e4 e7e5 g1f3 d7d6 d2d4 c8g4 d4e5 g4f3 d1f3 d6e5 f1c4 g8f6".split()
"""The beginning of the Opera game: Morphy, Paris 1858."""

Values = dict[str, list[float]]


class _Polling:
    """A page that asks its node for the state of the game every 2 seconds."""

    def __init__(self, page: Page, game: str) -> None:
        self.requests = 0
        self._page = page
        self._game = game
        self._moves = 0
        self._news = asyncio.Condition()

    async def run(self) -> None:
        """Poll until cancelled, from any moment on."""
        await asyncio.sleep(random.uniform(0, POLL_SECONDS))
        while True:
            answer = await self._page.http.get(f"/api/chess/games/{self._game}")
            self.requests += 1
            async with self._news:
                self._moves = answer.json()["moves"]
                self._news.notify_all()
            await asyncio.sleep(POLL_SECONDS)

    async def sees(self, moves: int) -> None:
        """Wait until the page knows of so many moves."""
        async with asyncio.timeout(HANG), self._news:
            while self._moves < moves:
                await self._news.wait()


async def measure(folder: Path) -> Values:
    """Latency of each move, requests, and the nodes' processor time, of both games."""
    async with (
        nodes(folder) as (alice, bob),
        Page.open(alice) as white,
        Page.open(bob) as black,
    ):
        return {
            **await _polled(alice, bob, white, black),
            **await _told(alice, bob, white, black),
        }


async def _polled(alice: NodeProcess, bob: NodeProcess, *pages: Page) -> Values:
    channel = await pages[0].ask(pages[1], context="chess_polled")
    polls = [_Polling(page, "chess_polled") for page in pages]
    tasks = [asyncio.create_task(poll.run()) for poll in polls]

    async def move(n: int, data: dict[str, Any]) -> None:
        polls[n % 2].requests += 1
        await pages[n % 2].post("send", channelId=channel, data=data)
        await polls[1 - n % 2].sees(n + 1)

    try:
        values = await _play("polling", move, alice, bob)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    return values | {"polling: requests a move": [sum(p.requests for p in polls) / len(MOVES)]}


async def _told(alice: NodeProcess, bob: NodeProcess, *pages: Page) -> Values:
    channel = await pages[0].ask(pages[1], context="chess_told")

    async def move(n: int, data: dict[str, Any]) -> None:
        await pages[n % 2].send(channel, data)
        await pages[1 - n % 2].frame("message", channel=channel, data=data)

    values = await _play("channel", move, alice, bob)
    return values | {"channel: requests a move": [0.0]}


async def _play(
    how: str,
    move: Callable[[int, dict[str, Any]], Awaitable[None]],
    alice: NodeProcess,
    bob: NodeProcess,
) -> Values:
    """The game with the same pauses to think either way."""
    pauses = random.Random(1858)
    pids = (alice.process.pid, bob.process.pid)
    taken = []
    used, start = sum(map(cpu_seconds, pids)), time.perf_counter()
    for n, uci in enumerate(MOVES):
        await asyncio.sleep(pauses.uniform(*THINK_SECONDS))
        begin = time.perf_counter()
        await move(n, {"type": "move", "from": uci[:2], "to": uci[2:]})
        taken.append((time.perf_counter() - begin) * 1000)
    used, took = sum(map(cpu_seconds, pids)) - used, time.perf_counter() - start
    return {
        f"{how}: move to the other page, ms": taken,
        f"{how}: game of {len(MOVES)} moves, s": [took],
        f"{how}: both nodes, % of a core": [used / took * 100],
    }
