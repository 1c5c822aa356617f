# SPDX-License-Identifier: MIT
"""Presence on the wire: saying who we are over GossipSub, and hearing who the others are."""

from __future__ import annotations

import logging
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import trio
from libp2p.custom_types import TProtocol
from libp2p.peer.id import ID

from goop_node.p2p import limits, presence
from goop_node.p2p.containment import NOBODY, contained, enduring, serving
from goop_node.p2p.gossip_bounds import BoundedGossipSub
from goop_node.p2p.pace import Pace
from goop_node.p2p.peers import PeerTable
from goop_node.p2p.pubsub import FaithfulPubsub

log = logging.getLogger(__name__)

FAREWELL_SECONDS = 1.0
"""How long a node that stops waits for those that take its farewell."""
PROTOCOLS = [TProtocol("/meshsub/1.1.0"), TProtocol("/meshsub/1.0.0")]


class Gossip:
    """The presence of one libp2p host. Every method runs on trio."""

    def __init__(
        self,
        host: Any,
        table: PeerTable,
        own: Callable[[], presence.Own],
        addrs: Callable[[], Sequence[str]],
    ) -> None:
        self._peer_id = host.get_id().to_base58()
        self._table = table
        self._own = own
        self._addrs = addrs
        self._router = BoundedGossipSub(
            protocols=PROTOCOLS, degree=6, degree_low=4, degree_high=12, heartbeat_interval=1
        )
        self._pubsub = FaithfulPubsub(host, self._router)
        self._pubsub.set_topic_validator(presence.TOPIC, self._hear, is_async_validator=False)
        # The library counts from the second it started in: after a quick restart the others
        # would take our first messages for ones that they have had.
        self._pubsub.counter = time.time_ns()
        self._announce = trio.Event()
        self._leaving = False

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Say and hear while the block runs."""
        async with serving(self._pubsub), serving(self._router):
            await self._pubsub.wait_until_ready()
            await self._pubsub.subscribe(presence.TOPIC)
            async with trio.open_nursery() as nursery:
                nursery.start_soon(enduring, "saying who we are", self._beat)
                try:
                    yield
                finally:
                    nursery.cancel_scope.cancel()

    def _hear(self, forwarder: ID, message: Any) -> bool:
        """Take a signed message to the table; whether it is fit to be kept and passed on."""
        signer = ID(message.from_id).to_base58()
        if signer == self._peer_id:
            return True
        heard = presence.parse(message.data, signer)
        if heard is None:
            log.debug("a malformed presence message from %s", signer)
            return False
        heard.addrs = presence.to_dial(heard.addrs, self._addrs())
        new = self._table.get(signer)
        self._table.heard(heard, forwarder.to_base58())
        if new is None or not new.online:
            self.announce()
        return True

    def announce(self) -> None:
        """Say who we are at once, not only at the next heartbeat."""
        self._announce.set()

    async def _beat(self) -> None:
        """Everybody who hears us passes it on, so no peer may have us say it all the time."""
        kind = "online"
        early = Pace(limits.EARLY_RATE, limits.EARLY_BURST)
        seen: set[Any] = set()
        while not self._leaving:
            await self._publish(kind)
            kind = "update"
            due = trio.current_time() + presence.HEARTBEAT
            while (left := due - trio.current_time()) > 0:
                with trio.move_on_after(min(1.0, left)):
                    await self._announce.wait()
                self._pubsub.mend()
                # Who has just subscribed, or was lost, should not wait for the next heartbeat.
                here = self._pubsub.streams_of(presence.TOPIC)
                if not (self._announce.is_set() or here - seen):
                    seen = here
                elif early.affords(1, trio.current_time()):
                    early.spend(1, trio.current_time())
                    await trio.sleep(0.2)  # several reasons at once make one message
                    break
                else:
                    await trio.sleep(min(1.0, left))
            self._announce = trio.Event()
            seen = self._pubsub.streams_of(presence.TOPIC)

    async def _publish(self, kind: str) -> None:
        now = time.time()
        data = presence.serialise(kind, self._peer_id, self._own(), now, self._addrs())
        try:
            await self._pubsub.publish(presence.TOPIC, data)
        except Exception as error:
            log.debug("publishing presence: %r", error)

    async def farewell(self) -> None:
        """Say that we go to everybody who is connected, and wait until that has left.

        While all is still up: whoever is cancelled has nobody left to say it to. Nothing is said
        behind it. Who takes nothing is waited for no longer than ``FAREWELL_SECONDS``.
        """
        self._leaving = True
        self._router.tells_all = True
        with trio.move_on_after(FAREWELL_SECONDS):
            await contained("the farewell", NOBODY, self._publish, "offline")
            await self._pubsub.all_sent()
