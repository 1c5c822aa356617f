# SPDX-License-Identifier: MIT
"""Strangers send everything that is wrong, at every layer; a friend's stream loses nothing."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from libp2p.pubsub.pb import rpc_pb2

from goop_node.p2p import P2P
from goop_node.p2p.whereabouts import Whereabouts
from goop_node.types import NetworkError
from tests.hostile.extremes import blob, number
from tests.hostile.gossip_rpc import rpc
from tests.hostile.identify import identify
from tests.hostile.multistream import lines
from tests.hostile.presence_json import presence
from tests.hostile.stranger import Stranger, stranger
from tests.hostile.twin_lines import twin_line
from tests.hostile.yamux_frames import frame
from tests.node.test_network_limits import ECHO, Echoed, node
from tests.node.test_presence_again import online, until

SECONDS = 1.0
"""For each kind of attack; ``make soak`` takes ``LONG_SECONDS``."""
LONG_SECONDS = 120.0
ATTACKERS = 4
AT_ONCE = 20
"""Attacks of one stranger, where it gets so far."""
NOBODY = "12D3KooWRBy97UB99e3J6hiPesre1MZeuNQvfan4gBziswrRJsNK"
Attack = Callable[[random.Random, Stranger], Awaitable[None]]


async def gossip(rng: random.Random, one: Stranger) -> None:
    for _ in range(rng.randint(1, 10)):
        await one.gossip(rpc(rng, one.signed))


async def presences(rng: random.Random, one: Stranger) -> None:
    for _ in range(rng.randint(1, 10)):
        message = one.signed(presence(rng, one.peer_id))
        await one.gossip(rpc_pb2.RPC(publish=[message]).SerializeToString())


async def introductions(rng: random.Random, one: Stranger) -> None:
    """Whether or not anybody listens to them."""
    stream = await one.open_bare()
    await one.write(stream, b"\x13/multistream/1.0.0\n\x14/ipfs/id/push/1.0.0\n" + identify(rng))
    await one.end(stream, reset=rng.random() < 0.3)


async def negotiations(rng: random.Random, one: Stranger) -> None:
    for _ in range(rng.randint(1, 5)):
        stream = await one.open_bare()
        await one.write(stream, lines(rng))
        if rng.random() < 0.7:
            await one.end(stream, reset=rng.random() < 0.5)


async def frames(rng: random.Random, one: Stranger) -> None:
    for _ in range(rng.randint(1, 20)):
        await one.bytes(frame(rng))


async def twins(rng: random.Random, one: Stranger) -> None:
    stream = await one.open("/goop-node/twin/1.0.0")
    await one.write(stream, b"".join(twin_line(rng) for _ in range(rng.choice([1, 3, 50]))))
    if rng.random() < 0.5:
        await one.end(stream, reset=rng.random() < 0.5)


async def breaking_off(rng: random.Random, one: Stranger) -> None:
    """Begin something, and go at some moment of it."""
    protocol = rng.choice(["/meshsub/1.1.0", "/ipfs/id/1.0.0", "/ipfs/ping/1.0.0", ECHO])
    stream = await one.open(protocol) if rng.random() < 0.7 else await one.open_bare()
    if rng.random() < 0.5:
        await one.write(stream, blob(rng))
    if rng.random() < 0.7:
        await one.end(stream, reset=rng.random() < 0.7)
    if rng.random() < 0.5:
        await one.disconnect()


ATTACKS: list[Attack] = [
    gossip,
    presences,
    introductions,
    negotiations,
    frames,
    twins,
    breaking_off,
]


async def knocking(rng: random.Random, port: int) -> None:
    """Bytes before there is any encryption."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(lines(rng))
        if rng.random() < 0.5:
            writer.write(b"\x13/multistream/1.0.0\n\x07/noise\n")
            async with asyncio.timeout(1):
                await reader.readexactly(27)
            writer.write(rng.choice([b"\x00\x20", b"\xff\xff", b"\x00\x00", b""]) + blob(rng))
        if rng.random() < 0.5:
            writer.transport.abort()
    finally:
        writer.close()


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda one: one.__name__)
async def test_strangers_harm_themselves_only(
    attack: Attack, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    await _under_attack(attack, SECONDS, tmp_path, caplog)


@pytest.mark.soak
@pytest.mark.timeout(600)
@pytest.mark.parametrize("attack", ATTACKS, ids=lambda one: one.__name__)
async def test_for_longer(attack: Attack, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    await _under_attack(attack, LONG_SECONDS, tmp_path, caplog)


async def test_who_never_comes_in(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async def attack(rng: random.Random, one: Stranger) -> None:
        if one.port:
            await knocking(rng, one.port)

    await _under_attack(attack, SECONDS, tmp_path, caplog)


async def test_who_is_called_answers_wrongly(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A person was given an address at which somebody else answers, in whatever way."""
    caplog.set_level(logging.WARNING)
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    rng = random.Random(seed)

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            if rng.random() < 0.6:
                writer.write(b"\x13/multistream/1.0.0\n\x07/noise\n")
                if rng.random() < 0.8:
                    body = blob(rng, 500)
                    length = len(body) if rng.random() < 0.7 else number(rng, 0, 65535)
                    writer.write(length.to_bytes(2, "big") + body)
            else:
                writer.write(lines(rng))
        (writer.transport.abort if rng.random() < 0.3 else writer.close)()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    try:
        async with node(tmp_path, "alice") as alice, node(tmp_path, "bob") as bob:
            await bob.add_peer(alice.network.addrs[0])
            until = time.monotonic() + SECONDS
            while time.monotonic() < until:
                with pytest.raises(NetworkError) as failure:
                    await alice.add_peer(f"/ip4/127.0.0.1/tcp/{port}/p2p/{NOBODY}")
                assert failure.value.code in ("no_node", "refused", "unreachable")
            await _healthy(alice, bob)
    finally:
        server.close()
    assert not [record for record in caplog.records if record.exc_info]


async def _under_attack(
    attack: Attack, seconds: float, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Strangers attack Alice, several at a time, while Bob's lines go to and fro."""
    caplog.set_level(logging.WARNING)
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    async with node(folder, "alice") as alice, node(folder, "bob") as bob:
        address = alice.network.addrs[0]
        await bob.add_peer(address)
        friend = Echoed(await bob.network.open_stream(alice.network.peer_id, [ECHO]))
        until = time.monotonic() + seconds
        async with asyncio.TaskGroup() as attackers:
            for n in range(ATTACKERS):
                rng = random.Random(seed + n)
                attackers.create_task(_attacking(attack, rng, alice, until))
            while time.monotonic() < until:
                await friend.carry(b"a line", 3)
        assert await friend.works()
        await _healthy(alice, bob)
    assert not [record for record in caplog.records if record.exc_info]


async def _attacking(attack: Attack, rng: random.Random, alice: P2P, until: float) -> None:
    """Do it again and again, as somebody else when the node has had enough of one."""
    guest, host = alice.network.running()
    while time.monotonic() < until:
        # What fails here is the stranger's business.
        with contextlib.suppress(Exception):
            async with stranger(answers=identify, rng=rng) as one:
                if rng.random() < 0.3:
                    where = Whereabouts(named=(one.address,))
                    await guest.run(host._dialler.connect, one.peer_id, where)
                    one.is_called_by(alice.network.peer_id)
                else:
                    await one.connect(alice.network.addrs[0])
                for _ in range(AT_ONCE):
                    await attack(rng, one)


async def _healthy(alice: P2P, bob: P2P) -> None:
    """Both are there as ever, and what the strangers took is given back."""
    assert alice.restarts == bob.restarts == 0
    await online(bob, alice)
    assert (peer := alice.peers.get(bob.network.peer_id)) is not None
    assert peer.connected
    assert alice.network.host is not None
    swarm = alice.network.host._host.get_network()
    counts = swarm._resource_manager
    await until(
        lambda: (
            counts._current_connections
            == len(swarm.get_connections())
            == swarm._inbound_limiter.borrowed_tokens
            == 1
        )
    )
    await until(
        lambda: (
            counts._current_streams
            == sum(len(one.get_streams()) for one in swarm.get_connections())
        )
    )
    assert not swarm._handshakes._under_way
