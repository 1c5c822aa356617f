# SPDX-License-Identifier: MIT
"""The library's host, put together from what is needed here, with each peer's work contained.

Noise only: the library's own choice would also take connections in plain text, on which a peer
is whoever it says it is.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from libp2p import new_swarm
from libp2p.crypto.keys import KeyPair
from libp2p.crypto.x25519 import create_new_key_pair
from libp2p.custom_types import TProtocol
from libp2p.host.basic_host import BasicHost
from libp2p.network.auto_connector import AutoConnector
from libp2p.network.config import RetryConfig
from libp2p.network.swarm import Swarm
from libp2p.peer.id import ID
from libp2p.security.noise.transport import PROTOCOL_ID as NOISE
from libp2p.security.noise.transport import Transport as Noise
from libp2p.transport.tcp.tcp import TCP
from multiaddr import Multiaddr

from goop_node.p2p import limits
from goop_node.p2p.containment import contained, peer_of, serving


class NoConnector(AutoConnector):
    """Stays as it is before its start: the library's dials every address that a peer has put
    into the address book, until there are as many connections as it would like."""

    async def start(self) -> None:
        """Nothing begins."""


class ContainedHost(BasicHost):
    """A host on which no stream, and no peer's introduction, can end more than itself."""

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

    async def _identify_task_entry(self, peer_id: ID, reason: str) -> None:
        """Runs as a task of trio's own: what left it would end the run of all nodes here."""
        await contained(
            "identify", peer_id.to_base58(), super()._identify_task_entry, peer_id, reason
        )


def make_host(key_pair: KeyPair, tcp: TCP, dial_seconds: float) -> ContainedHost:
    """A host that does not listen yet. It dials once when it is told to, and never again."""
    noise = Noise(key_pair, noise_privkey=create_new_key_pair().private_key)
    swarm = new_swarm(
        key_pair=key_pair,
        sec_opt={TProtocol(NOISE): noise},
        transports=[tcp],
        retry_config=RetryConfig(max_retries=0),
        connection_config=limits.connections(dial_seconds),
        resource_manager=limits.resources(),
    )
    assert isinstance(swarm, Swarm)
    swarm.auto_connector = NoConnector(swarm)
    return ContainedHost(network=swarm, disable_identify_address_discovery=True)
