# SPDX-License-Identifier: MIT
"""A peer that says whatever a test has it say, beside the nodes of the same process."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import trio
from libp2p.crypto.ed25519 import create_new_key_pair
from libp2p.crypto.keys import KeyPair
from libp2p.custom_types import TProtocol
from libp2p.peer.id import ID
from libp2p.pubsub.pb import rpc_pb2
from libp2p.pubsub.validators import PUBSUB_SIGNING_PREFIX
from libp2p.utils import encode_varint_prefixed
from multiaddr import Multiaddr

from goop_node.p2p import presence
from goop_node.p2p.addresses import Address, with_peer_id
from goop_node.p2p.dialler import ToldTCP
from goop_node.p2p.guest import Guest
from goop_node.p2p.library_host import make_host
from goop_node.p2p.read_ahead import read_ahead

GOSSIP = "/meshsub/1.1.0"
PATIENCE = 5.0
"""Seconds that a stranger spends on one thing."""


class Stranger:
    """One libp2p host without manners. Its methods are awaited on asyncio."""

    def __init__(self, guest: Guest, pair: KeyPair) -> None:
        self.port = 0
        """The node's, and its address."""
        self.called = ""
        self._guest = guest
        self._pair = pair
        self._id = ID.from_pubkey(pair.public_key)
        self._tcp = ToldTCP()
        self._host: Any = make_host(pair, self._tcp, PATIENCE, lambda peer_id, protocol: True)
        self._seqno = time.time_ns()
        self._gossip: Any = None
        self._node: ID | None = None

    @property
    def peer_id(self) -> str:
        """Its id in base58."""
        return self._id.to_base58()

    async def connect(self, address: str) -> None:
        """Connect with a node; everything that follows is for it."""
        found = with_peer_id(address)
        assert found is not None
        self.port, self.called = found[1].port, address
        self._node = node = ID.from_base58(found[0])

        async def dial() -> None:
            with self._tcp.wanting(found[1]):
                await self._host.get_network().dial_addr(Multiaddr(str(found[1])), node)

        await self.do(dial)
        self._gossip = None

    @property
    def address(self) -> Address:
        """Where it can be called."""
        found = with_peer_id(str(self._host.get_addrs()[0]))
        assert found is not None
        return found[1]

    def is_called_by(self, peer_id: str) -> None:
        """A node has connected with it; everything that follows is for that one."""
        self._node = ID.from_base58(peer_id)

    def serves(self, protocol: str, answer: Callable[[Any], Awaitable[None]]) -> None:
        """Answer streams of a protocol that the node opens; ``answer`` runs on trio."""
        self._host.set_stream_handler(TProtocol(protocol), answer)

    async def disconnect(self) -> None:
        """Hang up."""
        await self.do(self._host.get_network().close_peer, self._node)

    async def open(self, protocol: str) -> Any:
        """A stream on which the protocol has been agreed."""
        return await self.do(self._host.new_stream, self._node, [TProtocol(protocol)])

    async def open_bare(self) -> Any:
        """A stream on which nothing has been said."""
        return await self.do(self._host.get_network().new_stream, self._node)

    async def bytes(self, data: bytes) -> None:
        """Write something on the connection itself, in place of a frame of the muxer."""
        (conn, *_) = self._host.get_network().get_connections(self._node)
        await self.do(conn.muxed_conn._write_frame, data)

    async def write(self, stream: Any, data: bytes) -> None:
        """Write on a stream."""
        await self.do(stream.write, data)

    async def end(self, stream: Any, *, reset: bool = False) -> None:
        """Close a stream, or reset it."""
        await self.do(stream.reset if reset else stream.close)

    async def gossip(self, rpc: bytes) -> None:
        """Send the bytes as one message of the gossip protocol."""
        if self._gossip is None:
            self._gossip = await self.open(GOSSIP)
        await self.write(self._gossip, encode_varint_prefixed(rpc))

    def signed(self, data: bytes, **fields: Any) -> rpc_pb2.Message:
        """A message of ours on the presence topic; ``fields`` go in before it is signed."""
        self._seqno += 1
        own = {
            "data": data,
            "topicIDs": [presence.TOPIC],
            "from_id": self._id.to_bytes(),
            "seqno": self._seqno.to_bytes(8, "big"),
        }
        message = rpc_pb2.Message(**(own | fields))
        payload = PUBSUB_SIGNING_PREFIX.encode() + message.SerializeToString()
        message.signature = self._pair.private_key.sign(payload)
        message.key = self._pair.public_key.serialize()
        return message

    async def says(self, **fields: Any) -> None:
        """Tell the node a presence; ``fields`` replace those of a usual one."""
        usual = {"type": "online", "peerId": self.peer_id, "content": "x", "addrs": [], "ts": 1}
        data = json.dumps(usual | fields).encode()
        await self.gossip(rpc_pb2.RPC(publish=[self.signed(data)]).SerializeToString())

    async def do(self, work: Any, *args: Any) -> Any:
        """Have something done on trio, and wait for it as long as a stranger waits."""
        async with asyncio.timeout(PATIENCE):
            return await self._guest.run(work, *args)

    async def _live(self, ready: asyncio.Future[None]) -> None:
        connections = read_ahead(self._host)
        try:
            async with self._host.listening([Multiaddr("/ip4/127.0.0.1/tcp/0")]):
                ready.set_result(None)
                await trio.sleep_forever()
        finally:
            connections.hang_up()


@asynccontextmanager
async def stranger(address: str = "") -> AsyncIterator[Stranger]:
    """A stranger, connected with the node at ``address``."""
    guest = await Guest.acquire()
    one = Stranger(guest, create_new_key_pair())
    ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    life = asyncio.create_task(guest.run(one._live, ready))
    try:
        await ready
        if address:
            await one.connect(address)
        yield one
    finally:
        life.cancel()
        with contextlib.suppress(BaseException):
            await life
        await guest.release()
