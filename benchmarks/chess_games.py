# SPDX-License-Identifier: GPL-3.0-or-later
"""Many games of chess at once through two nodes, each move judged by both.

Each page answers a move as soon as it sees it, so that every game always has one move on its
way. The games are random legal ones, made before the clock starts.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import time
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from msgspec.json import decode, encode

from benchmarks.processes import nodes
from benchmarks.rows import connect
from goop_node.testing import NodeProcess
from tests.node.chess_player import move_message, random_game
from tests.node.page import Page

GAMES = 32
PLIES = 150
MOVES = f"chess, moves/s over {GAMES} games at once"
BOUNDS = {MOVES: 2000.0}
"""At least."""
SECONDS = 60.0


async def measure(folder: Path, *, runs: int) -> dict[str, list[float]]:
    """Moves a second that came to the other page, of each run."""
    async with nodes(folder) as (alice, bob):
        return {MOVES: [await _run(alice, bob, run) for run in range(runs)]}


async def keep_playing(alice: NodeProcess, bob: NodeProcess, pause: float) -> None:
    """One game after another, with so many seconds before each move, until cancelled."""
    for run in itertools.count():
        await _run(alice, bob, run, count=1, pause=pause)


async def _run(
    alice: NodeProcess, bob: NodeProcess, run: int, *, count: int = GAMES, pause: float = 0.0
) -> float:
    games: dict[str, list[bytes]] = {}
    async with Page.open(alice) as a, Page.open(bob) as b:
        for number in range(count):
            channel = await a.ask(b, context=f"chess_{run}x{number}", params={"colour": "white"})
            moves = random_game(run * GAMES + number, PLIES)
            games[channel] = [encode(move_message(move)) for move in moves]
    async with _page(alice, games) as white, _page(bob, games) as black:
        start = time.perf_counter()
        async with asyncio.timeout(SECONDS), asyncio.TaskGroup() as group:
            for side, page in enumerate((white, black)):
                group.create_task(_play(page, side, games, pause))
        took = time.perf_counter() - start
        for channel in games:
            await white.send(f'{{"type":"close","channel":"{channel}"}}')
    return sum(map(len, games.values())) / took


@asynccontextmanager
async def _page(node: NodeProcess, channels: Iterable[str]) -> AsyncIterator[Any]:
    """A socket that follows these."""
    async with connect(node.ws_url, additional_headers=node.headers) as socket:
        await socket.send(json.dumps({"type": "subscribe", "channels": list(channels)}))
        await socket.recv()
        yield socket


async def _play(page: Any, side: int, games: dict[str, list[bytes]], pause: float) -> None:
    """Play this side of all games, until every move of the other side has come."""
    expected = sum(len(moves[1 - side :: 2]) for moves in games.values())
    ply = dict.fromkeys(games, 1 - side)
    if side == 0:
        for channel, moves in games.items():
            await page.send(_frame(channel, moves[0]))
    while expected:
        frame = decode(await page.recv())
        if frame["type"] in ("refused", "error", "gap"):
            raise AssertionError(str(frame))
        if frame["type"] != "message":
            continue
        channel = frame["channel"]
        moves, at = games[channel], ply[channel]
        if frame["data"] != decode(moves[at]):
            raise AssertionError(f"expected {moves[at]!r}, got {frame['data']}")
        expected -= 1
        ply[channel] += 2
        if at + 1 < len(moves):
            await asyncio.sleep(pause)
            await page.send(_frame(channel, moves[at + 1]))


def _frame(channel: str, move: bytes) -> str:
    return f'{{"type":"send","channel":"{channel}","data":{move.decode()}}}'
