# SPDX-License-Identifier: MIT
"""A peer of the 1.0.0 protocols, by hand: it opens streams, writes and reports what it is told.

Run as a process. Commands come as JSON lines on stdin, reports leave as JSON lines on stdout:
``{"ev": "line", "n": stream, "at": ms, "line": {…}}``, ``{"ev": "stream" or "end", "n": …}``.
"""

from __future__ import annotations

import json
import os
import sys
import time
from typing import Any

import trio
from libp2p import new_host
from libp2p.crypto.ed25519 import create_new_key_pair
from libp2p.custom_types import TProtocol
from libp2p.peer.id import ID
from libp2p.peer.peerinfo import info_from_p2p_addr
from multiaddr import Multiaddr

GROUP = "/goop/group/1.0.0"
INVITE = "/goop/group-invite/1.0.0"


class Peer:
    """The peer's streams by number: odd ones are its own, even ones were opened to it."""

    def __init__(self, nursery: trio.Nursery) -> None:
        self.nursery = nursery
        self.host: Any = new_host(
            key_pair=create_new_key_pair(),
            muxer_preference="YAMUX",
            listen_addrs=[Multiaddr("/ip4/127.0.0.1/tcp/0")],
        )
        self.streams: dict[int, Any] = {}
        self.inbound = 0
        for protocol in (GROUP, INVITE):
            self.host.set_stream_handler(TProtocol(protocol), self.handler(protocol))

    def handler(self, protocol: str) -> Any:
        """What serves inbound streams of one protocol."""

        async def serve(stream: Any) -> None:
            self.inbound += 2
            number = self.inbound
            self.streams[number] = stream
            tell(ev="stream", n=number, protocol=protocol)
            await self.read(number, stream)

        return serve

    async def read(self, number: int, stream: Any) -> None:
        """Report the lines of a stream, and its end."""
        rest = b""
        try:
            while chunk := await stream.read(65536):
                *lines, rest = (rest + chunk).split(b"\n")
                at = time.monotonic() * 1000
                for line in lines:
                    tell(ev="line", n=number, at=at, line=json.loads(line))
            code = "eof"
        except Exception as error:
            code = "eof" if "EOF" in type(error).__name__ else "reset"
        tell(ev="end", n=number, code=code)

    async def obey(self, command: dict[str, Any]) -> None:
        """Carry out a command."""
        number = command.get("n", 0)
        match command["do"]:
            case "connect":
                await self.host.connect(info_from_p2p_addr(Multiaddr(command["addr"])))
                tell(ev="connected")
            case "open":
                peer = ID.from_base58(command["peer"])
                stream = await self.host.new_stream(peer, [TProtocol(command["protocol"])])
                self.streams[number] = stream
                self.nursery.start_soon(self.read, number, stream)
            case "write":
                data = b"".join(
                    (text if isinstance(text, str) else json.dumps(text)).encode() + b"\n"
                    for text in command["lines"]
                )
                await self.streams[number].write(data)
            case "close":
                await self.streams[number].close()
            case "reset":
                await self.streams[number].reset()


def tell(**event: Any) -> None:
    """Report."""
    sys.stdout.write(json.dumps(event) + "\n")
    sys.stdout.flush()


async def main() -> None:
    """Listen, say where, and obey until stdin ends."""
    async with trio.open_nursery() as nursery:
        peer = Peer(nursery)
        async with peer.host.run([Multiaddr("/ip4/127.0.0.1/tcp/0")]):
            tell(
                ev="ready",
                id=peer.host.get_id().to_base58(),
                addr=str(peer.host.get_addrs()[0]),
            )
            stdin = trio.lowlevel.FdStream(os.dup(0))
            rest = b""
            while chunk := await stdin.receive_some():
                *lines, rest = (rest + chunk).split(b"\n")
                for line in lines:
                    await peer.obey(json.loads(line))
            nursery.cancel_scope.cancel()


if __name__ == "__main__":
    trio.run(main)
