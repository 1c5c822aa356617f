# SPDX-License-Identifier: MIT
"""Who is online shows again after libp2p has failed, and after an old connection has gone mute."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from libp2p.peer.id import ID

from goop_node.p2p import P2P, limits, service
from goop_node.p2p.addresses import Address
from goop_node.testing import start_node
from goop_node.types import PeerEvent
from tests.limits import HANG, promised
from tests.node.page import wait_until_discovered
from tests.node.test_network_limits import node

IN_TIME = 15.0
"""How long nobody may be missed who is there again."""


async def online(one: P2P, other: P2P) -> None:
    """Wait until ``one`` is connected to the other and hears from it."""
    seen = asyncio.Event()
    peer_id = other.network.peer_id

    def look(_: PeerEvent | None = None) -> None:
        peer = one.peers.get(peer_id)
        if peer is not None and peer.online and peer.connected:
            seen.set()

    stop = one.peers.subscribe(look)
    look()
    try:
        async with asyncio.timeout(HANG):
            await seen.wait()
    finally:
        stop()


async def fail(one: P2P) -> None:
    """Have libp2p's side of a node fail, and wait until nothing of it is left."""

    async def failing() -> None:
        raise RuntimeError("the test wants it")

    before = one.network.host
    assert before is not None
    assert before._nursery is not None
    before._nursery.start_soon(failing)
    await until(lambda: one.network.host is not before)


async def until(true: Callable[[], bool]) -> None:
    """Wait for something that nobody tells."""
    async with asyncio.timeout(HANG):
        while not true():  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.05)


def open_files() -> int:
    """Sockets, most of them."""
    return len(os.listdir("/proc/self/fd"))


def forget(*nodes: P2P) -> None:
    """What they know by hearsay is old now: only a new message makes anybody online."""
    for one in nodes:
        one.peers.expire(float("inf"))


@pytest.mark.restarts
async def test_after_each_failure_of_libp2ps_side(tmp_path: Path) -> None:
    async with node(tmp_path, "alice") as alice, node(tmp_path, "bob") as bob:
        await bob.add_peer(alice.network.addrs[0])
        await online(alice, bob)
        await online(bob, alice)
        files = open_files()
        for _ in range(3):
            await fail(alice)
            forget(alice, bob)
            await online(alice, bob)
            await online(bob, alice)
            await until(lambda: open_files() <= files)


@pytest.mark.restarts
async def test_nobody_answers_at_the_port_of_a_host_that_has_failed(tmp_path: Path) -> None:
    """Beside the next one, on the same port, it would be given a part of all connections."""
    async with node(tmp_path, "alice") as alice:
        port = int(alice.network.addrs[0].split("/")[4])
        await fail(alice)
        assert alice.state == "offline"
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.1", port)


@pytest.mark.restarts
async def test_no_message_number_comes_twice(tmp_path: Path) -> None:
    """The others take a message whose number they have had for one that they have had."""
    async with node(tmp_path, "alice") as alice:
        before = numbers(alice)
        before.counter += 1000  # as though so many messages had been sent in its short life
        await fail(alice)
        await until(lambda: alice.network.host is not None)
        assert numbers(alice).counter > before.counter


def numbers(one: P2P) -> Any:
    """What gives a node's messages their numbers."""
    _, host = one.network.running()
    assert host._gossip is not None
    return host._gossip._pubsub


@pytest.mark.restarts
async def test_the_pauses_begin_anew_after_a_healthy_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 0.0
    monkeypatch.setattr(service, "time", SimpleNamespace(monotonic=lambda: now))
    monkeypatch.setattr(service, "RESTART_MIN", 0.125)
    pauses = []
    monkeypatch.setattr(service.log, "error", lambda _, pause, why: pauses.append(pause))
    async with node(tmp_path, "alice") as alice:
        for healthy in (0.0, 0.0, service.RESTART_MAX + 1):
            await until(lambda: alice.network.host is not None)
            now += healthy
            await fail(alice)
    assert pauses == [0.125, 0.25, 0.125]


@pytest.mark.parametrize("ends", ["alice", "bob"])
async def test_after_the_older_of_two_connections(tmp_path: Path, ends: str) -> None:
    """Both have dialled, and said who they are on the first connection only."""
    async with node(tmp_path, "alice") as alice, node(tmp_path, "bob") as bob:
        await bob.add_peer(alice.network.addrs[0])
        await online(alice, bob)
        await online(bob, alice)
        one, other = (alice, bob) if ends == "alice" else (bob, alice)
        guest, host = one.network.running()
        network = host._host.get_network()
        peer = ID.from_base58(other.network.peer_id)
        address = Address.parse(other.network.addrs[0])
        first = network.get_connections(peer)
        await guest.run(host._dialler._dial, other.network.peer_id, address)
        for connection in first:
            await guest.run(connection.close)
        assert network.get_connections(peer)
        forget(alice, bob)
        await online(alice, bob)
        await online(bob, alice)


async def test_beside_more_mute_connections_than_a_peer_may_have(tmp_path: Path) -> None:
    async with node(tmp_path, "alice") as alice, AsyncExitStack() as ways:
        port = int(alice.network.addrs[0].split("/")[4])
        for _ in range(limits.PER_PEER + 2):
            front, mute = await ways.enter_async_context(mute_at_will(port))
            by_way = alice.network.addrs[0].replace(f"/{port}/", f"/{front}/")
            async with node(tmp_path, "bob", peers=[by_way]) as bob:
                forget(alice)
                await online(alice, bob)
                await online(bob, alice)
                mute()


async def test_beside_a_connection_that_brings_nothing_any_more(tmp_path: Path) -> None:
    """Bob's machine lost its power: at Alice its connection stands, and takes what she says."""
    alice = await asyncio.to_thread(start_node, tmp_path / "alice")
    try:
        direct = alice.addrs[0]
        port = int(direct.split("/")[4])
        async with mute_at_will(port) as (front, mute):
            by_way = direct.replace(f"/{port}/", f"/{front}/")
            bob = await asyncio.to_thread(start_node, tmp_path / "bob", "--peer", by_way)
            try:
                await wait_until_discovered(alice, bob)
                mute()
                await asyncio.to_thread(bob.kill)
                bob = await asyncio.to_thread(start_node, tmp_path / "bob", "--peer", direct)
                with promised(IN_TIME, alice.process.pid, bob.process.pid):
                    await wait_until_discovered(alice, bob)
            finally:
                await asyncio.to_thread(bob.stop)
    finally:
        await asyncio.to_thread(alice.stop)


@asynccontextmanager
async def mute_at_will(port: int) -> AsyncIterator[tuple[int, Callable[[], None]]]:
    """A way to ``port`` that carries until it is told not to, and never hangs up."""
    carries = True
    tasks: set[asyncio.Task[None]] = set()
    writers: list[asyncio.StreamWriter] = []

    async def pump(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await source.read(65536):
                if carries:
                    target.write(data)
        await asyncio.get_running_loop().create_future()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, away = await asyncio.open_connection("127.0.0.1", port)
        writers.extend((writer, away))
        tasks.add(asyncio.create_task(pump(reader, away)))
        tasks.add(asyncio.create_task(pump(there, writer)))

    def mute() -> None:
        nonlocal carries
        carries = False

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1], mute
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        for writer in writers:
            writer.close()
