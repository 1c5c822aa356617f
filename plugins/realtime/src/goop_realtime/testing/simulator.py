# SPDX-License-Identifier: MIT
"""A deterministic simulator: nodes and pages over the pure state machine, in virtual time.

One seed gives one run. Streams keep their order and may be cut at any moment; nodes may crash
(what was not committed is gone, since the journal is real) and start again; pages may lose
their socket, reload, and read slowly.
"""

from __future__ import annotations

import heapq
import random
import sqlite3
from collections.abc import Callable, Iterable
from functools import partial

from goop_realtime.contexts import Registry, compile_context
from goop_realtime.core import Core
from goop_realtime.effects import (
    RECORDS,
    CloseLink,
    Frame,
    OpenLink,
    Record,
    SendControl,
    SendLine,
)
from goop_realtime.engine import Engine
from goop_realtime.journal import MIGRATIONS, Journal
from goop_realtime.limits import NodeLimits
from goop_realtime.restore import restore
from goop_realtime.testing.page import SimPage
from goop_realtime.types import ContextType, Rejection
from goop_realtime.wire import parse

START_MS = 1_700_000_000_000


class World:
    """Virtual time, the nodes, and the network between them."""

    def __init__(self, seed: int, contexts: Iterable[ContextType] = ()) -> None:
        self.random = random.Random(seed)
        self.now = START_MS
        self.contexts = list(contexts)
        self.nodes: dict[str, SimNode] = {}
        self.partitioned = False
        self._events: list[tuple[int, int, Callable[[], None]]] = []
        self._count = 0
        self._link = 0
        self._wires: dict[int, Wire] = {}

    def node(self, peer_id: str) -> SimNode:
        """Add a node and start it."""
        node = self.nodes[peer_id] = SimNode(self, peer_id)
        node.start()
        return node

    def later(self, delay: int, action: Callable[[], None]) -> None:
        """Run ``action`` in ``delay`` virtual milliseconds."""
        self._count += 1
        heapq.heappush(self._events, (self.now + delay, self._count, action))

    def run(self, duration: int, until: Callable[[], bool] = lambda: False) -> bool:
        """Let ``duration`` ms pass, or less if ``until`` comes true. Whether it did."""
        end = self.now + duration
        while self._events and self._events[0][0] <= end:
            self.now, _, action = heapq.heappop(self._events)
            action()
            if until():
                return True
        self.now = end
        return until()

    def delay(self) -> int:
        """How long something takes on the network, in ms."""
        return self.random.choice((1, 1, 2, 5, 20, 80))

    def connect(self, node: SimNode, peer: str) -> tuple[int, int] | None:
        """A new stream between two nodes; its two link numbers, or ``None``."""
        other = self.nodes.get(peer)
        if self.partitioned or other is None or not other.up:
            return None
        self._link += 2
        mine, theirs = self._link, self._link + 1
        wire = Wire(self, node, mine, other, theirs)
        self._wires[mine] = self._wires[theirs] = wire
        return mine, theirs

    def wire(self, link: int) -> Wire | None:
        """The stream behind a link number."""
        return self._wires.get(link)

    def cut(self) -> None:
        """Cut every stream; both sides notice."""
        for wire in set(self._wires.values()):
            wire.end("lost")


class Wire:
    """One stream: ordered both ways until it ends, then gone for both."""

    def __init__(self, world: World, a: SimNode, a_link: int, b: SimNode, b_link: int) -> None:
        self._world = world
        self.ends = {a_link: (b, b_link), b_link: (a, a_link)}
        self._busy_until = {a_link: 0, b_link: 0}
        self.open = True
        self._silent: set[int] = set()
        self.first = {a_link: False, b_link: True}

    def write(self, link: int, data: bytes) -> None:
        """Send a line from the side of ``link``; it arrives in order, or never."""
        other, other_link = self.ends[link]
        at = max(self._world.now + self._world.delay(), self._busy_until[link])
        self._busy_until[link] = at
        self._world.later(at - self._world.now, lambda: self._arrive(other, other_link, data))

    def _arrive(self, node: SimNode, link: int, data: bytes) -> None:
        if not self.open or not node.up or link in self._silent:
            return
        if self._world.partitioned:
            # What a stream lost it cannot skip: from here on this direction is silent.
            self._silent.add(link)
            return
        if self.first[link]:
            self.first[link] = False
            sender = self.ends[link][0].peer_id
            node.engine.joined(self._world.now, link, sender, parse(data))
        elif not node.engine.lines(self._world.now, link, [data]):
            raise AssertionError(f"{node.peer_id} could not read {data!r}")
        node.flush()

    def finish(self, link: int) -> None:
        """Close in good order: what was written still arrives first."""
        at = self._busy_until[link]
        self._world.later(max(0, at - self._world.now) + 1, lambda: self.end("eof"))

    def end(self, code: str) -> None:
        """End it for both sides."""
        if self.open:
            self.open = False
            for other, other_link in self.ends.values():
                self._world.later(self._world.delay(), partial(other.ended, other_link, code))


