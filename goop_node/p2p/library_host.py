# SPDX-License-Identifier: MIT
"""The library's host, put together from what is needed here, with each peer's work contained.

Noise only: the library's own choice would also take connections in plain text, on which a peer
is whoever it says it is.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import Any, NoReturn

from libp2p.abc import IRawConnection
from libp2p.crypto.keys import KeyPair
from libp2p.crypto.x25519 import create_new_key_pair
from libp2p.custom_types import StreamHandlerFn, TProtocol
from libp2p.host.basic_host import BasicHost
from libp2p.identity.identify_push.identify_push import ID_PUSH
from libp2p.network.auto_connector import AutoConnector
from libp2p.network.config import RetryConfig
from libp2p.network.exceptions import SwarmException
from libp2p.network.swarm import Swarm
from libp2p.peer.id import ID
from libp2p.peer.peerstore import PeerStore
from libp2p.security.noise.transport import PROTOCOL_ID as NOISE
from libp2p.security.noise.transport import Transport as Noise
from libp2p.stream_muxer.yamux.yamux import PROTOCOL_ID as YAMUX
from libp2p.transport.tcp.tcp import TCP
from libp2p.transport.upgrader import TransportUpgrader
from multiaddr import Multiaddr

from goop_node.p2p import limits
from goop_node.p2p.containment import contained, peer_of, serving
from goop_node.p2p.guarded_streams import negotiated
from goop_node.p2p.guest_ticks import GuestTicks
from goop_node.p2p.muxers import Muxers
from goop_node.p2p.proposing import Answering, Proposing, proposal
from goop_node.p2p.yamux_guard import GuardedYamux


class NoConnector(AutoConnector):
    """Stays as it is before its start: the library's dials every address that a peer has put
    into the address book, until there are as many connections as it would like."""

    async def start(self) -> None:
        """Nothing begins."""

    def record_disconnect(self, peer_id: ID) -> None:
        """Who has gone need not be known."""


class Handshakes:
    """Inbound connections of which nobody knows yet who they are.

    Where there are too many, the one that has taken longest makes room: who only knocks keeps
    nobody out.
    """

    def __init__(self) -> None:
        self._under_way: dict[IRawConnection, None] = {}

    @contextmanager
    def one(self, conn: IRawConnection) -> Iterator[None]:
        """The handshake on ``conn`` within the block; one that is cut fails of itself."""
        if len(self._under_way) >= limits.HANDSHAKES:
            oldest: Any = next(iter(self._under_way))
            del self._under_way[oldest]
            oldest.stream.stream.socket.close()
        self._under_way[conn] = None
        try:
            yield
        finally:
            self._under_way.pop(conn, None)


class OurSwarm(Swarm):
    """Gives back an inbound connection's place when it ends: the library when the host does."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.auto_connector = NoConnector(self)
        self._handshakes = Handshakes()

    async def upgrade_inbound_raw_conn(
        self, raw_conn: IRawConnection, maddr: Multiaddr
    ) -> NoReturn:
        """Let a connection in, and see it to its end. Raises ``SwarmException``, always."""
        with self._handshakes.one(raw_conn):
            muxed: Any = await super().upgrade_inbound_raw_conn(raw_conn, maddr)
        await muxed.event_closed.wait()
        raise SwarmException("an inbound connection has ended")


class ContainedHost(BasicHost):
    """A host on which no stream can end more than itself, or begin without being let in.

    It takes no introductions (identify) of peers: what they would put into its address book is
    needed nowhere, and kept for good. It introduces itself to those who ask.
    """

    def __init__(self, lets_in: Callable[[str, str | None], bool], **options: Any) -> None:
        """``lets_in`` decides for each stream of a peer, by the peer's id and the protocol."""
        super().__init__(**options)
        self._lets_in = lets_in
        self.multiselect = Answering(dict(self.multiselect.handlers))
        self.multiselect_client = Proposing()
        self.remove_stream_handler(ID_PUSH)
        for protocol, handler in list(self.multiselect.handlers.items()):
            if protocol is not None and handler is not None:
                self.set_stream_handler(protocol, handler)

    def set_stream_handler(self, protocol_id: TProtocol, stream_handler: StreamHandlerFn) -> None:
        """Serve a protocol, to those who are let in."""

        async def admitted(stream: Any) -> None:
            if self._lets_in(stream.muxed_conn.peer_id.to_base58(), protocol_id):
                negotiated(stream)
                await stream_handler(stream)
            else:
                await stream.reset()

        super().set_stream_handler(protocol_id, admitted)

    async def early_stream(self, peer_id: ID, protocol: str) -> tuple[Any, bytes] | None:
        """A stream on which nothing is agreed on yet, as it need not be: on all of its connections
        the peer has spoken that protocol. With it what is to be sent first, and comes back.
        ``None`` where the peer has not."""
        known: Any = self._network
        connections = known.get_connections(peer_id)
        if not connections or any(protocol not in one.muxed_conn.spoken for one in connections):
            return None
        stream = await self._network.new_stream(peer_id)
        stream.set_protocol(TProtocol(protocol))
        return stream, proposal(protocol)

    def _should_identify_peer(self, peer_id: ID) -> bool:
        return False

    def hang_up(self) -> None:
        """Close the sockets that are not the library's any more. May be called from asyncio."""
        self._network.upgrader.muxer_multistream.hang_up()  # type: ignore[attr-defined]

    @asynccontextmanager
    async def listening(self, addresses: Sequence[Multiaddr]) -> AsyncIterator[None]:
        """Run and listen while the block runs."""
        async with serving(self._network):  # type: ignore[arg-type]
            await self._network.listen(*addresses)
            yield

    async def _swarm_stream_handler(self, net_stream: Any) -> None:
        """Every stream that a peer opens, from its negotiation to its end."""
        who = peer_of(self._swarm_stream_handler, net_stream)
        if not await contained("a stream", who, super()._swarm_stream_handler, net_stream):
            await contained("the end of a stream", who, net_stream.reset)


def make_host(
    pair: KeyPair,
    tcp: TCP,
    dial_seconds: float,
    lets_in: Callable[[str, str | None], bool],
    ticks: GuestTicks | None = None,
) -> ContainedHost:
    """A host that does not listen yet. It dials once when it is told to, and never again.

    ``lets_in`` decides for each connection with a peer (``None``), and for each protocol. With
    ``ticks``, connections go on without trio once they are made.
    """
    noise = Noise(pair, noise_privkey=create_new_key_pair().private_key)
    peer_id = ID.from_pubkey(pair.public_key)
    peers = PeerStore()
    peers.add_key_pair(peer_id, pair)
    swarm = OurSwarm(
        peer_id,
        peers,
        TransportUpgrader({TProtocol(NOISE): noise}, {TProtocol(YAMUX): GuardedYamux}),
        [tcp],
        retry_config=RetryConfig(max_retries=0),
        connection_config=limits.connections(dial_seconds),
    )
    swarm.upgrader.muxer_multistream = Muxers(lambda peer_id: lets_in(peer_id, None), ticks)
    return ContainedHost(
        lets_in,
        network=swarm,
        resource_manager=limits.resources(),
        disable_identify_address_discovery=True,
    )
