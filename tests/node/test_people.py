# SPDX-License-Identifier: MIT
"""Who may reach a node: what a person decides holds for every protocol, in both directions."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from libp2p.crypto.ed25519 import create_new_key_pair
from libp2p.peer.id import ID

from goop_node.goop2.exchanges import exchanges
from goop_node.p2p.peers import PeerTable
from goop_node.p2p.people import People
from goop_node.p2p.service import P2P
from goop_node.types import NetworkError
from tests.limits import HANG
from tests.node.test_network_limits import ECHO, Echoed, node

STRANGER = ID.from_pubkey(create_new_key_pair().public_key)
INFRASTRUCTURE = {"/ipfs/id/1.0.0", "/ipfs/ping/1.0.0", "/meshsub/1.0.0", "/meshsub/1.1.0"}


async def until(p2p: P2P, holds: Callable[[], bool]) -> None:
    """Wait until something holds that events of the peers bring about."""
    new = asyncio.Event()
    stop = p2p.peers.subscribe(lambda event: new.set())
    async with asyncio.timeout(HANG):
        while not holds():
            await new.wait()
            new.clear()
    stop()


async def refused(p2p: P2P, peer: P2P) -> str:
    """The code with which a stream to the peer is refused here."""
    with pytest.raises(NetworkError) as raised:
        await p2p.network.open_stream(peer.network.peer_id, [ECHO])
    return raised.value.code


class LetIn(Exception):
    """A stream was about to be served."""


class FakeStream:
    """A stream as the library hands it to a protocol's handler."""

    def __init__(self) -> None:
        self.muxed_conn = self.muxed_stream = self
        self.peer_id = STRANGER

    @property
    def longest(self) -> int:
        """Raised as the first thing for a stream that is served."""
        return 0

    @longest.setter
    def longest(self, value: int) -> None:
        raise LetIn

    async def reset(self) -> None:
        """Refused."""


async def test_every_protocol_of_the_host_asks_who_it_is(tmp_path: Path) -> None:
    async with node(tmp_path, "alice") as alice:
        guest, host = alice.network.running()
        library: Any = host._host
        handlers = dict(library.multiselect.handlers)
        assert INFRASTRUCTURE | {ECHO} <= set(handlers)

        async def lets_in(handler: Any) -> bool:
            try:
                await handler(FakeStream())
            except LetIn:
                return True
            return False

        for protocol, handler in handlers.items():
            assert await guest.run(lets_in, handler), protocol
        alice.people.let_in("friends")
        seen = {one.protocol for one in exchanges(str, bytes) if one.matter == "presence"}
        for protocol, handler in handlers.items():
            if protocol not in INFRASTRUCTURE | seen:
                assert not await guest.run(lets_in, handler), protocol
        alice.people.block(STRANGER.to_base58())
        for protocol, handler in handlers.items():
            assert not await guest.run(lets_in, handler), protocol


async def test_a_block_ends_everything_and_can_be_taken_back(tmp_path: Path) -> None:
    async with node(tmp_path, "alice") as alice, node(tmp_path, "bob") as bob:
        bobs, alices = bob.network.peer_id, alice.network.peer_id
        await bob.add_peer(alice.network.addrs[0])
        await until(alice, lambda: alice.peers.is_discovered(bobs))
        before = Echoed(await bob.network.open_stream(alices, [ECHO]))
        assert await before.works()

        alice.people.block(bobs)
        await until(bob, lambda: not getattr(bob.peers.get(alices), "connected", False))
        async with asyncio.timeout(HANG):
            await before.over.wait()
        assert alice.peers.get(bobs) is None
        assert await refused(alice, bob) == "blocked"
        assert await refused(bob, alice) not in ("blocked", "")
        with pytest.raises(NetworkError, match="unblock") as raised:
            await alice.add_peer(bob.network.addrs[0])
        assert raised.value.code == "blocked"
        assert alice.peers.get(bobs) is None

        alice.people.unblock(bobs)
        await alice.add_peer(bob.network.addrs[0])
        assert alice.peers.standing(bobs) == "friend"
        after = Echoed(await bob.network.open_stream(alices, [ECHO]))
        assert await after.works()


async def test_where_friends_alone_may_reach_a_node_others_see_it_and_no_more(
    tmp_path: Path,
) -> None:
    async with node(tmp_path, "alice") as alice, node(tmp_path, "bob") as bob:
        bobs, alices = bob.network.peer_id, alice.network.peer_id
        await bob.add_peer(alice.network.addrs[0])
        await until(alice, lambda: alice.peers.is_discovered(bobs))
        before = Echoed(await bob.network.open_stream(alices, [ECHO]))
        assert await before.works()
        alice.people.let_in("friends")
        async with asyncio.timeout(HANG):
            await before.over.wait()
        await until(alice, lambda: bool(getattr(alice.peers.get(bobs), "connected", False)))
        assert alice.peers.standing(bobs) == "discovered"
        assert await refused(alice, bob) == "not_friend"
        with suppress(NetworkError):  # it may end before its protocol is agreed on, or after
            ended = Echoed(await bob.network.open_stream(alices, [ECHO]))
            async with asyncio.timeout(HANG):
                await ended.over.wait()
        alice.people.befriend(bobs)
        after = Echoed(await bob.network.open_stream(alices, [ECHO]))
        assert await after.works()


def test_decisions_outlive_a_restart(tmp_path: Path) -> None:
    blocked, friend = (ID.from_pubkey(create_new_key_pair().public_key).to_base58() for _ in "ab")
    people = People(tmp_path, PeerTable(), {}, None)
    people.block(blocked)
    people.befriend(friend)
    people.let_in("friends")
    table = PeerTable()
    again = People(tmp_path, table, {}, None)
    assert (table.standing(blocked), table.standing(friend)) == ("blocked", "friend")
    assert again.reachable_by == "friends"
    assert People(tmp_path, PeerTable(), {}, "discovered").reachable_by == "discovered"
    again.block(friend)
    assert table.standing(friend) == "blocked"
    again.unblock(friend)
    assert table.standing(friend) == "friend"
    again.unfriend(friend)
    assert table.standing(friend) == "unknown"
    with pytest.raises(NetworkError) as raised:
        again.befriend(blocked)
    assert raised.value.code == "blocked"
