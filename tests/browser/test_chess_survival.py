# SPDX-License-Identifier: GPL-3.0-or-later
"""A game of chess goes on by itself, whichever node is killed and whichever page reloaded."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator
from pathlib import Path

import chess
import httpx
import pytest
from playwright.async_api import Browser, Page, expect

from goop_node.testing import NodeProcess, start_node
from tests.browser.chess_pages import OPERA, sit_down
from tests.node.page import wait_until_discovered

FAULTS = 12

Seat = tuple[NodeProcess, Page]


@pytest.fixture
def nodes(tmp_path: Path) -> Iterator[tuple[NodeProcess, NodeProcess]]:
    """Two nodes of the test's own, since they will not live long."""
    alice = start_node(tmp_path / "alice")
    bob = start_node(tmp_path / "bob", peer=alice)
    try:
        asyncio.run(wait_until_discovered(alice, bob))
        yield alice, bob
    finally:
        bob.stop()
        alice.stop()


async def kill(node: NodeProcess) -> None:
    """SIGKILL, and a start on the same data."""
    node.kill()
    await asyncio.to_thread(node.start)


async def shows(page: Page, moves: int) -> None:
    """Wait until the page shows so many moves, and no more."""
    await expect(page.locator("#moves .move")).to_have_count(moves)


async def tap(page: Page, move: chess.Move) -> None:
    """Make a move when the page lets its player."""
    start = page.locator(f'[data-square="{chess.square_name(move.from_square)}"].movable')
    await expect(start).to_be_visible()
    await start.click()
    await page.click(f'[data-square="{chess.square_name(move.to_square)}"]')


@pytest.mark.parametrize(
    "seed", [1, *(pytest.param(n, marks=pytest.mark.soak) for n in range(2, 12))]
)
async def test_the_game_goes_on(
    browser: Browser, nodes: tuple[NodeProcess, NodeProcess], seed: int
) -> None:
    chance = random.Random(seed)
    faults = dict.fromkeys(chance.sample(range(len(OPERA)), FAULTS), True)
    players = await sit_down(browser, nodes)
    seats: dict[bool, Seat] = {
        chess.WHITE: (nodes[0], players.pages[chess.WHITE]),
        chess.BLACK: (nodes[1], players.pages[chess.BLACK]),
    }
    board = chess.Board()
    for ply, san in enumerate(OPERA):
        mover = board.turn
        await tap(seats[mover][1], board.push_san(san))
        if ply in faults:
            node, page = seats[chance.random() < 0.5]
            if chance.random() < 0.6:
                # At any moment: before the move was sent, on its way, or after.
                await asyncio.sleep(chance.uniform(0, 0.06))
                await kill(node)
            else:
                # A page that is gone before it could send has sent nothing.
                await shows(seats[mover][1], ply + 1)
                await page.reload()
        for _, page in seats.values():
            await shows(page, ply + 1)
    for _, page in seats.values():
        await expect(page.locator("#status")).to_contain_text("checkmate")
    async with httpx.AsyncClient() as http:
        games = [
            (await http.get(f"{node.url}/api/chess/games", headers=node.headers)).json()
            for node in nodes
        ]
    for rows in games:
        assert [(row["result"], row["reason"], row["moves"]) for row in rows] == [
            ("1-0", "checkmate", len(OPERA))
        ]
