# SPDX-License-Identifier: MIT
"""Channels outlive kills, freezes and lost sockets; each side knows when the other is gone."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from goop_node.testing import NodeProcess, start_node
from tests.limits import promised
from tests.node.page import Page, wait_until_discovered


@pytest.fixture
def fresh_pair(tmp_path: Path) -> Iterator[tuple[NodeProcess, NodeProcess]]:
    alice = start_node(tmp_path / "alice")
    bob = start_node(tmp_path / "bob", peer=alice)
    asyncio.run(wait_until_discovered(alice, bob))
    yield alice, bob
    bob.stop()
    alice.stop()


@pytest.mark.parametrize("victim", [0, 1], ids=["host", "guest"])
async def test_a_killed_node_comes_back_to_its_channel(
    fresh_pair: tuple[NodeProcess, NodeProcess], victim: int
) -> None:
    nodes = fresh_pair
    async with Page.open(nodes[0]) as a, Page.open(nodes[1]) as b:
        channel = await a.ask(b)
        for n in range(50):
            await (a, b)[victim].send(channel, n)
        survivor = (a, b)[1 - victim]
        assert await survivor.received(channel, 50) == list(range(50))
        survivor.frames.clear()
        nodes[victim].kill()
        await survivor.frame("state", channel=channel, state="disconnected", suspended=True)
        await survivor.send(channel, "while you were away")
        nodes[victim].start()
        await survivor.frame("state", channel=channel, state="connected")
        async with Page.open(nodes[victim]) as back:
            message = await back.frame("message", channel=channel)
            assert message["data"] == "while you were away"
            await back.send(channel, "thanks")
            assert await survivor.received(channel, 1) == ["thanks"]


async def test_a_silent_node_is_noticed_within_ten_seconds(
    fresh_pair: tuple[NodeProcess, NodeProcess],
) -> None:
    alice, bob = fresh_pair
    async with Page.open(alice) as a, Page.open(bob) as b:
        channel = await a.ask(b)
        bob.freeze()
        try:
            with promised(10, alice.process.pid):
                await a.frame("state", channel=channel, state="disconnected", suspended=True)
            await a.send(channel, "still there?")
        finally:
            bob.thaw()
        await a.frame("state", channel=channel, state="connected")
        assert await b.received(channel, 1) == ["still there?"]
