# SPDX-License-Identifier: MIT
"""Of a connection that has ended nothing is left: no task, no stream, no connection."""

from __future__ import annotations

import gc
import socket
import struct
import weakref
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import pytest
import trio
import trio.testing
from libp2p import new_host
from libp2p.crypto.ed25519 import create_new_key_pair
from libp2p.custom_types import TProtocol
from libp2p.network.connection.swarm_connection import SwarmConn
from libp2p.network.stream.exceptions import StreamError
from libp2p.network.stream.net_stream import NetStream
from libp2p.peer.id import ID
from libp2p.peer.peerinfo import PeerInfo
from libp2p.protocol_muxer.multiselect_communicator import MultiselectCommunicator
from libp2p.stream_muxer.yamux.yamux import FLAG_SYN, TYPE_DATA, YAMUX_HEADER_FORMAT, YamuxStream
from multiaddr import Multiaddr

from goop_node.p2p import limits
from goop_node.p2p.containment import contained, serving
from goop_node.p2p.dialler import ToldTCP
from goop_node.p2p.gossip import PROTOCOLS
from goop_node.p2p.gossip_bounds import BoundedGossipSub
from goop_node.p2p.library_host import make_host
from goop_node.p2p.lines import Lines
from goop_node.p2p.presence import TOPIC
from goop_node.p2p.pubsub import FaithfulPubsub
from goop_node.p2p.read_ahead import read_ahead
from goop_node.p2p.yamux_guard import GuardedYamux
from tests.limits import HANG
from tests.unit.test_lines_end import Ticks

GOSSIP = TProtocol("/meshsub/1.1.0")
LINES = TProtocol("/test/lines")
PAUSED = TProtocol("/test/paused")
UNSTARTED = TProtocol("/test/unstarted")
KINDS = (SwarmConn, GuardedYamux, NetStream, YamuxStream)


class Exits(trio.abc.Instrument):
    """Tells when a task has ended."""

    def __init__(self) -> None:
        self.next = trio.Event()

    def task_exited(self, task: Any) -> None:
        """One more."""
        self.next.set()
        self.next = trio.Event()


@dataclass
class Ours:
    """Our host with its gossip, and what it made for connections."""

    host: Any
    pubsub: FaithfulPubsub
    nursery: trio.Nursery
    exits: Exits = field(default_factory=Exits)
    made: list[weakref.ref[Any]] = field(default_factory=list)

    @property
    def network(self) -> Any:
        """Its connections."""
        return self.host.get_network()

    @property
    def address(self) -> Multiaddr:
        """Where it listens."""
        return Multiaddr(str(self.host.get_addrs()[0]).split("/p2p/")[0])

    def note(self) -> int:
        """Keep an eye on everything that belongs to a connection of ours; how much it is."""
        found = [
            one for one in gc.get_objects() if issubclass(type(one), KINDS) and self._is_ours(one)
        ]
        self.made = [weakref.ref(one) for one in found]
        return len(self.made)

    def _is_ours(self, one: Any) -> bool:
        muxed = one if isinstance(one, GuardedYamux) else one.muxed_conn
        return isinstance(muxed, GuardedYamux)

    async def until(self, true: Callable[[], bool]) -> None:
        """Wait for tasks to end until something is so."""
        with trio.fail_after(HANG):
            while not true():
                await self.exits.next.wait()

    def left(self) -> list[Any]:
        """What of it is still there."""
        gc.collect()
        return [one for made in self.made if (one := made()) is not None]

    def tasks(self) -> set[Any]:
        """Every task of our host."""
        found: set[Any] = set()
        unseen = [self.nursery]
        while unseen:
            for task in unseen.pop().child_tasks:
                found.add(task)
                unseen.extend(task.child_nurseries)
        return found


@asynccontextmanager
async def ours() -> AsyncIterator[Ours]:
    """Our host, listening."""
    host: Any = make_host(create_new_key_pair(), ToldTCP(), 5.0, lambda peer_id, protocol: True)
    read_ahead(host)
    router = BoundedGossipSub(
        protocols=PROTOCOLS, degree=6, degree_low=4, degree_high=12, heartbeat_interval=1
    )
    pubsub = FaithfulPubsub(host, router)

    async def lines(stream: Any) -> None:
        any_ticks: Any = Ticks()
        one = Lines(stream, "peer", LINES, 1000, any_ticks)
        if stream.get_protocol() != UNSTARTED:
            one.start(lambda got: None, lambda code: None)
        if stream.get_protocol() == PAUSED:
            one.pause()
            one.write(b"x" * 300_000)  # more than the peer takes
        await one.serve()

    for protocol in (LINES, PAUSED, UNSTARTED):
        host.set_stream_handler(protocol, lines)

    async def serve(task_status: trio.TaskStatus[None]) -> None:
        async with (
            host.listening([Multiaddr("/ip4/127.0.0.1/tcp/0")]),
            serving(pubsub),
            serving(router),
        ):
            await pubsub.wait_until_ready()
            await pubsub.subscribe(TOPIC)
            task_status.started()
            await trio.sleep_forever()

    async with trio.open_nursery() as nursery:
        await nursery.start(serve)
        one = Ours(host, pubsub, nursery)
        trio.lowlevel.add_instrument(one.exits)
        yield one
        nursery.cancel_scope.cancel()


