# SPDX-License-Identifier: MIT
"""A peer that breaks the rules of the muxer and of gossip, in a process of its own.

``python hostile.py WHAT ADDRESS PROTOCOL``; it prints what came of it and waits for the end of
its stdin.
"""

from __future__ import annotations

import json
import logging
import struct
import sys
from collections.abc import Iterator
from contextlib import AsyncExitStack, suppress
from typing import Any

import trio
from libp2p import new_host
from libp2p.crypto.ed25519 import create_new_key_pair
from libp2p.custom_types import TProtocol
from libp2p.peer.id import ID
from libp2p.peer.peerinfo import info_from_p2p_addr
from libp2p.pubsub.pb import rpc_pb2
from libp2p.stream_muxer.yamux.yamux import TYPE_DATA, YAMUX_HEADER_FORMAT
from libp2p.utils.varint import encode_varint_prefixed
from multiaddr import Multiaddr

from goop_node.p2p.presence import TOPIC

FRAME = bytes(64 * 1024)
FLOOD = 300 * 1024 * 1024
STREAMS = 300
HOSTS = 12
FAKES = 1100

logging.disable(logging.CRITICAL)


def emit(**event: Any) -> None:
    """Print an event."""
    print(json.dumps(event), flush=True)


async def connect(stack: AsyncExitStack, address: str) -> Any:
    """A new host, connected to the address."""
    host: Any = new_host(muxer_preference="YAMUX")
    await stack.enter_async_context(host.run([]))
    await host.connect(info_from_p2p_addr(Multiaddr(address)))
    return host


async def flood(stack: AsyncExitStack, address: str, protocol: str) -> None:
    """Send far more than was granted on a stream that the other side does not read."""
    host = await connect(stack, address)
    peer = info_from_p2p_addr(Multiaddr(address)).peer_id
    stream = (await host.new_stream(peer, [TProtocol(protocol)])).muxed_stream
    header = struct.pack(YAMUX_HEADER_FORMAT, 0, TYPE_DATA, 0, stream.stream_id, len(FRAME))
    sent = 0
    try:
        while sent < FLOOD:
            await stream.conn._write_frame(header + FRAME)
            if stream.conn.event_shutting_down.is_set():
                # The library is silent about what is written behind that.
                raise ConnectionResetError
            sent += len(FRAME)
    except Exception:
        emit(event="cut", sent=sent)
    else:
        emit(event="flooded", sent=sent)


async def leftovers(stack: AsyncExitStack, address: str, protocol: str) -> None:
    """Fill one stream after the other within its window, and close it."""
    host = await connect(stack, address)
    peer = info_from_p2p_addr(Multiaddr(address)).peer_id
    sent = 0
    try:
        while sent < FLOOD:
            stream = await host.new_stream(peer, [TProtocol(protocol)])
            await stream.write(FRAME * 3)
            await stream.close()
            sent += 3 * len(FRAME)
    except Exception:
        emit(event="cut", sent=sent)
    else:
        emit(event="flooded", sent=sent)


async def streams(stack: AsyncExitStack, address: str, protocol: str) -> None:
    """Open more streams than anybody needs."""
    host = await connect(stack, address)
    peer = info_from_p2p_addr(Multiaddr(address)).peer_id
    opened = 0
    for _ in range(STREAMS):
        try:
            with trio.fail_after(2):
                await host.new_stream(peer, [TProtocol(protocol)])
            opened += 1
        except Exception:
            break
    emit(event="opened", streams=opened)


async def connections(stack: AsyncExitStack, address: str, protocol: str) -> None:
    """Connect under many names."""
    hosts = []
    for _ in range(HOSTS):
        try:
            hosts.append(await connect(stack, address))
        except Exception:
            break
    await trio.sleep(0.2)  # one that was refused after its handshake notices now
    emit(event="connected", hosts=sum(bool(host.get_network().connections) for host in hosts))


def signed(data: bytes, number: int) -> tuple[str, rpc_pb2.Message]:
    """A message of somebody who does not exist, signed as it should be; and that one's id."""
    key = create_new_key_pair()
    name = ID.from_pubkey(key.public_key)
    data = data.replace(b"NAME", str(name).encode())
    message = rpc_pb2.Message(
        from_id=name.to_bytes(), seqno=number.to_bytes(8, "big"), data=data, topicIDs=[TOPIC]
    )
    message.signature = key.private_key.sign(b"libp2p-pubsub:" + message.SerializeToString())
    return str(name), message


