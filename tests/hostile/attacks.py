# SPDX-License-Identifier: MIT
"""What strangers do to libp2p's side of a node, layer by layer."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable

from libp2p.pubsub.pb import rpc_pb2

from goop_node.goop2.exchanges import exchanges
from goop_node.p2p.proposing import proposal
from tests.hostile.extremes import blob
from tests.hostile.gossip_rpc import rpc
from tests.hostile.identify import identify
from tests.hostile.multistream import lines
from tests.hostile.presence_json import presence
from tests.hostile.stranger import Stranger
from tests.hostile.twin_lines import twin_line
from tests.hostile.yamux_frames import frame
from tests.node.test_network_limits import ECHO

QUESTIONS = [one.protocol for one in exchanges(str, lambda: None)]
Attack = Callable[[random.Random, Stranger], Awaitable[None]]
OWN_FAULTS = (AssertionError, AttributeError, NameError, RecursionError, TypeError)
"""A finding, or a fault of these files; every other error befalls an attacker."""


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


async def questions(rng: random.Random, one: Stranger) -> None:
    """What Goop² peers ask, and what they would never, up to more than one may ask at once."""
    streams = []
    for _ in range(rng.choice([1, 3, 40])):
        protocol = rng.choice(QUESTIONS)
        stream = await one.open_bare()
        await one.write(stream, proposal(protocol))
        streams.append(stream)
        if rng.random() < 0.7:
            said = rng.choice([b'{"op":"list","group_id":"x"}', b"LISTEN x", blob(rng)])
            await one.write(stream, said + rng.choice([b"", b"\n", b"\nmore\n"]))
        if rng.random() < 0.6:
            await one.end(stream, reset=rng.random() < 0.5)
    if rng.random() < 0.5:
        rng.shuffle(streams)
        for stream in streams:
            await one.end(stream, reset=True)


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
    questions,
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