class Peer:
    """A peer of the library as it comes, with one connection to ours."""

    def __init__(self, host: Any, to: ID) -> None:
        self.host = host
        self.to = to

    async def streams(self) -> None:
        """Open one of every kind, and have something said on each."""
        (conn,) = self.host.get_network().get_connections(self.to)
        for protocol in (GOSSIP, GOSSIP, LINES, PAUSED, UNSTARTED):
            stream = await self.open(conn, protocol)
            if protocol != GOSSIP:
                await stream.write(b"a line\nhalf a")
        await conn.new_stream()

    async def open(self, conn: Any, protocol: TProtocol) -> Any:
        """A stream of one of its connections, on which the protocol has been agreed."""
        stream = await conn.new_stream()
        said = MultiselectCommunicator(stream)
        await self.host.multiselect_client.select_one_of([protocol], said)
        return stream

    @property
    def muxed(self) -> Any:
        """The connection."""
        return self.host.get_network().get_connections(self.to)[0].muxed_conn


@asynccontextmanager
async def connected(one: Ours) -> AsyncIterator[Peer]:
    """A peer that has connected with ours."""
    host: Any = new_host(key_pair=create_new_key_pair(), muxer_preference="YAMUX")

    async def listen(stream: Any) -> None:
        while await stream.read(1000):
            pass

    host.set_stream_handler(GOSSIP, listen)
    async with host.run([]):
        await host.connect(PeerInfo(one.host.get_id(), one.host.get_addrs()))
        yield Peer(host, one.host.get_id())


def ours_with(one: Ours, peer: Peer) -> Any:
    return one.network.get_connections(peer.host.get_id())[0].muxed_conn


async def they_say_goodbye(one: Ours, peer: Peer) -> None:
    await peer.host.get_network().close_peer(peer.to)


async def we_say_goodbye(one: Ours, peer: Peer) -> None:
    await one.network.close_peer(peer.host.get_id())


async def they_are_cut_off(one: Ours, peer: Peer) -> None:
    found = peer.muxed.secured_conn
    while not isinstance(found, trio.SocketStream):
        found = next(getattr(found, name) for name in ("conn", "stream") if hasattr(found, name))
    found.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    await found.aclose()


async def they_send_too_much(one: Ours, peer: Peer) -> None:
    header = (0, TYPE_DATA, FLAG_SYN, 1001, 2 * limits.MAX_WINDOW)
    await peer.muxed._write_frame(struct.pack(YAMUX_HEADER_FORMAT, *header))


async def they_make_us_hold_too_much(one: Ours, peer: Peer) -> None:
    muxed = ours_with(one, peer)
    muxed._dropped = limits.MAX_DROPPED
    one.network.upgrader.muxer_multistream.budget._each = 100
    for _ in range(2):
        stream = await peer.host.get_network().new_stream(peer.to)
        with suppress(StreamError):
            await stream.write(bytes(101))
    await muxed.event_closed.wait()


async def they_are_silent(one: Ours, peer: Peer) -> None:
    muxed = ours_with(one, peer)
    while not muxed.is_closed:
        await muxed._prove(0.0)


WAYS = [
    they_say_goodbye,
    we_say_goodbye,
    they_are_cut_off,
    they_send_too_much,
    they_make_us_hold_too_much,
    they_are_silent,
]


@pytest.mark.parametrize("end", WAYS)
def test_nothing_is_left(end: Callable[[Ours, Peer], Awaitable[None]]) -> None:
    async def run() -> None:
        async with ours() as one:
            before = one.tasks()
            async with connected(one) as peer:
                await peer.streams()
                muxed = ours_with(one, peer)
                while muxed.stream_backlog_semaphore.value:
                    muxed.stream_backlog_semaphore.acquire_nowait()
                one.nursery.start_soon(contained, "a stream", "peer", muxed.open_stream)
                del muxed
                await trio.testing.wait_all_tasks_blocked()
                assert one.note() > 10
                await end(one, peer)
                await one.until(lambda: one.tasks() <= before)
                assert not one.left()

    trio.run(run)


def test_a_newer_connection_holds_nothing_of_an_older_one() -> None:
    async def run() -> None:
        async with ours() as one:
            standing = one.tasks()
            async with connected(one) as peer:
                await peer.streams()
                await trio.testing.wait_all_tasks_blocked()
                assert one.note() > 10
                its = one.tasks() - standing
                ended = ours_with(one, peer).event_closed
                network = peer.host.get_network()
                await network.dial_addr(one.address, peer.to)
                older, newer = network.get_connections(peer.to)
                await peer.open(newer, GOSSIP)
                await trio.testing.wait_all_tasks_blocked()
                await older.close()
                await ended.wait()
                one.pubsub.mend()
                await one.until(lambda: not its & one.tasks())
                assert not one.left()
                assert not newer.is_closed

    trio.run(run)