def gossip_attacks() -> Iterator[tuple[str, list[bytes]]]:
    """What is said on a gossip stream of its own, and then once more on the next."""
    presence = b'{"type":"online","peerId":"NAME","content":"fake","ts":1%b}'
    padding = b',"more":"%b"' % (b"x" * 900_000)
    large = [signed(presence % padding, n)[1] for n in range(12)]
    yield "large presences", [rpc_pb2.RPC(publish=[one]).SerializeToString() for one in large]
    for middle in (b"\xff" * 40, b"\x0a\xff\xff\xff\xff\x7f", bytes(200)):
        yield "no RPC", [middle]
    topics = [[f"{n}-" + "t" * 40 for n in range(at, at + 4000)] for at in range(0, 100_000, 4000)]
    subscriptions = []
    for names in topics:
        rpc = rpc_pb2.RPC()
        for name in names:
            rpc.subscriptions.add(subscribe=True, topicid=name)
        subscriptions.append(rpc.SerializeToString())
    yield "subscriptions", subscriptions
    controls = []
    for n in range(20):
        rpc = rpc_pb2.RPC()
        for topic in (TOPIC, f"another {n}"):
            rpc.control.ihave.add(
                topicID=topic, messageIDs=[f"{n}-{i}-".encode() + bytes(80) for i in range(500)]
            )
            rpc.control.prune.add(topicID=topic, backoff=2**60)
            rpc.control.graft.add(topicID=topic)
        rpc.control.idontwant.add(messageIDs=[bytes(50_000)])
        rpc.control.prune[0].peers.add(peerID=b"nobody", signedPeerRecord=bytes(5000))
        controls.append(rpc.SerializeToString())
    yield "controls", controls
    fakes = [signed(presence % b"", n)[1] for n in range(FAKES)]
    yield (
        "fakes",
        [rpc_pb2.RPC(publish=fakes[n : n + 50]).SerializeToString() for n in range(0, FAKES, 50)],
    )


async def gossip(stack: AsyncExitStack, address: str, protocol: str) -> None:
    """Say what nobody should keep, each kind on a gossip stream of its own."""
    host = await connect(stack, address)
    peer = info_from_p2p_addr(Multiaddr(address)).peer_id
    for what, frames in gossip_attacks():
        stream = await host.new_stream(peer, [TProtocol("/meshsub/1.1.0")])
        with suppress(Exception):
            with trio.fail_after(20):
                for frame in frames:
                    await stream.write(encode_varint_prefixed(frame))
                await stream.close()
        emit(event="said", what=what)
    emit(event="done", connected=bool(host.get_network().connections))


async def unfinished(stack: AsyncExitStack, address: str, protocol: str) -> None:
    """Begin lines and never end them: on many streams, under several names."""
    await begin_lines(stack, address, protocol, names=4, streams=100, length=100_000)


async def unfinished_by_ten(stack: AsyncExitStack, address: str, protocol: str) -> None:
    """The same in earnest."""
    await begin_lines(stack, address, protocol, names=10, streams=120, length=150_000)


async def begin_lines(
    stack: AsyncExitStack, address: str, protocol: str, *, names: int, streams: int, length: int
) -> None:
    """Begin a line of that length on so many streams of so many hosts."""
    peer = info_from_p2p_addr(Multiaddr(address)).peer_id
    sent = 0
    for _ in range(names):
        host = await connect(stack, address)
        for _ in range(streams):
            with suppress(Exception):
                with trio.fail_after(5):
                    stream = await host.new_stream(peer, [TProtocol(protocol)])
                    await stream.write(b"x" * length)
                sent += length
    emit(event="sent", sent=sent)


async def announced(stack: AsyncExitStack, address: str, protocol: str) -> None:
    """Announce a very long name of a protocol, and send as much of it as is taken."""
    host = await connect(stack, address)
    peer = info_from_p2p_addr(Multiaddr(address)).peer_id
    sent = 0
    for _ in range(20):
        with suppress(Exception):
            conn = host.get_network().get_connections(peer)[0].muxed_conn
            stream = await conn.open_stream()
            await stream.write(b"\xff\xff\xff\xff\x0f")
            with trio.move_on_after(1):
                for _ in range(200):
                    await stream.write(FRAME)
                    sent += len(FRAME)
    emit(event="sent", sent=sent)


async def main() -> None:
    """Do what the command line says."""
    what, address, protocol = sys.argv[1:]
    emit(event="ready", peer="", addresses=[])
    async with AsyncExitStack() as stack:
        work = {
            "flood": flood,
            "leftovers": leftovers,
            "streams": streams,
            "connections": connections,
            "gossip": gossip,
            "unfinished": unfinished,
            "unfinished_by_ten": unfinished_by_ten,
            "announced": announced,
        }
        await work[what](stack, address, protocol)
        await trio.to_thread.run_sync(sys.stdin.read)


if __name__ == "__main__":
    trio.run(main)
