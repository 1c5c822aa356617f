# SPDX-License-Identifier: GPL-3.0-or-later
"""Many games of chess at once through two nodes, each move judged by both.

Each page answers a move as soon as it sees it, so that every game always has one move on its
way. The games are random legal ones, made before the clock starts.
"""

from __future__ import annotations

import asyncio
import json
import time
from pathlib import Path
from typing import Any

from benchmarks.processes import nodes
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
    async with nodes(folder) as (alice, bob), Page.open(alice) as a, Page.open(bob) as b:
        return {MOVES: [await _run(a, b, run) for run in range(runs)]}


async def _run(a: Page, b: Page, run: int) -> float:
    games: dict[str, list[dict[str, str]]] = {}
    for number in range(GAMES):
        channel = await a.ask(b, context=f"chess_{run}x{number}", params={"colour": "white"})
        moves = random_game(run * GAMES + number, PLIES)
        games[channel] = [move_message(move) for move in moves]
    start = time.perf_counter()
    async with asyncio.timeout(SECONDS), asyncio.TaskGroup() as group:
        sides = [group.create_task(_play(page, side, games)) for side, page in enumerate((a, b))]
    took = time.perf_counter() - start
    played = sum(side.result() for side in sides)
    if played != sum(map(len, games.values())):
        raise AssertionError(f"{played} moves arrived of {sum(map(len, games.values()))}")
    for channel in games:
        await a.post("close", channelId=channel)
    return played / took


async def _play(page: Page, side: int, games: dict[str, list[dict[str, str]]]) -> int:
    """Play this side of all games; how many moves of the other side came."""
    expected = sum(len(moves[1 - side :: 2]) for moves in games.values())
    seen = dict.fromkeys(games, 0)
    if side == 0:
        for channel, moves in games.items():
            await page.send(channel, moves[0])
    came = 0
    while came < expected:
        for frame in await _messages(page):
            channel = frame["channel"]
            moves, ply = games[channel], 2 * seen[channel] + 1 - side
            if frame["data"] != moves[ply]:
                raise AssertionError(f"expected {moves[ply]}, got {frame['data']}")
            seen[channel] += 1
            came += 1
            if ply + 1 < len(moves):
                await page.send(channel, moves[ply + 1])
    return came


async def _messages(page: Page) -> list[dict[str, Any]]:
    """The messages that have come, at least one; other frames are of no interest here."""

    def found() -> list[dict[str, Any]]:
        for frame in page.frames:
            if frame["type"] in ("refused", "error"):
                raise AssertionError(json.dumps(frame))
        return [frame for frame in page.frames if frame["type"] == "message"]

    messages: list[dict[str, Any]] = await page.until(found)
    page.frames.clear()
    return messages
