# SPDX-License-Identifier: MIT
"""A node's life: lifespans around libp2p, plugins that hang or block, two nodes at once."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import threading
import types
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from litestar import get

from goop_node.config.model import NodeConfig
from goop_node.hookspecs import hookimpl
from goop_node.node import Node
from goop_node.plugins.environment import Candidate
from goop_node.plugins.lifespans import Lifespans
from goop_node.plugins.status import PluginError
from goop_node.plugins.watchdog import Watchdog
from goop_node.types import Lifespan, NodeApi, Peer, PeerEvent, Route, StreamHandler
from tests.limits import HANG


class FakeP2P:
    """libp2p as far as a node's life needs it; writes down what happens to it."""

    def __init__(self, events: list[str]) -> None:
        self.events = events
        self.network = types.SimpleNamespace(peer_id="12D3KooWFake", addrs=())
        self.peers = self
        self.callbacks: list[Callable[[PeerEvent], None]] = []

    def subscribe(self, callback: Callable[[PeerEvent], None]) -> Callable[[], None]:
        self.callbacks.append(callback)
        return lambda: self.callbacks.remove(callback)

    def handle(self, handler: StreamHandler) -> None:
        self.events.append(f"handle {handler.protocol}")

    def announce(self) -> None:
        self.events.append("announce")

    async def start(self) -> None:
        self.events.append("p2p starts")

    async def stop(self) -> None:
        self.events.append("p2p stops")


class Living:
    """A plugin with a lifespan, a route, a stream handler and an observer."""

    def __init__(self, name: str, events: list[str], error: Exception | None = None) -> None:
        self.name, self.events, self.error = name, events, error

    @hookimpl
    def goop_lifespan(self, node: NodeApi) -> Lifespan:
        return self.live()

    @contextlib.asynccontextmanager
    async def live(self) -> AsyncIterator[None]:
        if self.error:
            raise self.error
        self.events.append(f"{self.name} enters")
        yield
        self.events.append(f"{self.name} leaves")

    @hookimpl
    def goop_routes(self, node: NodeApi) -> list[Route]:
        @get("/", sync_to_thread=False)
        def here() -> str:
            return self.name

        return [Route(handlers=[here])]

    @hookimpl
    def goop_stream_handlers(self, node: NodeApi) -> list[StreamHandler]:
        return [StreamHandler(protocol=f"/{self.name}", handle=lambda stream: None)]

    @hookimpl
    def goop_peer_changed(self, node: NodeApi, event: PeerEvent) -> None:
        self.events.append(f"{self.name} sees {event.kind}")


def _same(value: object) -> object:
    return value


def node_of(folder: Path, events: list[str], *, strict: bool = True, **plugins: Any) -> Node:
    candidates = [
        Candidate(name=name, load=functools.partial(_same, value))
        for name, value in plugins.items()
    ]
    tables: dict[str, dict[str, Any]] = {name: {} for name in plugins}
    node = Node(NodeConfig(data=folder, plugins=tables, strict=strict), candidates)
    node.__dict__["p2p"] = FakeP2P(events)
    return node


async def test_lifespans_surround_libp2p_and_end_in_reverse(tmp_path: Path) -> None:
    events: list[str] = []
    node = node_of(tmp_path, events, a=Living("a", events), b=Living("b", events))
    async with node.running():
        peer = Peer(peer_id="p", label="", online=True, connected=False, last_seen_ms=0)
        node.p2p.callbacks[0](PeerEvent(kind="found", peer=peer))  # type: ignore[attr-defined]
    assert events == [
        "a enters",
        "b enters",
        "handle /a",
        "handle /b",
        "p2p starts",
        "a sees found",
        "b sees found",
        "p2p stops",
        "b leaves",
        "a leaves",
    ]


async def test_a_failing_lifespan_takes_the_plugin_and_what_it_brought_out(
    tmp_path: Path,
) -> None:
    events: list[str] = []
    bad = Living("bad", events, RuntimeError("no disk"))
    node = node_of(tmp_path, events, strict=False, bad=bad, good=Living("good", events))
    async with node.running():
        assert [plugin for plugin, _ in node.routes] == ["good"]
        assert "handle /bad" not in events
        status = {one.name: one for one in node.plugin_status()}
        assert status["bad"].error == "goop_lifespan(): RuntimeError: no disk"
        assert status["good"].status == "active"


async def test_strict_ends_the_node_and_leaves_what_was_entered(tmp_path: Path) -> None:
    events: list[str] = []
    bad = Living("bad", events, RuntimeError("no disk"))
    node = node_of(tmp_path, events, a=Living("a", events), bad=bad)
    with pytest.raises(PluginError, match="no disk"):
        async with node.running():
            pass
    assert events == ["a enters", "a leaves"]


async def test_a_lifespan_that_never_gets_ready_is_given_up() -> None:
    cancelled = asyncio.Event()

    @contextlib.asynccontextmanager
    async def hangs() -> AsyncIterator[None]:
        try:
            await asyncio.Event().wait()
            yield
        finally:
            cancelled.set()

    lifespans = Lifespans(lambda plugin, error: None, enter_seconds=0.01)
    failure = await lifespans.enter("slow", hangs())
    assert str(failure) == "was not ready within 0.01 s"
    await cancelled.wait()
    await lifespans.leave()


async def test_a_lifespan_that_never_ends_does_not_hold_the_node(
    caplog: pytest.LogCaptureFixture,
) -> None:
    @contextlib.asynccontextmanager
    async def stays() -> AsyncIterator[None]:
        yield
        await asyncio.Event().wait()

    lifespans = Lifespans(lambda plugin, error: None, leave_seconds=0.01)
    assert await lifespans.enter("stays", stays()) is None
    await lifespans.leave()
    assert "plugin stays: did not stop" in caplog.text


async def test_two_nodes_live_in_one_process(tmp_path: Path) -> None:
    first: list[str] = []
    second: list[str] = []
    a = node_of(tmp_path / "a", first, x=Living("x", first))
    b = node_of(tmp_path / "b", second, x=Living("x", second))
    async with a.running(), b.running():
        a.set_label("Alice")
        b.set_label("Bob")
        assert (a.label, b.label) == ("Alice", "Bob")
    assert first.count("x enters") == second.count("x enters") == 1
    # The name chosen on the page outlives the node.
    assert node_of(tmp_path / "a", []).label == "Alice"
    with pytest.raises(ValueError, match="1 to 64"):
        a.set_label("\n")


async def test_the_watchdog_names_the_plugin_that_blocks() -> None:
    reported = threading.Event()
    reports: list[tuple[str, str | None]] = []

    def report(stack: str, plugin: str | None) -> None:
        reports.append((stack, plugin))
        reported.set()

    package = __name__.partition(".")[0]
    watchdog = Watchdog({"sleepy": package}, report=report, limit=0.01, interval=0.01)
    watchdog.start()
    blocked = reported.wait(HANG)  # holds the loop until the watchdog has seen it
    watchdog.stop()
    assert blocked
    ((stack, plugin),) = reports
    assert plugin == "sleepy"
    assert "holds the loop until" in stack
