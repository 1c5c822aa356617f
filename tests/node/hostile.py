# SPDX-License-Identifier: MIT
"""A peer that breaks the rules of the muxer, in a process of its own.

``python hostile.py WHAT ADDRESS PROTOCOL``; it prints what came of it and waits for the end of
its stdin.
"""

from __future__ import annotations

import json
import logging
import struct
import sys
from contextlib import AsyncExitStack
from typing import Any

import trio
from libp2p import new_host
from libp2p.custom_types import TProtocol
from libp2p.peer.peerinfo import info_from_p2p_addr
from libp2p.stream_muxer.yamux.yamux import TYPE_DATA, YAMUX_HEADER_FORMAT
from multiaddr import Multiaddr

FRAME = bytes(64 * 1024)
FLOOD = 300 * 1024 * 1024
STREAMS = 300
HOSTS = 12

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
        }
        await work[what](stack, address, protocol)
        await trio.to_thread.run_sync(sys.stdin.read)


if __name__ == "__main__":
    trio.run(main)
