# SPDX-License-Identifier: MIT
"""GossipSub whose memory has bounds, whatever peers send.

Of the library's collections those that grow with messages are taken over here. The others grow
with topics and peers: there is one topic (see ``gossip_border.py``), and who is gone is swept.
"""

from __future__ import annotations

import time
from collections import OrderedDict, defaultdict, deque
from collections.abc import Callable, Iterable
from typing import Any

from libp2p.peer.id import ID
from libp2p.pubsub.gossipsub import GossipSub
from libp2p.pubsub.mcache import MessageCache
from libp2p.pubsub.pb import rpc_pb2

from goop_node.p2p import limits

GOSSIP_WINDOW = 3
GOSSIP_HISTORY = 5
"""Heartbeats for which a message is offered, and kept (GossipSub 1.1)."""


class Seen:
    """Ids of messages, the newest ``SEEN_MESSAGES``."""

    def __init__(self) -> None:
        self._ids: OrderedDict[bytes, None] = OrderedDict()

    def __len__(self) -> int:
        return len(self._ids)

    def add(self, message_id: bytes) -> bool:
        """Note an id; whether it is new."""
        new = message_id not in self._ids
        self._ids[message_id] = None
        if len(self._ids) > limits.SEEN_MESSAGES:
            self._ids.popitem(last=False)
        return new

    def has(self, message_id: bytes) -> bool:
        """Whether the id was noted."""
        return message_id in self._ids


class Recent(MessageCache):
    """The library's cache of recent messages, within ``RECENT_MESSAGES`` and ``RECENT_BYTES``."""

    def put(self, msg: rpc_pb2.Message) -> None:
        """Keep a message; where there is no room for it, it is forwarded but not kept."""
        held = sum(one.ByteSize() for one in self.msgs.values()) if self.msgs else 0
        if len(self.msgs) < limits.RECENT_MESSAGES and held + msg.ByteSize() <= limits.RECENT_BYTES:
            super().put(msg)


class BoundedGossipSub(GossipSub):
    """The library's router, without what it keeps beyond need.

    It does not adapt: that slows the heartbeat down, and with it the sweeping of everything.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(adaptive_gossip_enabled=False, max_pending_messages_per_peer=1, **options)
        self.mcache = Recent(GOSSIP_WINDOW, GOSSIP_HISTORY)
        nothing: Any = defaultdict(lambda: deque(maxlen=0))
        self.recent_message_deliveries = nothing
        self.tells_all = False
        """Whether our own messages go to everybody at once, not to our mesh alone."""

    def _get_peers_to_send(
        self,
        topic_ids: Iterable[str],
        msg_forwarder: ID,
        origin: ID,
        msg_id: bytes | None = None,
    ) -> Iterable[ID]:
        if self.tells_all and self.pubsub is not None and origin == self.pubsub.my_id:
            return list(self.pubsub.peer_queues)
        found: Iterable[ID] = super()._get_peers_to_send(topic_ids, msg_forwarder, origin, msg_id)
        return found

    def _check_equivocation(self, msg: rpc_pb2.Message) -> bool:
        """A second message with an id never comes here: what has been seen is dropped before."""
        return True

    def send_rpc(self, peer_id: ID, rpc: rpc_pb2.RPC, priority: bool = False) -> None:
        """Queue an RPC for a peer, unless too much waits for it already."""
        queue = self.pubsub.peer_queues.get(peer_id) if self.pubsub is not None else None
        if queue is None:
            return
        waiting: Any = queue._queue
        held = sum(part.ByteSize() for part in (*waiting._priority, *waiting._non_priority))
        if held + rpc.ByteSize() <= limits.QUEUE_BYTES:
            super().send_rpc(peer_id, rpc, priority)

    async def send_recent_messages(self, peer_id: ID, topic: str) -> None:
        """By the queue, as everything: a write of its own would wait for a peer that is deaf."""
        for message_id in self.mcache.window(topic):
            message = self.mcache.get(message_id)
            if message is not None:
                self.send_rpc(peer_id, rpc_pb2.RPC(publish=[message]))

    async def flush_pending_messages(self, peer_id: ID) -> None:
        """Nothing waits for a peer's subscription: it gets the recent messages with it."""
        self._pending_messages.pop(peer_id, None)

    def sweep(self, is_connected: Callable[[ID], bool]) -> None:
        """Let go of what was noted of peers that have gone, or for a time that is over.

        The library does so for peers that it told things; others only tell, and leave.
        """
        for owner in (self, self.scorer):
            for noted in vars(owner).values():
                if isinstance(noted, dict):
                    for one in [one for one in noted if isinstance(one, ID)]:
                        if not is_connected(one):
                            del noted[one]
        now = time.time()
        for waiting in self.back_off.values():
            for peer_id in [one for one, until in waiting.items() if until <= now]:
                del waiting[peer_id]
