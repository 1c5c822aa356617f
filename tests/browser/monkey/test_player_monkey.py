# SPDX-License-Identifier: GPL-3.0-or-later
"""Whole games by restless players, through the pages alone, while nodes stall and are killed."""

from __future__ import annotations

import asyncio
import traceback
from collections import Counter, deque
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.async_api import Browser

from goop_node.testing import NodeProcess, start_node
from tests.browser.monkey.monkey import WEIGHTS, Monkey
from tests.browser.monkey.player import Player
from tests.node.page import Page as Program
from tests.node.page import wait_until_discovered

ROUNDS, LONG = 2, 8
"""How often everybody comes to rest in a game, and in one of the soak."""
SOAK = (1000, 1300)
AT_ONCE = 2
"""The seeds of the soak, and how many games of it are played at the same time."""
Nodes = tuple[NodeProcess, NodeProcess, NodeProcess]


def three_nodes(folder: Path) -> Nodes:
    """Alice, Bob, and somebody who would like to play with them as well."""
    folder.mkdir(exist_ok=True)
    alice = start_node(folder / "alice")
    bob = start_node(folder / "bob", peer=alice)
    carol = start_node(folder / "carol", "--peer", bob.addrs[0], peer=alice)
    for one, other in ((alice, bob), (carol, alice), (carol, bob)):
        asyncio.run(wait_until_discovered(one, other))
    return alice, bob, carol


@pytest.fixture
def nodes(tmp_path: Path) -> Iterator[Nodes]:
    """As ``three_nodes``."""
    nodes = three_nodes(tmp_path)
    yield nodes
    for node in reversed(nodes):
        node.stop()


async def played(
    browser: Browser, nodes: Nodes, seeds: deque[int], rounds: int, done: Counter[str]
) -> None:
    """Play a game for each seed, and take it out. ``done`` counts how often each thing was done."""
    alice, bob, carol = nodes
    async with Program.open(carol) as third:
        players = (
            Player("alice", alice, await browser.new_context()),
            Player("bob", bob, await browser.new_context()),
        )
        try:
            for player in players:
                await player.sit()
            while seeds:
                seed = seeds.popleft()
                monkey = Monkey(seed, players, third)
                try:
                    end = await monkey.play(rounds)
                except Exception as error:
                    raise AssertionError(f"seed {seed}: {error!r}\n{monkey.tale}") from error
                print(f"seed {seed}: {end}", flush=True)
                done.update([end, *monkey.done.elements()])
        finally:
            for player in players:
                await player.context.close()


@pytest.mark.parametrize("first", [0, 5])
async def test_everybody_ends_with_the_same_game(
    browser: Browser, nodes: Nodes, first: int
) -> None:
    done: Counter[str] = Counter()
    await played(browser, nodes, deque(range(first, first + 5)), ROUNDS, done)
    assert done["move"] + done["premove"] > 2 * ROUNDS


@pytest.mark.soak
async def test_three_hundred_games(browser: Browser, tmp_path: Path) -> None:
    """Some at a time. One that fails is told at the end; the rest goes on, on new nodes."""
    seeds = deque(range(*SOAK))
    done: Counter[str] = Counter()
    failed: list[str] = []

    async def table(name: str) -> None:
        while seeds:
            nodes = await asyncio.to_thread(three_nodes, tmp_path / f"{name}-{seeds[0]}")
            try:
                await played(browser, nodes, seeds, LONG, done)
            except Exception:
                failed.append(traceback.format_exc())
                print(failed[-1], flush=True)
            finally:
                for node in reversed(nodes):
                    await asyncio.to_thread(node.stop)

    await asyncio.gather(*(table(f"table-{number}") for number in range(AT_ONCE)))
    print(done)
    assert not failed, "\n".join(failed)
    assert [name for name in WEIGHTS if not done[name]] == []
