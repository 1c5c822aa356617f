# SPDX-License-Identifier: MIT
"""A node whose plugins are looked at: it has no network, and takes no port."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable, Sequence
from functools import cached_property, partial
from typing import Any

from goop_node.config.model import NodeConfig
from goop_node.findings import Finding, wrong
from goop_node.network import LineStream, NetworkError, Peer, PeerEvent, Standing
from goop_node.node import Node
from goop_node.plugins.callbacks import called
from goop_node.plugins.environment import Candidate
from goop_node.plugins.plugin_node import PluginNode
from goop_node.types import StreamHandler

OTHER = Peer(peer_id="carol", label="Carol", online=True, connected=True, last_seen_ms=0)
"""Who comes and goes."""


class Alone:
    """libp2p, as far as a node asks for it."""

    addrs: tuple[str, ...] = ()
    handlers: dict[str, StreamHandler]

    def __init__(self, peer_id: str) -> None:
        self.peer_id = peer_id
        self.handlers = {}
        self._callbacks: list[Callable[[PeerEvent], None]] = []

    @property
    def network(self) -> Alone:
        """Itself."""
        return self

    peers = network

    def get(self, peer_id: str) -> Peer | None:
        """Carol, or nobody."""
        return OTHER if peer_id == OTHER.peer_id else None

    def all(self) -> list[Peer]:
        """Carol."""
        return [OTHER]

    def is_discovered(self, peer_id: str) -> bool:
        """Everybody is."""
        return True

    def standing(self, peer_id: str) -> Standing:
        """Nobody is a friend."""
        return "discovered"

    def subscribe(self, callback: Callable[[PeerEvent], None]) -> Callable[[], None]:
        """See ``Peers``."""
        self._callbacks.append(callback)
        return lambda: self._callbacks.remove(callback)

    def tell(self, event: PeerEvent) -> None:
        """Tell those who asked to hear of peers."""
        for callback in list(self._callbacks):
            called(partial(callback, event), "a subscriber of the peers")

    def handle(self, handler: StreamHandler) -> None:
        """Remember who takes the streams of a protocol."""
        self.handlers[handler.protocol] = handler

    def sign(self, data: bytes) -> bytes:
        """A signature that is none."""
        return bytes(64)

    def announce(self) -> None:
        """Nobody hears."""

    async def start(self) -> None:
        """Nothing is to be started."""

    async def stop(self) -> None:
        """Nothing is to be stopped."""

    async def open_stream(
        self, peer_id: str, protocols: Sequence[str], *, timeout_ms: int = 10_000
    ) -> LineStream:
        """Raises ``NetworkError``."""
        raise NetworkError("unreachable", "a node that is looked at has no network")

    async def meet(self, peer_id: str, addrs: Sequence[str], *, told_by: str) -> None:
        """Raises ``NetworkError``."""
        await self.open_stream(peer_id, ())


class LoneNode(Node):
    """Says what its plugins have failed in."""

    def __init__(self, config: NodeConfig, candidates: Sequence[Candidate], peer_id: str) -> None:
        self._name = peer_id
        self._told: set[tuple[str, str, str]] = set()
        super().__init__(config, candidates)

    @cached_property
    def p2p(self) -> Any:
        """No libp2p."""
        return Alone(self._name)

    def as_plugin(self, name: str) -> PluginNode:
        """The node as the plugin of that name has it."""
        return PluginNode(self, name)

    def count(self, plugin: str) -> int:
        """How often a plugin has failed so far."""
        return sum(one.count for one in self._plugins.faults.of(plugin))

    async def settle(self) -> None:
        """Let what plugins have begun go on."""
        for _ in range(3):
            await asyncio.sleep(0)

    async def settle_all(self) -> None:
        """The same, and hear of tasks that failed with nobody waiting."""
        await self.settle()
        gc.collect()

    def told(self, plugin: str, what: str) -> list[Finding]:
        """What the plugin failed in, each once, since this was last asked."""
        found = []
        for one in self._plugins.faults.of(plugin):
            key = (plugin, one.doing, one.place)
            if key not in self._told:
                self._told.add(key)
                found.append(wrong(what, one.sentence, place=one.place))
        return found
