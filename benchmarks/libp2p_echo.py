# SPDX-License-Identifier: MIT
"""py-libp2p by itself: an echo over one stream, a process at each end.

``python -m benchmarks.libp2p_echo`` prints its multiaddr and echoes; with MULTIADDR, SECONDS and
COUNT it measures against that one and prints a line of JSON: half round trips in ms at 50 a
second (``half_ms``), then ``count`` messages, each a write of its own, as fast as a window lets
through (``seconds``; ``cpu_us`` is this process's processor time per message).
"""

from __future__ import annotations

import json
import sys
import time
from contextlib import AsyncExitStack
from typing import Any

import trio
from libp2p import new_host
from libp2p.crypto.ed25519 import create_new_key_pair
from libp2p.peer.peerinfo import info_from_p2p_addr
from multiaddr import Multiaddr

from benchmarks.load import PER_SECOND, STALL_SECONDS, WINDOW

PROTOCOL: Any = "/bare-echo/1"
MESSAGE = b'{"type":"position","x":100000,"y":7.5}\n'


async def echo(stream: Any) -> None:
    """Write back whatever comes."""
    while data := await stream.read(65536):
        await stream.write(data)


async def half_round_trips(stream: Any, seconds: float) -> list[float]:
    """In ms, at 50 messages a second."""
    taken = []
    for _ in range(max(2, int(seconds * PER_SECOND))):
        start = time.perf_counter()
        await stream.write(MESSAGE)
        await _read(stream, len(MESSAGE))
        taken.append((time.perf_counter() - start) * 500)
        await trio.sleep(max(0.0, start + 1 / PER_SECOND - time.perf_counter()))
    return taken


async def through(stream: Any, count: int) -> float:
    """The seconds that ``count`` messages take there and back."""
    room = trio.Semaphore(WINDOW)

    async def receive() -> None:
        got = 0
        while got < count * len(MESSAGE):
            before = got // len(MESSAGE)
            got += await _read(stream, 1)
            for _ in range(got // len(MESSAGE) - before):
                room.release()

    start = time.perf_counter()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(receive)
        for _ in range(count):
            await room.acquire()
            await stream.write(MESSAGE)
    return time.perf_counter() - start


async def _read(stream: Any, least: int) -> int:
    """Read at least so many bytes; how many it were."""
    got = 0
    with trio.fail_after(STALL_SECONDS):
        while got < least:
            data = await stream.read(65536)
            if not data:
                raise EOFError("the stream has ended")
            got += len(data)
    return got


async def main(remote: str | None, seconds: float, count: int) -> None:
    """Echo until killed, or measure."""
    listen = [Multiaddr("/ip4/127.0.0.1/tcp/0")]
    host = new_host(create_new_key_pair(), muxer_preference="YAMUX", listen_addrs=listen)
    host.set_stream_handler(PROTOCOL, echo)
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(host.run(listen))
        if remote is None:
            print(host.get_addrs()[0], flush=True)
            await trio.sleep_forever()
        info = info_from_p2p_addr(Multiaddr(remote))
        await host.connect(info)
        stream = await host.new_stream(info.peer_id, [PROTOCOL])
        await through(stream, count // 4)
        half = await half_round_trips(stream, seconds)
        used = time.process_time()
        took = await through(stream, count)
        used = time.process_time() - used
        print(json.dumps({"half_ms": half, "seconds": took, "cpu_us": used / count * 1e6}))
        sys.stdout.flush()
        await trio.sleep_forever()


if __name__ == "__main__":
    if len(sys.argv) > 1:
        trio.run(main, sys.argv[1], float(sys.argv[2]), int(sys.argv[3]))
    else:
        trio.run(main, None, 0.0, 0)
