# SPDX-License-Identifier: MIT
"""What strangers take that is there for all: a friend always finds some of it left."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from pathlib import Path
from typing import Any

import pytest
import trio
from libp2p.crypto.ed25519 import create_new_key_pair
from libp2p.peer.id import ID

from goop_node.p2p import containment, limits, muxers
from goop_node.p2p.gossip import Gossip
from goop_node.types import NetworkError
from tests.hostile.stranger import stranger
from tests.node.test_network_limits import ECHO, Echoed, node
from tests.node.test_presence_again import online, until

IN_TIME_MS = 2_000
"""Less than any of the library's own time limits, which would make room in the end."""
STREAMS = 64


async def works(one: Any, other: Any) -> bool:
    async with asyncio.timeout(IN_TIME_MS / 1000):
        stream = await one.network.open_stream(other.network.peer_id, [ECHO])
    return await Echoed(stream).works()


async def test_streams_that_strangers_open_leave_places_for_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "STREAMS", STREAMS)
    async with (
        node(tmp_path, "alice") as alice,
        node(tmp_path, "bob", alice.network.addrs[:1]) as bob,
        stranger(alice.network.addrs[0]) as one,
    ):
        await online(bob, alice)
        await online(alice, bob)
        with contextlib.suppress(Exception):
            for _ in range(STREAMS):
                await one.open_bare()
        assert await works(alice, bob)
        assert await works(bob, alice)


async def test_streams_that_a_stranger_does_not_answer_leave_places_for_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "STREAMS", STREAMS)
    async with (
        node(tmp_path, "alice") as alice,
        node(tmp_path, "bob", alice.network.addrs[:1]) as bob,
        stranger(alice.network.addrs[0]) as one,
    ):
        await online(bob, alice)
        await online(alice, bob)

        async def never(stream: Any) -> None:
            await trio.sleep_forever()

        one._host.get_network().set_stream_handler(never)
        await until(lambda: alice.peers.get(one.peer_id) is not None)
        asked = [
            asyncio.create_task(
                alice.network.open_stream(one.peer_id, [ECHO], timeout_ms=IN_TIME_MS)
            )
            for _ in range(2 * STREAMS)
        ]
        await asyncio.sleep(0)
        assert await works(alice, bob)
        found = await asyncio.gather(*asked, return_exceptions=True)
        assert all(isinstance(error, NetworkError) for error in found)
        assert alice.network.host is not None
        assert not alice.network.host._opening


async def test_connections_of_strangers_leave_a_friend_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, bound in (("INBOUND", 6), ("STRANGERS", 3), ("HANDSHAKES", 2)):
        monkeypatch.setattr(limits, name, bound)
    async with contextlib.AsyncExitStack() as stack:
        alice = await stack.enter_async_context(node(tmp_path, "alice"))
        for _ in range(8):
            one = await stack.enter_async_context(stranger())
            with contextlib.suppress(Exception):
                await one.connect(alice.network.addrs[0])
        friend = await stack.enter_async_context(stranger())
        alice.people.befriend(friend.peer_id)
        await friend.connect(alice.network.addrs[0])
        await until(lambda: getattr(alice.peers.get(friend.peer_id), "connected", False))


async def test_who_is_blocked_while_it_connects_is_not_connected(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    select = muxers.Muxers.new_conn
    go_on = trio.Event()

    async def waits(self: Any, conn: Any, peer_id: ID) -> Any:
        if self is theirs:
            await go_on.wait()
        return await select(self, conn, peer_id)

    monkeypatch.setattr(muxers.Muxers, "new_conn", waits)
    async with node(tmp_path, "alice") as alice, stranger() as one:
        theirs = one._host.get_network().upgrader.muxer_multistream
        assert alice.network.host is not None
        lets_in = alice.network.host._lets_in
        known = asyncio.Event()

        def asked(peer_id: str, protocol: str | None) -> bool:
            known.set()
            return lets_in(peer_id, protocol)

        of_alice: Any = alice.network.host._host.get_network().upgrader.muxer_multistream
        of_alice._lets_in = lambda peer_id: asked(peer_id, None)
        connecting = asyncio.create_task(one.connect(alice.network.addrs[0]))
        await known.wait()
        alice.people.block(one.peer_id)
        go_on.set()
        with contextlib.suppress(Exception):
            await connecting
        network = alice.network.host._host.get_network()
        await until(lambda: not network.get_connections(ID.from_base58(one.peer_id)))


async def test_nobody_has_a_node_tell_its_presence_all_the_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = 0
    publish = Gossip._publish

    async def counted(self: Gossip, kind: str) -> None:
        nonlocal told
        told += 1
        await publish(self, kind)

    monkeypatch.setattr(Gossip, "_publish", counted)
    async with node(tmp_path, "alice") as alice, stranger(alice.network.addrs[0]) as one:
        began = asyncio.get_running_loop().time()
        for _ in range(100):
            await one.says(type="online")
            await one.says(type="offline")
            await asyncio.sleep(0.03)
        seconds = asyncio.get_running_loop().time() - began
        assert told <= limits.EARLY_BURST + seconds * (limits.EARLY_RATE + 0.2) + 2


@pytest.mark.parametrize("file", ["seen.json", "friends.json"])
async def test_a_file_full_of_peers_that_are_gone_is_dialled_a_few_at_a_time(
    tmp_path: Path, file: str
) -> None:
    ids = [ID.from_pubkey(create_new_key_pair().public_key).to_base58() for _ in range(2000)]
    book = {one: [f"/ip4/127.0.0.1/tcp/{port}" for port in range(1, 9)] for one in ids}
    (tmp_path / "alice").mkdir()
    (tmp_path / "alice" / file).write_text(json.dumps(book))
    async with node(tmp_path, "alice") as alice:
        host = alice.network.host
        assert host is not None
        await until(lambda: bool(host._redials._next))
        for _ in range(20):
            assert len(host._dialling) <= limits.NAMED_DIALS + limits.TOLD_DIALS
            assert len(host._redials._next) <= limits.MAX_FRIENDS
            await asyncio.sleep(0.05)


def test_what_is_said_of_strangers_does_not_fill_the_log(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(containment, "_complaints", containment.Complaints())
    caplog.set_level(logging.INFO)
    for n in range(5000):
        containment.warn(f"peer {n % 500}", "something")
    assert len(caplog.records) == containment.MAX_TOLD
