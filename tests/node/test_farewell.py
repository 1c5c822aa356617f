# SPDX-License-Identifier: MIT
"""A node that stops says so, and everybody who is connected hears it from the node itself."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from goop_node.p2p import P2P
from goop_node.p2p.peers import PeerTable
from goop_node.p2p.presence import Presence
from goop_node.testing import start_node
from tests.limits import HANG
from tests.node.test_network_limits import node
from tests.node.test_presence_again import online

OTHERS = 14
"""More than the mesh of gossip has places."""


class Heard:
    """The farewells that reach any node of this process, with who passed them on."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self._farewells: list[tuple[PeerTable, str, str]] = []
        self._new = asyncio.Event()
        before = PeerTable.heard

        def heard(table: PeerTable, message: Presence, forwarder: str) -> None:
            before(table, message, forwarder)
            if message.type == "offline":
                self._farewells.append((table, message.peer_id, forwarder))
                self._new.set()

        patch.setattr(PeerTable, "heard", heard)

    async def by(self, one: P2P, peer_id: str) -> str:
        """Wait until a node has heard a peer's farewell; who told it."""
        async with asyncio.timeout(HANG):
            while True:
                for table, said_by, forwarder in self._farewells:
                    if table is one.peers and said_by == peer_id:
                        return forwarder
                self._new.clear()
                await self._new.wait()


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> Heard:
    """What nodes of the test hear."""
    return Heard(monkeypatch)


async def test_a_process_that_is_stopped_says_so(tmp_path: Path, heard: Heard) -> None:
    async with node(tmp_path, "alice") as alice:
        at: Any = SimpleNamespace(addrs=alice.network.addrs)
        bob = await asyncio.to_thread(start_node, tmp_path / "bob", peer=at)
        try:
            there: Any = SimpleNamespace(network=SimpleNamespace(peer_id=bob.peer_id))
            await online(alice, there)
            assert await asyncio.to_thread(bob.stop) == 0
            assert await heard.by(alice, bob.peer_id) == bob.peer_id
        finally:
            await asyncio.to_thread(bob.stop)


async def test_everybody_who_is_connected_is_told(tmp_path: Path, heard: Heard) -> None:
    async with AsyncExitStack() as stack:
        async with node(tmp_path, "middle") as middle:
            others = [
                await stack.enter_async_context(node(tmp_path, f"{n}", middle.network.addrs[:1]))
                for n in range(OTHERS)
            ]
            for one in others:
                await online(one, middle)
                await online(middle, one)
            await all_told_by(middle, OTHERS)
        gone = middle.network.peer_id
        for one in others:
            await heard.by(one, gone)
            peer = one.peers.get(gone)
            assert peer is None or not peer.online


async def all_told_by(one: P2P, count: int) -> None:
    """Wait until a node has so many streams on which it tells others of itself."""
    _, host = one.network.running()
    pubsub: Any = host._gossip._pubsub
    await until(lambda: len(pubsub.peer_queues) == count)


async def until(true: Callable[[], bool]) -> None:
    """Wait for something that nobody tells."""
    async with asyncio.timeout(HANG):
        while not true():  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.05)


async def test_one_that_takes_nothing_holds_nobody_up(tmp_path: Path, heard: Heard) -> None:
    """Carol's process is stopped where it is: what is said to her stays in the kernel, or here."""
    async with node(tmp_path, "bob") as bob, node(tmp_path, "alice") as alice:
        at: Any = SimpleNamespace(addrs=alice.network.addrs)
        carol = await asyncio.to_thread(start_node, tmp_path / "carol", peer=at)
        try:
            await bob.add_peer(alice.network.addrs[0])
            await online(bob, alice)
            await all_told_by(alice, 2)
            carol.freeze()
            async with asyncio.timeout(HANG):
                await alice.stop()
            assert await heard.by(bob, alice.network.peer_id) == alice.network.peer_id
        finally:
            carol.thaw()
            await asyncio.to_thread(carol.stop)
