# SPDX-License-Identifier: MIT
"""The node: configuration + plugins + libp2p + storage. The composition root."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from goop_node.clock import now_ms
from goop_node.config.model import NodeConfig, StartError
from goop_node.data.own_avatar import OwnAvatar
from goop_node.data.own_label import keep_label, own_label
from goop_node.data.storage import Database, open_database
from goop_node.data.storage_watch import DatabaseWatch
from goop_node.dev.start import author_of, tell_of
from goop_node.free_memory import give_back
from goop_node.metrics import Lag
from goop_node.plugins.calls import Calls
from goop_node.plugins.contained import Failed, asked, passes
from goop_node.plugins.contributions import Contributions
from goop_node.plugins.environment import Candidate, installed
from goop_node.plugins.lifespans import Lifespans
from goop_node.plugins.loader import Plugins
from goop_node.plugins.loading import Loading
from goop_node.plugins.plugin_node import PluginNode
from goop_node.plugins.settings import validated_settings
from goop_node.plugins.status import PluginStatus
from goop_node.plugins.watchdog import Watchdog
from goop_node.templates.grants import Brought, Grants
from goop_node.templates.library import Library
from goop_node.templates.shelf import Shelf
from goop_node.types import (
    JsonValue,
    LineStream,
    MetricsSource,
    Network,
    PeerEvent,
    Peers,
    Route,
    StreamHandler,
    Template,
)
from goop_node.web.origins import home_url, is_loopback

if TYPE_CHECKING:
    from goop_node.p2p import P2P
    from goop_node.web.tokens import Tokens

log = logging.getLogger("goop_node.plugins")


class Node:
    """One node. Complete after construction, alive within ``running()``.

    Several nodes fit in one process as long as each has a ``data`` folder of its own.
    ``http_port`` is the port that pages use; who binds it sets it before pages are served.
    """

    def __init__(
        self,
        config: NodeConfig,
        candidates: Sequence[Candidate] | None = None,
        library: Library | None = None,
    ) -> None:
        """Load the plugins and collect what they bring; nothing starts yet.

        ``candidates`` are the plugins to choose from (default: the installed ones), ``library``
        the templates that were added (default: those in the data folder).
        Raises ``ConfigError`` for mistakes and, when strict, ``PluginError``.
        """
        self.config = config
        self.data: Path = config.data
        self.strict = config.strict
        self.databases = DatabaseWatch()
        self.lag = Lag()
        self.http_port = config.http_port
        self.started_at = now_ms()
        if candidates is None:
            environment = installed()
            candidates = environment.candidates(config.plugins)
            for complaint in environment.complaints:
                log.warning("%s", complaint)
        self.author = author_of(self)
        self._plugins = Plugins(config, candidates, Loading(config.data), tell_of(self.author))
        self.calls = Calls(self._plugins, partial(PluginNode, self))
        self._settings = validated_settings(config, self._plugins, self.calls)
        self._label = own_label(config.data, config.label)
        self.avatar = OwnAvatar(config.data)
        self.contributions = Contributions.collect(self, self._plugins)
        self.library = library or Library(config.data)
        self.shelf = Shelf(self, self.library, self._brought)
        self.grants = Grants(config.data, self.shelf.brought, config.allowed, lambda: self.home_url)

    # What hooks and pages see

    @cached_property
    def p2p(self) -> P2P:
        """libp2p; made (and the key file with it) when first needed, so that checks are quick.

        Raises ``StartError`` when the key file, or the address of a peer, cannot be used.
        """
        from goop_node.own_network import p2p_of

        return p2p_of(self)

    @cached_property
    def tokens(self) -> Tokens:
        """What pages and programs show to be let in; kept in the data folder."""
        from goop_node.web.tokens import Tokens

        try:
            return Tokens.load_or_create(self.data)
        except OSError as error:
            reason = f"{error.filename or self.data}: {error.strerror}"
            raise StartError([f"data: {reason}; make room, or choose --data"]) from error

    @property
    def network(self) -> Network:
        """libp2p, as plugins see it."""
        return self.p2p.network

    @property
    def peers(self) -> Peers:
        """Who is there."""
        return self.p2p.peers

    @property
    def peer_id(self) -> str:
        """Our own peer id (base58)."""
        return self.p2p.network.peer_id

    def sign(self, data: bytes) -> bytes:
        """The signature of ``data`` by the node's key: see ``NodeApi.sign``."""
        return self.p2p.sign(data)

    def verify(self, peer_id: str, data: bytes, signature: bytes) -> bool:
        """Whether that peer's node has signed ``data``: see ``NodeApi.verify``."""
        from goop_node.p2p import verify

        return verify(peer_id, data, signature)

    @property
    def label(self) -> str:
        """The name that people see for us."""
        return self._label

    @property
    def home_url(self) -> str:
        """The address of the node's own page, for people."""
        isolated = self.config.isolation == "origin" and is_loopback(self.config.http_host)
        return home_url(self.http_port, isolated=isolated)

    def set_label(self, label: str) -> None:
        """Take a new name, remember it for the next start, and tell the others.

        It wins over a label in goop.toml or on the command line. Raises ``ValueError`` for what
        is no name, and ``NotKeptError``: then it is as it was.
        """
        self._label = keep_label(self.data, label)
        self.p2p.announce()

    def set_avatar(self, png: bytes | None) -> None:
        """Take another picture, or none, and tell the others; see ``OwnAvatar``."""
        if png is None:
            self.avatar.remove()
        else:
            self.avatar.set(png)
        self.p2p.announce()

    @property
    def routes(self) -> list[tuple[str, Route]]:
        """(plugin, route) of every active plugin."""
        return self.contributions.routes

    @property
    def stream_handlers(self) -> list[tuple[str, StreamHandler]]:
        """(plugin, handler) of every active plugin."""
        return self.contributions.stream_handlers

    @property
    def sdk_modules(self) -> Mapping[str, Path]:
        """The scripts of plugins by their name below ``/sdk/``."""
        return self.contributions.sdk_modules

    @property
    def templates(self) -> Mapping[str, Template]:
        """Every template by name, as they are at the moment."""
        return self.shelf.by_name

    @property
    def metrics_sources(self) -> Sequence[tuple[str, MetricsSource]]:
        """What gives metrics, as (plugin, source) pairs."""
        return self.contributions.all_metrics

    def _brought(self) -> list[Brought]:
        return self.contributions.brought(self._plugins.distributions())

    def templates_of(self, plugin: str) -> frozenset[str]:
        """The names of the templates that ``plugin`` brings."""
        return self.contributions.templates_of(plugin)

    def config_for(self, plugin: str) -> Mapping[str, JsonValue]:
        """The plugin's validated table, defaults filled in. ``KeyError`` if it is not active."""
        return self._settings[plugin]

    def database_of(self, plugin: str, migrations: Sequence[str]) -> Database:
        """Open and migrate ``DATA/<plugin>.sqlite3``; see :func:`open_database`."""
        database = open_database(self.data / f"{plugin}.sqlite3", migrations)
        self.databases.add(plugin, database)
        return database

    def failed(
        self,
        plugin: str,
        error: BaseException,
        *,
        doing: str = "",
        code: object = None,
        about: str = "",
    ) -> None:
        """Record that something of a plugin failed, for the status page and the log."""
        self._plugins.fault(plugin, error, doing, code, about)

    def code(self, plugin: str, hook: str) -> object:
        """The function with which a plugin implements a hook, to name its place."""
        return self._plugins.code(plugin, hook)

    def loop_failed(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """The loop's exception handler: what nobody waits for is told as its plugin's."""
        error = context.get("exception")
        plugin = self._plugins.blamed(error) if isinstance(error, BaseException) else ""
        if plugin and error is not None:
            self.failed(plugin, error, doing=context.get("doing", "a task or callback of its own"))
        else:
            loop.default_exception_handler(context)

    def plugin_status(self) -> list[PluginStatus]:
        """What became of every enabled plugin, by name."""
        return self._plugins.status()

    # Its life

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Start lifespans, then libp2p; stop them in reverse.

        Raises ``P2PError`` (port in use, bad address) and, when strict, ``PluginError``.
        """
        self.data.mkdir(parents=True, exist_ok=True, mode=0o700)
        lifespans = Lifespans(self.failed)
        watchdog = Watchdog(self._plugins.packages())
        watchdog.start()
        beats = [
            asyncio.create_task(self.databases.run(), name="watch of the databases"),
            asyncio.create_task(give_back(), name="free memory"),
            asyncio.create_task(self.lag.run(), name="lag of the loop"),
        ]
        try:
            await self._enter_lifespans(lifespans)
            for plugin, handler in self.stream_handlers:
                self.p2p.handle(self._contained(plugin, handler))
            unsubscribe = self.peers.subscribe(self._peer_changed)
            try:
                await self.p2p.start()
                self.started_at = now_ms()
                yield
            finally:
                unsubscribe()
                await asyncio.shield(self.p2p.stop())
        finally:
            for beat in beats:
                beat.cancel()
            await lifespans.leave()
            watchdog.stop()

    async def _enter_lifespans(self, lifespans: Lifespans) -> None:
        # Owners of hooks come last: by then, those that bring them things have proved healthy.
        owners = self._plugins.owners()
        found = self.calls.collect("goop_lifespan", node=self)
        for plugin, lifespan in sorted(found, key=lambda pair: (pair[0] in owners, pair[0])):
            if plugin not in self._plugins.active:
                continue
            with self._plugins.loading.step(plugin, "goop_lifespan()", watched=False):
                failure = await lifespans.enter(plugin, lifespan)
            if failure is not None and passes(failure):
                raise failure
            if failure is not None:
                self._plugins.leave_out(plugin, failure, "goop_lifespan()")
        self.contributions = self.contributions.only(self._plugins.active)
        self.shelf.fill()
        self.shelf.forget_removed()

    def _contained(self, plugin: str, handler: StreamHandler) -> StreamHandler:
        """The handler, such that a stream on which it fails is reset and nothing else happens."""

        def handle(stream: LineStream) -> None:
            found = asked(lambda: handler.handle(stream), Any, "the answer")
            if isinstance(found, Failed):
                doing = f"the handler of {handler.protocol}"
                self.failed(plugin, found.error, doing=doing, code=handler.handle)
                stream.reset()

        return replace(handler, handle=handle)

    def _peer_changed(self, event: PeerEvent) -> None:
        self.calls.notify("goop_peer_changed", node=self, event=event)
