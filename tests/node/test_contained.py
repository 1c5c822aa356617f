# SPDX-License-Identifier: MIT
"""What a stranger says ends its own stream at most: libp2p's side goes on, and so do the others."""

from __future__ import annotations

import asyncio
import json
import math
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from libp2p.network.connection.swarm_connection import SwarmConn
from libp2p.network.exceptions import SwarmException
from libp2p.peer.id import ID
from libp2p.pubsub.pb import rpc_pb2
from multiaddr import Multiaddr

from goop_node.config.model import NodeConfig, StartError
from goop_node.node import Node
from goop_node.p2p import P2P, limits
from goop_node.p2p.dial_budget import PAUSE
from goop_node.types import NetworkError
from tests.hostile.stranger import GOSSIP, Stranger, stranger
from tests.limits import HANG
from tests.node.test_network_limits import ECHO, Echoed, node
from tests.node.test_presence_again import online, until

PEER = "12D3KooWRBy97UB99e3J6hiPesre1MZeuNQvfan4gBziswrRJsNK"
NOWHERE = [
    "/ip4/999.1.1.1/tcp/1",
    "/ip4/10.0.0.300/tcp/9",
    "/ip4/127.0.0.1/tcp/99999",
    "/dns4/no-such-host.invalid/tcp/4001",
    "/ip6/fe80::1%eth0/tcp/1",
    "/ip4/127.0.0.1/tcp/1/p2p/" + "1" * 60,
]


@asynccontextmanager
async def befriended(folder: Path) -> AsyncIterator[tuple[P2P, Echoed]]:
    """Alice, and Bob's stream with her."""
    async with node(folder, "alice") as alice, node(folder, "bob") as bob:
        await bob.add_peer(alice.network.addrs[0])
        friend = Echoed(await bob.network.open_stream(alice.network.peer_id, [ECHO]))
        assert await friend.works()
        yield alice, friend
        assert await friend.works()
        assert alice.restarts == bob.restarts == 0


async def seen_by(alice: P2P, one: Stranger) -> None:
    """Wait until she has taken what the stranger said."""
    await until(lambda: (peer := alice.peers.get(one.peer_id)) is not None and peer.online)


async def test_addresses_that_nobody_can_dial(tmp_path: Path) -> None:
    async with befriended(tmp_path) as (alice, friend), stranger(alice.network.addrs[0]) as one:
        await one.says(addrs=NOWHERE)
        await seen_by(alice, one)
        assert (peer := alice.peers.get(one.peer_id)) is not None
        assert peer.addrs == ("/ip4/127.0.0.1/tcp/1",)
        await one.disconnect()
        await until(lambda: (gone := alice.peers.get(one.peer_id)) is None or not gone.connected)
        assert await friend.works()


async def test_files_that_name_what_nobody_can_dial(tmp_path: Path) -> None:
    for name, peers in (("seen", {PEER: NOWHERE}), ("friends", {PEER: [1], "x": NOWHERE, "": []})):
        (tmp_path / "alice").mkdir(exist_ok=True)
        (tmp_path / "alice" / f"{name}.json").write_text(json.dumps(peers))
    async with befriended(tmp_path) as (alice, _):
        assert all(peer.peer_id not in ("x", "") for peer in alice.peers.all())
        with pytest.raises(NetworkError):
            await alice.network.open_stream(PEER, [ECHO])


async def test_bytes_that_are_no_gossip(tmp_path: Path) -> None:
    async with befriended(tmp_path) as (alice, _), stranger(alice.network.addrs[0]) as one:
        for data in (b"\xff" * 40, b"\x05\xff\xff\xff\xff\xff", b"\x80" * 12, b""):
            stream = await one.open(GOSSIP)
            await one.write(stream, data)
            await one.end(stream)
        await one.says()
        await seen_by(alice, one)


async def test_messages_that_nobody_can_have_signed(tmp_path: Path) -> None:
    async with befriended(tmp_path) as (alice, _), stranger(alice.network.addrs[0]) as one:
        for fields in (
            {"from_id": b""},
            {"from_id": b"\x00"},
            {"from_id": b"\x12\x20" + bytes(32)},
            {"from_id": bytes(3000), "seqno": b""},
        ):
            message = one.signed(b"{}", **fields)
            message.key = b"\x08\x63\x12\x00"
            await one.gossip(b"\x12" + _sized(message.SerializeToString()))
        await one.says()
        await seen_by(alice, one)


def _sized(data: bytes) -> bytes:
    """The bytes behind their length."""
    assert len(data) < 2**14
    return bytes([len(data) & 0x7F | 0x80, len(data) >> 7]) + data


