# SPDX-License-Identifier: MIT
"""The realtime plugin: channels and rooms for pages, carried between nodes."""

from __future__ import annotations

import logging
import random
import time
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import pluggy

from goop_node import groups
from goop_node.clock import now_ms
from goop_node.data.storage import Database, StorageError, set_database_aside
from goop_node.hookspecs import hookimpl
from goop_node.types import (
    HomePage,
    JsonSchema,
    LineStream,
    MetricsSource,
    NodeApi,
    PeerEvent,
    Route,
    SdkModule,
    StreamHandler,
    Template,
    TemplateFlaw,
)
from goop_realtime import hookspecs
from goop_realtime.contexts.collected import authorizer_of, flaws_of, registry_of, take_folders
from goop_realtime.contexts.registry import Registry
from goop_realtime.contexts.slow_calls import SlowCalls
from goop_realtime.driver.bridge import Bridge
from goop_realtime.engine.door import Engine
from goop_realtime.machine.rights import Rights
from goop_realtime.machine.surroundings import Report, Surroundings
from goop_realtime.model.limits import NodeLimits
from goop_realtime.model.wire import GROUP_PROTOCOL, INVITE_PROTOCOL, MAX_LINE
from goop_realtime.rooms.find_lines import FIND_PROTOCOL, MAX_FIND_LINE
from goop_realtime.rooms.lines import MAX_LINE as MAX_ROOM_LINE
from goop_realtime.rooms.lines import ROOM_PROTOCOL
from goop_realtime.storage.journal import Journal
from goop_realtime.storage.no_journal import NoJournal
from goop_realtime.storage.schema import MIGRATIONS
from goop_realtime.types import Limits
from goop_realtime.web import sdk
from goop_realtime.web.handlers import routes

log = logging.getLogger(__name__)

INSPECTOR = Path(__file__).with_name("inspector") / "pages"

_BOUNDS = NodeLimits()
CONFIG_SCHEMA: JsonSchema = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "message_bytes": {
            "type": "integer",
            "minimum": 1,
            "maximum": 65536,
            "default": _BOUNDS.message_bytes,
            "description": "the largest message; a context may set less",
        },
        "rate": {
            "type": "number",
            "exclusiveMinimum": 0,
            "examples": [Limits().rate],
            "description": "messages a second per channel, in place of every context's own",
        },
        "burst": {
            "type": "integer",
            "minimum": 1,
            "examples": [Limits().burst],
            "description": "messages at once, in place of every context's own",
        },
        "requests_per_peer": {
            "type": "integer",
            "minimum": 1,
            "default": _BOUNDS.requests_per_peer,
            "description": "open requests with one peer, in each direction",
        },
        "channels_per_peer": {
            "type": "integer",
            "minimum": 1,
            "default": _BOUNDS.channels_per_peer,
            "description": "channels with one peer that have not ended",
        },
        "sockets": {
            "type": "integer",
            "minimum": 1,
            "default": _BOUNDS.sockets,
            "description": "connections of pages",
        },
        "journal": {
            "type": "boolean",
            "default": True,
            "description": "false: channels end with their node, nothing is on the disk",
        },
        "synchronous": {
            "enum": ["NORMAL", "FULL"],
            "default": "NORMAL",
            "description": "FULL: not even a power cut takes what was accepted, at an fsync a step",
        },
    },
}