class SimNode:
    """One node: an engine, its journal (which survives crashes), its pages."""

    def __init__(self, world: World, peer_id: str) -> None:
        self.world = world
        self.peer_id = peer_id
        self.up = False
        self.pages: dict[str, SimPage] = {}
        self._db = sqlite3.connect(":memory:")
        for script in MIGRATIONS:
            self._db.executescript(script)
        self._journal = Journal(self._db)
        self._life = 0
        self._tick_at: int | None = None

    def start(self) -> None:
        """Start, or start again after a crash."""
        registry = Registry()
        for kind in self.world.contexts:
            registry.add(compile_context("sim", kind))
        core = Core(
            me=self.peer_id,
            registry=registry,
            limits=NodeLimits(rate=1e9, burst=10**9),
            random=random.Random(self.world.random.getrandbits(64)),
            authorize=lambda request: None,
            is_discovered=lambda peer: True,
            label_of=lambda peer: peer,
            now=self.world.now,
        )
        core.epoch = self._journal.next_epoch(self.world.now)
        restore(core, self._journal.load())
        self.engine = Engine(core)
        self.up = True
        self._life += 1
        self._tick_at = None
        self.flush()

    def crash(self) -> None:
        """Kill the process: what was not committed is gone, every stream and socket ends."""
        self.up = False
        for page in self.pages.values():
            page.connected = False
        for wire in set(self.world._wires.values()):
            if any(node is self for node, _ in wire.ends.values()):
                wire.end("lost")

    def ended(self, link: int, code: str) -> None:
        """A stream of ours ended."""
        if self.up:
            self.engine.link_ended(self.world.now, link, code)
            self.flush()

    def flush(self) -> None:
        """Commit and carry out what the engine asks for."""
        effects = self.engine.take()
        records: list[Record] = [item for item in effects if isinstance(item, RECORDS)]
        if records:
            self._journal.commit(records)
        for effect in effects:
            if isinstance(effect, Frame):
                page = self.pages.get(effect.page)
                if page is not None:
                    page.frame(effect.data)
            elif isinstance(effect, SendLine):
                wire = self.world.wire(effect.link)
                if wire is not None and wire.open:
                    wire.write(effect.link, effect.data)
            elif isinstance(effect, SendControl):
                self._control(effect)
            elif isinstance(effect, OpenLink):
                self.world.later(self.world.delay(), self._opener(effect))
            elif isinstance(effect, CloseLink):
                wire = self.world.wire(effect.link)
                if wire is not None:
                    wire.finish(effect.link) if effect.drain else wire.end("reset")
        self._arm()

    def _control(self, effect: SendControl) -> None:
        life = self._life

        def arrive() -> None:
            other = self.world.nodes.get(effect.peer)
            if other is not None and other.up and not self.world.partitioned:
                other.engine.control(self.world.now, self.peer_id, effect.line)
                other.flush()
            elif self.up and life == self._life and effect.line.type != "invite":
                self.engine.control_failed(
                    self.world.now, effect.peer, effect.line, "unreachable", "down"
                )
                self.flush()

        self.world.later(self.world.delay(), arrive)

    def _opener(self, effect: OpenLink) -> Callable[[], None]:
        life = self._life

        def attempt() -> None:
            if not self.up or life != self._life:
                return
            links = self.world.connect(self, effect.peer)
            if links is None:
                self.engine.link_failed(self.world.now, effect.channel, "unreachable")
            else:
                self.engine.link_opened(self.world.now, effect.channel, links[0])
            self.flush()

        return attempt

    def _arm(self) -> None:
        at = self.engine.wake_at(self.world.now)
        if at is None or (self._tick_at is not None and self._tick_at <= at):
            return
        self._tick_at = at
        life = self._life

        def tick() -> None:
            if self.up and life == self._life:
                self._tick_at = None
                self.engine.tick(self.world.now)
                self.flush()

        self.world.later(max(1, at - self.world.now), tick)

    def page(self, name: str) -> SimPage:
        """Open a page on this node."""
        page = self.pages[name] = SimPage(self, name)
        page.attach()
        return page

    def ask(self, peer: str, context: str = "", timeout: int = 60_000) -> str:
        """Ask for a channel; its id."""
        found = self.engine.request(
            self.world.now, peer, context, None, timeout, new=False, owner=""
        )
        self.flush()
        assert not isinstance(found, Rejection), found
        return found.id

    def accept(self, channel_id: str) -> None:
        """A person accepts."""
        self.engine.accept(self.world.now, channel_id, "")
        self.flush()
