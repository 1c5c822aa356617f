# SPDX-License-Identifier: MIT
"""A node with its plugins and without a network: what it tells others, the kit carries."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from pathlib import Path
from typing import Any

from goop_node.config.model import NodeConfig
from goop_node.hookspecs import hookimpl
from goop_node.network import LineStream, NetworkError, Peer, PeerEvent, Standing
from goop_node.node import Node
from goop_node.plugins.environment import Candidate, installed
from goop_node.plugins.lifespans import Lifespans
from goop_node.plugins.plugin_node import PluginNode
from goop_node.types import JsonValue, NodeApi
from goop_realtime.contexts.collected import registry_of
from goop_realtime.contexts.registry import Registry
from goop_realtime.plugin import RealtimePlugin
from goop_realtime.types import ContextType

Wait = Callable[[Coroutine[Any, Any, Any]], Any]
"""Runs what a plugin leaves to be awaited."""
REALTIME = "realtime"
OWN = "kit"
"""The plugin that brings a context which is given by itself."""


class Host(Node):
    """One node of the kit. Its plugins find in it what they find in any, but for streams."""

    def __init__(self, folder: Path, peer_id: str, others: Sequence[str], what: Plugins) -> None:
        """``folder`` is its data folder, which outlives it. Raises ``PluginError``."""
        self._peer_id = peer_id
        self._others = People(peer_id, others)
        tables = {REALTIME: {}, **what.settings}
        config = NodeConfig(data=folder, label=peer_id, strict=True, plugins=tables)
        super().__init__(config, what.candidates)
        self._lifespans = Lifespans(self._plugin_failed)
        self.faults: list[str] = []
        """What plugins failed in, in words."""

    @property
    def network(self) -> NoNetwork:
        """None."""
        return NoNetwork(self._peer_id)

    @property
    def peers(self) -> People:
        """Everybody of the kit."""
        return self._others

    @property
    def peer_id(self) -> str:
        """A name, such as ``alice``."""
        return self._peer_id

    @property
    def for_realtime(self) -> PluginNode:
        """The node as the realtime plugin would have it."""
        return PluginNode(self, REALTIME)

    def registry(self) -> Registry:
        """The contexts that the plugins bring."""
        return registry_of(self.for_realtime)

    def failed(
        self,
        plugin: str,
        error: BaseException,
        *,
        doing: str = "",
        code: object = None,
        about: str = "",
    ) -> None:
        """Remember it, beside what any node does."""
        self.faults.append(f"plugin {plugin} failed in {doing}: {type(error).__name__}: {error}")
        super().failed(plugin, error, doing=doing, code=code, about=about)

    def _plugin_failed(self, plugin: str, error: BaseException) -> None:
        self.failed(plugin, error, doing="goop_lifespan()")

    async def enter(self) -> None:
        """Enter the plugins' lifespans. Raises what one of them raised."""
        self.data.mkdir(parents=True, exist_ok=True)
        for plugin, lifespan in self.calls.collect("goop_lifespan", node=self):
            failure = await self._lifespans.enter(plugin, lifespan)
            if failure is not None:
                raise failure

    async def leave(self) -> None:
        """Leave them again."""
        await self._lifespans.leave()
        await asyncio.sleep(0)


class Plugins:
    """What a kit's nodes have installed and enabled."""

    def __init__(self, what: object, settings: Mapping[str, JsonValue] | None = None) -> None:
        """``what`` is a ``ContextType``, a plugin (its class, or what makes it), or the name of an
        installed one, with its ``settings``. Raises ``LookupError`` for a name that is none."""
        if isinstance(what, str):
            known = {one.name: one for one in installed().plugins}
            if what not in known:
                names = ", ".join(sorted(known)) or "none"
                raise LookupError(f"no plugin {what!r} is installed; there are: {names}")
            name, candidate = what, known[what]
        else:
            name = OWN
            plugin = _Bringing(what) if isinstance(what, ContextType) else what
            candidate = Candidate(name=name, load=lambda: plugin)
        self.candidates = (Candidate(name=REALTIME, load=lambda: _Realtime), candidate)
        self.own = dict(settings or {})
        self.settings: dict[str, Mapping[str, JsonValue]] = {name: self.own}


class _Realtime:
    """The realtime plugin as others find it. What it does, the kit does in its place."""

    def __init__(self) -> None:
        plugin = RealtimePlugin()
        self.goop_add_hookspecs = plugin.goop_add_hookspecs
        self.goop_config_schema = plugin.goop_config_schema
        self.goop_sdk_modules = plugin.goop_sdk_modules


class _Bringing:
    """A plugin that brings one context."""

    def __init__(self, context: ContextType) -> None:
        self._context = context

    @hookimpl
    def realtime_contexts(self, node: NodeApi) -> list[ContextType]:
        """That one."""
        return [self._context]


class People:
    """The others of a kit, all of them there and discovered."""

    def __init__(self, me: str, everybody: Sequence[str]) -> None:
        self._peers = {
            name: Peer(peer_id=name, label=name, online=True, connected=True, last_seen_ms=0)
            for name in sorted(everybody)
            if name != me
        }

    def get(self, peer_id: str) -> Peer | None:
        """See ``Peers``."""
        return self._peers.get(peer_id)

    def all(self) -> list[Peer]:
        """See ``Peers``."""
        return list(self._peers.values())

    def is_discovered(self, peer_id: str) -> bool:
        """See ``Peers``."""
        return peer_id in self._peers

    def standing(self, peer_id: str) -> Standing:
        """See ``Peers``."""
        return "discovered" if peer_id in self._peers else "unknown"

    def subscribe(self, callback: Callable[[PeerEvent], None]) -> Callable[[], None]:
        """Nothing of this ever changes."""
        return lambda: None


class NoNetwork:
    """What a plugin finds that would open a stream."""

    addrs: tuple[str, ...] = ()

    def __init__(self, peer_id: str) -> None:
        self.peer_id = peer_id

    async def open_stream(
        self,
        peer_id: str,
        protocols: Sequence[str],
        *,
        timeout_ms: int = 10_000,
        early: bool = False,
    ) -> LineStream:
        """Raises ``NetworkError``."""
        raise NetworkError(
            "offline", "the kit has no streams: start real nodes (goop_node.testing.start_node)"
        )

    async def meet(self, peer_id: str, addrs: Sequence[str], *, told_by: str) -> None:
        """Raises ``NetworkError``."""
        await self.open_stream(peer_id, ())