class RealtimePlugin:
    """One instance per node."""

    def __init__(self) -> None:
        self._bridge: Bridge | None = None

    @hookimpl
    def goop_add_hookspecs(self, pluginmanager: pluggy.PluginManager) -> None:
        """Bring ``realtime_contexts`` and ``realtime_authorize_open``."""
        pluginmanager.add_hookspecs(hookspecs)

    @hookimpl
    def goop_config_schema(self) -> JsonSchema:
        """The limits that may be set in ``[plugins.realtime]``."""
        return CONFIG_SCHEMA

    @hookimpl
    def goop_routes(self, node: NodeApi) -> Iterable[Route]:
        """The endpoints below ``/api/realtime``."""
        return routes(self._running)

    @hookimpl
    def goop_stream_handlers(self, node: NodeApi) -> Iterable[StreamHandler]:
        """Our own protocols, of channels and rooms, and those of Go peers, 1.0.0."""
        return [
            StreamHandler(protocol=protocol, handle=self._inbound(protocol), max_line=longest)
            for protocol, longest in (
                (GROUP_PROTOCOL, MAX_LINE),
                (INVITE_PROTOCOL, MAX_LINE),
                (ROOM_PROTOCOL, MAX_ROOM_LINE),
                (FIND_PROTOCOL, MAX_FIND_LINE),
                (groups.GROUP_PROTOCOL, groups.MAX_LINE),
                (groups.INVITE_PROTOCOL, groups.MAX_LINE),
            )
        ]

    @hookimpl
    def goop_sdk_modules(self) -> Iterable[SdkModule]:
        """``Goop.realtime`` and ``Goop.attention``, with their types."""
        return sdk.modules()

    @hookimpl
    def goop_home_pages(self) -> Iterable[HomePage]:
        """The Inspector."""
        return [HomePage(name="inspector", title="Inspector", folder=INSPECTOR)]

    @hookimpl
    def goop_template_flaws(
        self, node: NodeApi, templates: Sequence[Template]
    ) -> Iterable[TemplateFlaw]:
        """What is wrong with the contexts that folders declare."""
        return flaws_of(node, templates)

    @hookimpl
    def goop_template_forgotten(self, node: NodeApi, template: str) -> None:
        """Its channels end and are forgotten, its rooms are left."""
        if self._bridge is not None:
            self._bridge.engine.forget_template(now_ms(), template)
            self._bridge.step()

    @hookimpl
    def goop_peer_changed(self, node: NodeApi, event: PeerEvent) -> None:
        """A peer that came back gets its channels back."""
        if self._bridge is not None:
            self._bridge.peer_changed(event)

    @hookimpl
    def goop_metrics(self, node: NodeApi) -> Iterable[MetricsSource]:
        """How much there is of channels and rooms, while they run."""
        return [self]

    def collect(self) -> Iterable[Any]:
        """See ``goop_metrics``."""
        return self._bridge.metrics.collect() if self._bridge is not None else ()

    @hookimpl
    def goop_lifespan(self, node: NodeApi) -> AbstractAsyncContextManager[None]:
        """Restore the channels, run the machine, and stop it in good order."""
        return self._run(node)

    @asynccontextmanager
    async def _run(self, node: NodeApi) -> AsyncIterator[None]:
        config: dict[str, Any] = dict(node.config_for("realtime"))
        synchronous = str(config.pop("synchronous", "NORMAL"))
        kept = config.pop("journal", True)
        journal = self._journal(node, synchronous) if kept else NoJournal()
        surroundings = Surroundings(
            me=node.peer_id,
            registry=registry_of(node),
            limits=NodeLimits(**config),
            random=random.Random(),
            authorize=authorizer_of(node),
            sign=node.sign,
            verify=node.verify,
            is_discovered=node.peers.is_discovered,
            is_blocked=lambda peer: node.peers.standing(peer) == "blocked",
            is_friend=lambda peer: node.peers.standing(peer) == "friend",
            label_of=_labels(node),
            report=_reporter(node),
            remark=node.remark,
            slow=SlowCalls(time.monotonic, log.warning),
        )
        now = now_ms()
        epoch, stored = journal.next_epoch(now), journal.load()
        engine = Engine.start(
            surroundings,
            now,
            stored,
            epoch=epoch,
            may_lack=journal.may_lack,
            rights=_rights(node, surroundings.registry),
        )
        for flaw in journal.flaws:
            node.failed("realtime", StorageError("damaged", flaw), doing="reading the journal")
        self._bridge = Bridge(node, engine, journal)
        self._bridge.start()
        unsubscribe = node.grants.subscribe(lambda: self._granted(node, surroundings.registry))
        try:
            yield
        finally:
            unsubscribe()
            bridge, self._bridge = self._bridge, None
            await bridge.close()
            journal.close()

    def _journal(self, node: NodeApi, synchronous: str) -> Journal:
        """The journal in ``DATA``, which is written anew where its file is lost in use."""

        def opened() -> Database:
            database = node.database(MIGRATIONS)
            database.execute(f"PRAGMA synchronous = {synchronous}")
            database.on_trouble = self._lost
            return database

        def anew(reason: str) -> Database:
            set_database_aside(first.path, reason)
            return opened()

        first = opened()
        return Journal(first, anew)

    def _lost(self, reason: str) -> None:
        if self._bridge is not None:
            self._bridge.lost(reason)

    def _granted(self, node: NodeApi, registry: Registry) -> None:
        bridge = self._running()
        take_folders(node, registry)
        bridge.engine.set_rights(now_ms(), _rights(node, registry))
        bridge.step()

    def _running(self) -> Bridge:
        assert self._bridge is not None, "the realtime plugin is not running"
        return self._bridge

    def _inbound(self, protocol: str) -> Callable[[LineStream], None]:
        def handle(stream: LineStream) -> None:
            if self._bridge is None:
                stream.reset()
            else:
                self._bridge.inbound(protocol, stream)

        return handle


def _rights(node: NodeApi, registry: Registry) -> Rights:
    """What templates may use: contexts of their own plugin or folder, and those given to them."""
    own: dict[str, set[str]] = {name: set() for name in node.templates}
    for context in registry.owned():
        whose = {context.folder} if context.folder else node.grants.own(context.plugin)
        for name in whose & own.keys():
            own[name].add(context.type.name)
    return Rights(
        contexts={name: node.grants.contexts(name) | names for name, names in own.items()},
        grant_at={name: node.grants.link(name) for name in own},
    )


def _reporter(node: NodeApi) -> Report:
    def report(plugin: str, error: BaseException, doing: str, code: object, about: str) -> None:
        node.failed(plugin, error, doing=doing, code=code, about=about)

    return report


def _labels(node: NodeApi) -> Callable[[str], str]:
    def label_of(peer_id: str) -> str:
        if peer_id == node.peer_id:
            return node.label
        peer = node.peers.get(peer_id)
        return peer.label if peer is not None and peer.label else f"…{peer_id[-4:]}"

    return label_of


plugin = RealtimePlugin
