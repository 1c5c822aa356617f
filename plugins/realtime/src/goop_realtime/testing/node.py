# SPDX-License-Identifier: MIT
"""A simulated node: an engine, its journal, and the moments at which it may die."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from hashlib import sha512
from typing import TYPE_CHECKING, Any

from goop_realtime.contexts.registry import Registry
from goop_realtime.engine.door import Engine
from goop_realtime.engine.effects import AnyEffect
from goop_realtime.machine.pages import Page
from goop_realtime.machine.rights import HOME
from goop_realtime.machine.surroundings import Surroundings
from goop_realtime.model.effects import RECORDS
from goop_realtime.model.limits import NodeLimits
from goop_realtime.storage.committer import Committer
from goop_realtime.testing.card import Card
from goop_realtime.testing.document import SimDocument
from goop_realtime.testing.machine import Chance, Disk, Killed
from goop_realtime.testing.page import SimPage
from goop_realtime.testing.person import Person
from goop_realtime.types import OpenRequest, Refusal

if TYPE_CHECKING:
    from goop_realtime.testing.simulator import World


def signature(who: str, data: bytes) -> bytes:
    """One that costs little, and that nobody makes for another without meaning to."""
    return sha512(who.encode() + data).digest()


BACK_MS = 20
"""How soon a node goes on whose step could not be stored."""


class SimNode(Card, Person):
    """One node: an engine, its journal (which survives crashes), its pages."""

    def __init__(self, world: World, peer_id: str) -> None:
        super().__init__()
        self.world = world
        self.peer_id = peer_id
        self.up = False
        self.pages: dict[str, SimPage] = {}
        self.dies: str | None = None
        """Where in its next step it is killed: ``commit`` (before it), ``act``, ``half``."""
        self.journal = self.disk()
        self._went_back = False
        self._tick_at: int | None = None
        self.clock = 0
        """How many ms its clock is ahead, since its start."""
        self.plugin = "works"
        """What it finds of the contexts' plugin at its next start: a key of ``World.contexts``."""
        self.works = "works"
        """Which of them is the plugin as it should be; another one after an update."""

    def disk(self) -> Disk:
        """What it writes to."""
        return Disk()

    # Life and death

    def start(self) -> None:
        """Start, or start again after a crash."""
        surroundings = Surroundings(
            me=self.peer_id,
            registry=self.registry(),
            limits=NodeLimits(rate=1e9, burst=10**9),
            random=Chance(self.world),
            authorize=self.authorize,
            is_discovered=lambda peer: True,
            label_of=lambda peer: peer,
            report=self.plugin_failed,
            sign=partial(signature, self.peer_id),
            verify=lambda peer, data, sig: signature(peer, data) == sig,
        )
        self.engine = self.begin(surroundings)
        self._committer = Committer(self.engine, self.journal, self)
        self.up = True
        self._life += 1
        self._tick_at = None
        self.world.tell(f"{self.peer_id} starts, plugin {self.plugin}")
        self.world.watch.started(self)
        self.flush()

    def registry(self) -> Registry:
        """The contexts that it finds."""
        registry = Registry()
        for context in self.world.contexts[self.plugin]:
            registry.add(context)
        return registry

    def authorize(self, request: OpenRequest) -> Refusal | None:
        """Whether its plugins let somebody ask that: they do."""

    def plugin_failed(
        self, plugin: str, error: BaseException, doing: str, code: object, about: str
    ) -> None:
        """A function of a plugin failed, which is part of life."""

    def begin(self, surroundings: Surroundings) -> Engine:
        """The machine, from what the journal holds."""
        now = self.now()
        epoch = self.journal.next_epoch(now)
        return Engine.start(surroundings, now, self.journal.load(), epoch=epoch)

    def crash(self, *, silent: bool = False) -> None:
        """Kill the process: what was not committed is gone, every stream and socket ends.

        ``silent``: nobody is told, as when the power goes.
        """
        self.world.tell(f"{self.peer_id} is killed")
        self.up = False
        self.dies = self._stopped = None
        for wire in self.world.wires():
            wire.orphan(self, silent=silent)
        for page in self.pages.values():
            page.lost()
        if self.journal.reopen():
            self.world.watch.forgets(self)

    def mend(self) -> None:
        """Start again with the plugin as it should be."""
        if self.plugin == self.works:
            return
        self.plugin = self.works
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

    @property
    def acts(self) -> bool:
        """Whether it says what it thinks: not while it is stopped, or cannot store a step."""
        return self.up and not self.stopped and not self._committer.waits

    # What the committer asks for (see ``Driver`` there)

    def now(self) -> int:
        """The node's time, in Unix ms: its clock may be ahead of the world's, or behind."""
        return self.world.now + self.clock

    def later(self, delay_ms: int, action: Callable[[], object]) -> Callable[[], object]:
        """Call ``action`` then, unless this life of the node is over; the answer cancels it."""
        cancelled = [False]

        def run() -> None:
            if not cancelled[0]:
                self._step(action)

        self.world.later(delay_ms, self.living(run))
        return lambda: cancelled.__setitem__(0, True)

    def act(self, batch: Sequence[AnyEffect]) -> None:
        """These are on the disk: do what they ask for, as far as life goes on."""
        records = self.records(batch)
        if records:
            self.world.watch.committed(self, records)
        if self.dies is not None and batch:
            for effect in batch[: len(batch) // 2] if self.dies == "half" else ():
                self.do(effect)
            raise Killed
        for effect in batch:
            self.do(effect)
        self.world.watch.pages.carried_out()

    def records(self, batch: Sequence[AnyEffect]) -> Sequence[Any]:
        """Those of a batch's effects that were stored."""
        return [item for item in batch if isinstance(item, RECORDS)]

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

    def sees_everybody(self) -> None:
        """The other nodes' presence arrives."""
        for peer in self.world.nodes:
            if self.up and peer != self.peer_id and self.world.reaches(self.peer_id, peer):
                self.engine.peer_back(self.now(), peer)
                self.flush()

    def _arm(self) -> None:
        at = self.engine.wake_at(self.now())
        if at is None or (self._tick_at is not None and self._tick_at <= at):
            return
        self._tick_at = at

        def tick() -> None:
            if self._tick_at == at:
                self._tick_at = None
                for overdue in self.engine.tick(self.now()):
                    self.world.watch.overdue(self, overdue)
                self.flush()

        self.world.later(max(1, at - self.now()), self.living(tick))

    # People and pages

    def attach(self, page: SimDocument) -> Page:
        """A page's socket is open: what waits for an older one is not for this one."""
        self.flush()
        self._committer.drop_frames(page.id)
        return self.engine.attach(self.now(), page.id, HOME)

    def page(self, name: str, *, acks: bool = True) -> SimPage:
        """Open a page on this node."""
        page = self.pages[name] = SimPage(self, name, acks=acks)
        page.attach()
        return page
