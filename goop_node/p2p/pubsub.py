# SPDX-License-Identifier: MIT
"""The library's pubsub behind a border: it sees what belongs to presence, at a peer's pace."""

from __future__ import annotations

import logging
from typing import Any

import trio
from libp2p.network.stream.exceptions import StreamError
from libp2p.peer.id import ID
from libp2p.pubsub.pb import rpc_pb2
from libp2p.pubsub.pubsub import Pubsub
from libp2p.utils.varint import read_varint_prefixed_bytes_limited

from goop_node.p2p import limits
from goop_node.p2p.containment import complain, contained
from goop_node.p2p.gossip_border import admit
from goop_node.p2p.gossip_bounds import BoundedGossipSub, Seen
from goop_node.p2p.pace import Pace

log = logging.getLogger(__name__)


class FaithfulPubsub(Pubsub):
    """The library's, but what a peer subscribed to lasts as long as any connection to it.

    A peer says it once. The library forgets it with the stream on which it tells the peer
    things: when one of two connections ends, that peer would be told nothing any more.
    """

    def __init__(self, host: Any, router: BoundedGossipSub) -> None:
        super().__init__(host, router, strict_signing=True, validation_cache_size=1)
        self.seen_messages.stop()  # it has a thread of its own
        seen: Any = Seen()
        self.seen_messages = seen
        self._router = router
        self._inbound: dict[ID, Any] = {}
        self._paces: dict[ID, Pace] = {}
        self._reaching: set[ID] = set()
        self._writing = 0
        self._written = trio.Event()

    async def continuously_read_stream(self, stream: Any) -> None:
        """Read a peer's RPCs until its stream ends; a peer has one such stream, the newest."""
        peer_id = stream.muxed_conn.peer_id
        before, self._inbound[peer_id] = self._inbound.get(peer_id), stream
        if before is not None:
            await before.reset()
        try:
            while True:
                await self._take(peer_id, stream)
        except StreamError as error:
            log.debug("a gossip stream of %s ended: %r", peer_id, error)
        except Exception as error:
            log.debug("gossip of %s: %r", peer_id, error)
            await stream.reset()
        finally:
            if self._inbound.get(peer_id) is stream:
                del self._inbound[peer_id]

    async def _take(self, peer_id: ID, stream: Any) -> None:
        """One RPC. Raises what ends the stream; waits where the peer is ahead of its pace."""
        frame = await read_varint_prefixed_bytes_limited(stream, limits.RPC_BYTES)
        rpc = admit(frame)
        name = peer_id.to_base58()
        cost = max(len(frame), limits.RPC_COST)
        for message in rpc.publish:
            if not self._is_msg_seen(message):
                cost += limits.MESSAGE_COST
                await contained("a message", name, self.push_msg, peer_id, message)
        for subscription in rpc.subscriptions:
            cost += limits.SUBSCRIPTION_COST
            self.handle_subscription(peer_id, subscription)
        if rpc.HasField("control"):
            await contained("gossip control", name, self.router.handle_rpc, rpc, peer_id)
        pace = self._paces.setdefault(peer_id, Pace(limits.GOSSIP_RATE, limits.GOSSIP_BURST))
        await trio.sleep(pace.spend(cost, trio.current_time()))

    async def _handle_new_peer_with_retry(self, peer_id: ID, timeout: float | None = None) -> None:
        """As the library's, but once at a time for a peer, however often it connects."""
        if peer_id in self._reaching:
            return
        self._reaching.add(peer_id)
        try:
            await super()._handle_new_peer_with_retry(peer_id, timeout)
        finally:
            self._reaching.discard(peer_id)

    async def write_msg(self, stream: Any, rpc_msg: rpc_pb2.RPC) -> bool:
        """Write one RPC to a peer; whether its stream was still there."""
        self._writing += 1
        try:
            return await super().write_msg(stream, rpc_msg)
        finally:
            self._writing -= 1
            self._look_at_queues()

    def _look_at_queues(self) -> None:
        self._written.set()
        self._written = trio.Event()

    async def all_sent(self) -> None:
        """Wait until no peer has anything of ours still to take."""
        while self._writing or any(map(len, self.peer_queues.values())):
            await self._written.wait()

    def notify_subscriptions(self, publish_message: rpc_pb2.Message) -> None:
        """Messages are heard by the topic's validator, which knows who passed them on."""

    def _forget_all_subscriptions(self, peer_id: ID) -> None:
        if not self._peer_is_connected(peer_id):
            super()._forget_all_subscriptions(peer_id)

    def _handle_dead_peer(self, peer_id: ID) -> None:
        """A part of the loop that learns of every peer's end: none may end the loop."""
        try:
            super()._handle_dead_peer(peer_id)
        except Exception as error:
            complain("forgetting its gossip", peer_id.to_base58(), error)
        self._look_at_queues()

    def mend(self) -> None:
        """Begin anew where a connection has ended: else the next message would be lost there.

        And let go of whom no connection leads to any more.
        """
        for peer_id, stream in list(self.peers.items()):
            if stream.muxed_conn.is_closed:
                self._handle_dead_peer(peer_id)
        known = {*self._paces, *(one for peers in self.peer_topics.values() for one in peers)}
        for peer_id in known:
            if not self._peer_is_connected(peer_id):
                self._paces.pop(peer_id, None)
                super()._forget_all_subscriptions(peer_id)
        self._router.sweep(self._peer_is_connected)

    def streams_of(self, topic: str) -> set[Any]:
        """The streams on which its subscribers are told."""
        subscribers = self.peer_topics.get(topic, ())
        return {self.peers[peer_id] for peer_id in subscribers if peer_id in self.peers}
