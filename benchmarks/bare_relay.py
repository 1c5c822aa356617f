# SPDX-License-Identifier: MIT
"""The yardstick: WebSocket → libp2p stream → WebSocket, coalescing, and nothing else.

``python -m benchmarks.bare_relay PORT [MULTIADDR]`` prints its multiaddr, dials the other one if
given, and passes on whatever its one WebSocket and its one stream say.
"""

from __future__ import annotations

import asyncio
import sys
from typing import Any

import trio
import uvicorn
import uvloop
from libp2p import new_host
from libp2p.crypto.ed25519 import create_new_key_pair
from libp2p.peer.peerinfo import info_from_p2p_addr
from multiaddr import Multiaddr

PROTOCOL: Any = "/bare-relay/1"


class Relay:
    """One side: at most one page, one stream."""

    def __init__(self) -> None:
        self.out = bytearray()
        self.wake = trio.Event()
        self.page: asyncio.Queue[str] = asyncio.Queue()

    async def app(self, scope: Any, receive: Any, send: Any) -> None:
        """The WebSocket."""
        await receive()
        await send({"type": "websocket.accept"})
        writer = asyncio.create_task(self.to_page(send))
        while (message := await receive())["type"] == "websocket.receive":
            self.out += message["text"].encode() + b"\n"
            self.wake.set()
        writer.cancel()

    async def to_page(self, send: Any) -> None:
        """What the stream said, to the page."""
        while True:
            await send({"type": "websocket.send", "text": await self.page.get()})

    async def stream(self, stream: Any) -> None:
        """Both directions of the stream."""
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self.to_stream, stream)
            rest = b""
            while chunk := await stream.read(65536):
                *lines, rest = (rest + chunk).split(b"\n")
                for line in lines:
                    self.page.put_nowait(line.decode())

    async def to_stream(self, stream: Any) -> None:
        """Whatever has gathered, in one write."""
        while True:
            await self.wake.wait()
            self.wake = trio.Event()
            data, self.out = bytes(self.out), bytearray()
            await stream.write(data)

    async def peer(self, remote: str | None) -> None:
        """The libp2p side, on trio."""
        listen = [Multiaddr("/ip4/127.0.0.1/tcp/0")]
        host = new_host(create_new_key_pair(), muxer_preference="YAMUX", listen_addrs=listen)
        host.set_stream_handler(PROTOCOL, self.stream)
        async with host.run(listen):
            print(host.get_addrs()[0], flush=True)
            if remote is not None:
                info = info_from_p2p_addr(Multiaddr(remote))
                await host.connect(info)
                await self.stream(await host.new_stream(info.peer_id, [PROTOCOL]))
            await trio.sleep_forever()


async def main(port: int, remote: str | None) -> None:
    """Serve until killed."""
    loop = asyncio.get_running_loop()
    relay = Relay()
    trio.lowlevel.start_guest_run(
        relay.peer,
        remote,
        run_sync_soon_threadsafe=loop.call_soon_threadsafe,
        run_sync_soon_not_threadsafe=loop.call_soon,
        done_callback=print,
        host_uses_signal_set_wakeup_fd=True,
    )
    config = uvicorn.Config(
        relay.app, port=port, ws="wsproto", ws_per_message_deflate=False, lifespan="off",
        log_level="warning", interface="asgi3",
    )  # fmt: skip
    await uvicorn.Server(config).serve()


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else None))
