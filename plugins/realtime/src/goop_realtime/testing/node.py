# SPDX-License-Identifier: MIT
"""A simulated node: an engine, its journal, and the moments at which it may die."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from goop_realtime.contexts.registry import Registry
from goop_realtime.machine.engine import Engine
from goop_realtime.machine.pages import Page
from goop_realtime.machine.rights import HOME
from goop_realtime.machine.surroundings import Surroundings
from goop_realtime.model.effects import (
    RECORDS,
    CloseLink,
    Effect,
    Frame,
    OpenLink,
    Record,
    SendControl,
    SendLine,
)
from goop_realtime.model.limits import NodeLimits
from goop_realtime.model.wire import parse
from goop_realtime.storage.committer import Committer
from goop_realtime.testing.machine import Chance, Disk, Killed
from goop_realtime.testing.page import SimPage
from goop_realtime.testing.person import Person

if TYPE_CHECKING:
    from goop_realtime.testing.simulator import World


BACK_MS = 20
"""How soon a node goes on whose step could not be stored."""


class SimNode(Person):
    """One node: an engine, its journal (which survives crashes), its pages."""

    def __init__(self, world: World, peer_id: str) -> None:
        self.world = world
        self.peer_id = peer_id
        self.up = False
        self.pages: dict[str, SimPage] = {}
        self.dies: str | None = None
        """Where in its next step it is killed: ``commit`` (before it), ``act``, ``half``."""
        self.journal = Disk()
        self._went_back = False
        self._life = 0
        self._tick_at: int | None = None
        self.plugin = "works"
        """What it finds of the contexts' plugin at its next start: a key of ``World.contexts``."""

    # Life and death

    def start(self) -> None:
        """Start, or start again after a crash."""
        now = self.world.now
        registry = Registry()
        for context in self.world.contexts[self.plugin]:
            registry.add(context)
        surroundings = Surroundings(
            me=self.peer_id,
            registry=registry,
            limits=NodeLimits(rate=1e9, burst=10**9),
            random=Chance(self.world),
            authorize=lambda request: None,
            is_discovered=lambda peer: True,
            label_of=lambda peer: peer,
        )
        epoch = self.journal.next_epoch(now)
        self.engine = Engine.start(surroundings, now, self.journal.load(), epoch=epoch)
        self._committer = Committer(self.engine, self.journal, self)
        self.up = True
        self._life += 1
        self._tick_at = None
        self.world.tell(f"{self.peer_id} starts, epoch {epoch}, plugin {self.plugin}")
        self.world.watch.started(self)
        self.flush()

    def crash(self, *, silent: bool = False) -> None:
        """Kill the process: what was not committed is gone, every stream and socket ends.

        ``silent``: nobody is told, as when the power goes.
        """
        self.world.tell(f"{self.peer_id} is killed")
        self.up = False
        self.dies = None
        for wire in self.world.wires():
            wire.orphan(self, silent=silent)
        for page in self.pages.values():
            page.lost()
        if self.journal.reopen():
            self.world.watch.forgets(self)

    def mend(self) -> None:
        """Start again with the plugin as it should be."""
        if self.plugin == "works":
            return
        self.plugin = "works"
        if self.up:
            self.crash()
            self.start()

    def lose_power(self) -> None:
        """Die, and lose every commit that the disk had not taken."""
        if self.up:
            self.crash(silent=True)
        if self.journal.fall_back():
            self.world.tell(f"{self.peer_id} loses its last commits")
            self.world.watch.forgets(self)

    def lose_file(self) -> None:
        """The journal's file is deleted under the node."""
        self.world.tell(f"{self.peer_id} finds its file gone")
        if self.up:
            self._step(lambda: self._committer.lost("deleted"))

    # Steps

    def flush(self) -> None:
        """A step ends: it is committed and carried out, unless death comes between."""
        if self.up:
            self._step(self._committer.commit)

    def _step(self, work: Callable[[], object]) -> None:
        self.journal.kills = self.dies == "commit"
        try:
            work()
        except Killed:
            self.crash()
            return
        if self._went_back and not self._committer.waits:
            self._went_back = False
            self.world.watch.started(self)
            self.later(BACK_MS, self._committer.commit)
        self._arm()

    # What the committer asks for (see ``Driver`` there)

    def now(self) -> int:
        """The world's time, in Unix ms."""
        return self.world.now

    def later(self, delay_ms: int, action: Callable[[], object]) -> Callable[[], object]:
        """Call ``action`` then, unless this life of the node is over; the answer cancels it."""
        life, cancelled = self._life, [False]

        def run() -> None:
            if self.up and life == self._life and not cancelled[0]:
                self._step(action)

        self.world.later(delay_ms, run)
        return lambda: cancelled.__setitem__(0, True)

    def act(self, batch: Sequence[Effect]) -> None:
        """These are on the disk: do what they ask for, as far as life goes on."""
        records: list[Record] = [item for item in batch if isinstance(item, RECORDS)]
        if records:
            self.world.watch.committed(self, records)
        if self.dies is not None and batch:
            self._carry_out(batch[: len(batch) // 2] if self.dies == "half" else ())
            raise Killed
        self._carry_out(batch)
        self.world.watch.pages.carried_out()

    def cut_off(self) -> None:
        """A step cannot be stored, and nothing of it happens: every stream and socket ends."""
        self.world.tell(f"{self.peer_id} cannot commit")
        self._went_back = True
        for wire in self.world.wires():
            wire.reset(self)
        for page in self.pages.values():
            if page.connected:
                page.lost()

    def report(self, error: Exception, about: str) -> None:
        """A step failed on something: no simulated life may bring that about."""
        raise error

    def _carry_out(self, effects: Sequence[Effect]) -> None:
        world = self.world
        for effect in effects:
            kind = type(effect)
            if kind is Frame:
                if (page := self.pages.get(effect.page)) is not None:  # type: ignore[union-attr]
                    page.frame(effect.data)  # type: ignore[union-attr]
            elif kind is SendLine:
                wire = world.wire(effect.link)  # type: ignore[union-attr]
                if wire is not None:
                    wire.write(effect.link, effect.data)  # type: ignore[union-attr]
            elif isinstance(effect, SendControl):
                self._control(effect)
            elif isinstance(effect, OpenLink):
                world.later(world.delay(), self._opener(effect))
            elif isinstance(effect, CloseLink) and (wire := world.wire(effect.link)) is not None:
                wire.close(effect.link, drain=effect.drain)

    def _control(self, effect: SendControl) -> None:
        world, life = self.world, self._life

        def arrive() -> None:
            if world.reaches(self.peer_id, effect.peer):
                other = world.nodes[effect.peer]
                world.watch.control(other, self.peer_id, effect.line)
                other.engine.control(world.now, self.peer_id, effect.line)
                other.flush()
            elif self.up and life == self._life and effect.line.type != "invite":
                self.engine.control_failed(
                    world.now, effect.peer, effect.line, "unreachable", "down"
                )
                self.flush()

        world.later(world.delay(), arrive)

    def _opener(self, effect: OpenLink) -> Callable[[], None]:
        life = self._life

        def attempt() -> None:
            if not self.up or life != self._life:
                return
            link = self.world.connect(self, effect.peer)
            if link is None:
                self.engine.link_failed(self.world.now, effect.channel, "unreachable")
            else:
                self.engine.link_opened(self.world.now, effect.channel, link)
            self.flush()

        return attempt

    def line(self, link: int, sender: str, data: bytes, *, first: bool) -> None:
        """A line arrived on one of our streams."""
        line = parse(data)
        self.world.watch.line(self, sender, line)
        if first:
            self.engine.joined(self.world.now, link, sender, line)
        elif not self.engine.lines(self.world.now, link, [data]):
            raise AssertionError(f"{self.peer_id} could not read {data!r}")
        self.flush()

    def ended(self, link: int, code: str) -> None:
        """A stream of ours ended."""
        if self.up:
            before = set(self.engine.core.links.values())
            self.engine.link_ended(self.world.now, link, code)
            self.world.watch.ended(self, link, before)
            self.flush()

    def sees_everybody(self) -> None:
        """The other nodes' presence arrives."""
        for peer in self.world.nodes:
            if self.up and peer != self.peer_id and self.world.reaches(self.peer_id, peer):
                self.engine.peer_back(self.world.now, peer)
                self.flush()

    def _arm(self) -> None:
        at = self.engine.wake_at(self.world.now)
        if at is None or (self._tick_at is not None and self._tick_at <= at):
            return
        self._tick_at = at
        life = self._life

        def tick() -> None:
            if self.up and life == self._life and self._tick_at == at:
                self._tick_at = None
                for overdue in self.engine.tick(self.world.now):
                    self.world.watch.overdue(self, overdue)
                self.flush()

        self.world.later(max(1, at - self.world.now), tick)

    # People and pages

    def attach(self, page: SimPage) -> Page:
        """A page's socket is open: what waits for an older one is not for this one."""
        self.flush()
        self._committer.drop_frames(page.id)
        return self.engine.attach(self.world.now, page.id, HOME)

    def page(self, name: str, *, acks: bool = True) -> SimPage:
        """Open a page on this node."""
        page = self.pages[name] = SimPage(self, name, acks=acks)
        page.attach()
        return page
