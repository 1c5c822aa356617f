# SPDX-License-Identifier: GPL-3.0-or-later
"""Whole games by restless players, through the pages alone, while nodes stall and are killed."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.async_api import Browser

from goop_node.testing import NodeProcess, start_node
from tests.browser.monkey.monkey import WEIGHTS, Monkey
from tests.browser.monkey.player import Player
from tests.node.page import Page as Program
from tests.node.page import wait_until_discovered

ROUNDS, LONG = 4, 8
"""How often everybody comes to rest in a game, and in one of the soak."""
Nodes = tuple[NodeProcess, NodeProcess, NodeProcess]


@pytest.fixture
def nodes(tmp_path: Path) -> Iterator[Nodes]:
    """Alice, Bob, and somebody who would like to play with them as well."""
    alice = start_node(tmp_path / "alice")
    bob = start_node(tmp_path / "bob", peer=alice)
    carol = start_node(tmp_path / "carol", "--peer", bob.addrs[0], peer=alice)
    try:
        for one, other in ((alice, bob), (carol, alice), (carol, bob)):
            asyncio.run(wait_until_discovered(one, other))
        yield alice, bob, carol
    finally:
        for node in (carol, bob, alice):
            node.stop()


async def played(browser: Browser, nodes: Nodes, seeds: range, rounds: int) -> Counter[str]:
    """A game for each seed. Returns how often each thing was done."""
    alice, bob, carol = nodes
    done: Counter[str] = Counter()
    async with Program.open(carol) as third:
        players = (
            Player("alice", alice, await browser.new_context()),
            Player("bob", bob, await browser.new_context()),
        )
        for player in players:
            await player.sit()
        for seed in seeds:
            monkey = Monkey(seed, players, third)
            done[await monkey.play(rounds)] += 1
            done += monkey.done
    return done


@pytest.mark.parametrize("first", [0, 5])
async def test_everybody_ends_with_the_same_game(
    browser: Browser, nodes: Nodes, first: int
) -> None:
    done = await played(browser, nodes, range(first, first + 5), ROUNDS)
    assert done["move"] + done["premove"] > 2 * ROUNDS


@pytest.mark.soak
async def test_three_hundred_games(browser: Browser, nodes: Nodes) -> None:
    done = await played(browser, nodes, range(1000, 1300), LONG)
    print(done)
    assert [name for name in WEIGHTS if not done[name]] == []