async def test_who_has_gone_takes_no_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The library would count every connection that ever came in."""
    monkeypatch.setattr(limits, "CONNECTIONS", 8)
    async with befriended(tmp_path) as (alice, _):
        for _ in range(12):
            async with stranger(alice.network.addrs[0]) as one:
                await one.disconnect()


@pytest.mark.parametrize("frame", [b"\x00\x00" + b"\xff" * 10, b"\x00\x00\x00\x01" + b"\xff" * 8])
async def test_a_connection_that_fails_is_closed(tmp_path: Path, frame: bytes) -> None:
    async with befriended(tmp_path) as (alice, _), stranger(alice.network.addrs[0]) as one:
        await until(lambda: (peer := alice.peers.get(one.peer_id)) is not None and peer.connected)
        await one.bytes(frame)
        await until(lambda: (gone := alice.peers.get(one.peer_id)) is None or not gone.connected)


async def test_who_only_knocks_keeps_nobody_out(tmp_path: Path) -> None:
    async with befriended(tmp_path) as (alice, _):
        port = int(alice.network.addrs[0].split("/")[4])
        knocking = [await asyncio.open_connection("127.0.0.1", port) for _ in range(300)]
        try:
            async with stranger(alice.network.addrs[0]) as one:
                await one.says()
                await seen_by(alice, one)
        finally:
            for _, writer in knocking:
                writer.transport.abort()


async def test_the_library_dials_nobody_by_itself(tmp_path: Path) -> None:
    """It would, when a stream is opened to a peer of which it has an address from anywhere."""
    async with served() as (victim, dialled), befriended(tmp_path) as (alice, _):
        guest, host = alice.network.running()
        peer = ID.from_base58(PEER)
        host._host.get_peerstore().add_addrs(peer, [Multiaddr(victim)], 100)
        with pytest.raises(SwarmException):
            await guest.run(host._host.get_network().new_stream, peer)
        with pytest.raises(NetworkError) as failure:
            await alice.network.open_stream(PEER, [ECHO])
        assert failure.value.code == "undiscovered"
        assert dialled == []


async def test_a_connection_that_is_not_served_is_closed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the library stumbles over: nobody may believe in a connection that is deaf."""
    async with befriended(tmp_path) as (alice, _), stranger(alice.network.addrs[0]) as one:
        await until(lambda: (peer := alice.peers.get(one.peer_id)) is not None and peer.connected)
        add = SwarmConn._add_stream

        async def stumbling(connection: SwarmConn, stream: Any) -> Any:
            if connection.muxed_conn.peer_id.to_base58() == one.peer_id:
                raise ZeroDivisionError
            return await add(connection, stream)

        monkeypatch.setattr(SwarmConn, "_add_stream", stumbling)
        await one.open_bare()
        await until(lambda: (gone := alice.peers.get(one.peer_id)) is None or not gone.connected)


async def test_who_is_who_is_not_a_matter_of_words(tmp_path: Path) -> None:
    """The library would take a connection in plain text, with any key that is claimed on it."""
    async with befriended(tmp_path) as (alice, _):
        port = int(alice.network.addrs[0].split("/")[4])
        for protocol in ("/plaintext/2.0.0", "/secio/1.0.0", "/tls/1.0.0"):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            for line in ("/multistream/1.0.0", protocol):
                writer.write(bytes([len(line) + 1]) + line.encode() + b"\n")
            async with asyncio.timeout(HANG):
                await reader.readexactly(20)
                assert await reader.readexactly(4) == b"\x03na\n"
            writer.close()


@pytest.mark.parametrize("friend", ["there", "away"])
async def test_a_friend_by_name(tmp_path: Path, friend: str) -> None:
    async with node(tmp_path, "alice") as alice:
        by_name = alice.network.addrs[0].replace("/ip4/127.0.0.1/", "/dns4/localhost/")
        if friend == "away":
            by_name = f"/dns4/localhost/tcp/1/p2p/{PEER}"
        async with node(tmp_path, "bob", peers=[by_name]) as bob:
            if friend == "there":
                await online(bob, alice)
                await online(alice, bob)
            else:
                with pytest.raises(NetworkError) as failure:
                    await bob.add_peer(by_name)
                assert failure.value.code == "refused"
                with pytest.raises(NetworkError) as failure:
                    await bob.add_peer(f"/dns4/no-such-host.invalid/tcp/1/p2p/{PEER}")
                assert failure.value.code == "unknown_name"
            assert bob.restarts == 0


async def test_ones_own_address_is_not_dialled(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with node(tmp_path, "alice") as alice:
        own = alice.network.addrs[0]
    async with node(tmp_path, "alice", peers=[own]) as alice:
        assert alice.network.peer_id not in [peer.peer_id for peer in alice.peers.all()]
    assert f"{own} is this node's own address" in caplog.text


async def test_a_victim_is_dialled_now_and_then_however_many_name_it(tmp_path: Path) -> None:
    async with (
        served() as (victim, dialled),
        befriended(tmp_path) as (alice, _),
        stranger(alice.network.addrs[0]) as one,
    ):
        host = alice.network.host
        assert host is not None
        began = time.monotonic()
        names = []
        for _ in range(20):
            async with stranger() as other:
                data = {"type": "online", "peerId": other.peer_id, "addrs": [victim], "ts": 1}
                message = other.signed(json.dumps(data).encode())
                names.append(other.peer_id)
            await one.gossip(rpc_pb2.RPC(publish=[message]).SerializeToString())
        for n in range(3):
            await one.says(addrs=[victim], content=f"{n}")
        await seen_by(alice, one)
        await one.disconnect()
        await until(lambda: all(name in host._redials._next for name in (*names, one.peer_id)))
        await until(lambda: not host._dialling)
        # By each of the two nodes: once at first, then after 2, 4, 8 … seconds.
        pauses = int(math.log2((time.monotonic() - began) / PAUSE + 1))
        assert 1 <= len(dialled) <= 2 * (1 + pauses)


@asynccontextmanager
async def served() -> AsyncIterator[tuple[str, list[object]]]:
    """A server that hangs up at once: its multiaddr, and who came."""
    came: list[object] = []

    def take(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        came.append(writer)
        writer.close()

    server = await asyncio.start_server(take, "127.0.0.1", 0)
    try:
        yield f"/ip4/127.0.0.1/tcp/{server.sockets[0].getsockname()[1]}", came
    finally:
        server.close()


def test_a_peer_id_that_is_none_is_said_in_words(tmp_path: Path) -> None:
    """The command line knows the form of an id, libp2p its meaning."""
    node = Node(NodeConfig(data=tmp_path, peers=(f"/ip4/127.0.0.1/tcp/1/p2p/{'z' * 50}",)), [])
    with pytest.raises(StartError, match="cannot be dialled"):
        _ = node.p2p
