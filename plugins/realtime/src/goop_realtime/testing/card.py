# SPDX-License-Identifier: MIT
"""How a simulated node meets the network and its pages: what it does, and what comes to it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from goop_realtime.engine.door import Engine
from goop_realtime.engine.effects import AnyEffect
from goop_realtime.model.effects import CloseLink, Frame, OpenLink, SendControl, SendLine
from goop_realtime.model.wire import Line, parse

if TYPE_CHECKING:
    from goop_realtime.testing.page import SimPage
    from goop_realtime.testing.simulator import World


class Card:
    """The network card of a node, so to speak, and its end of the pages' sockets."""

    peer_id: str
    world: World
    engine: Engine
    pages: dict[str, SimPage]
    up: bool
    reads_ahead = False
    """Whether lines that have come together are one step of it."""

    def __init__(self) -> None:
        self._life = 0
        """Which of its lives it lives: a start begins another."""
        self._stopped: list[Callable[[], object]] | None = None
        """What waits while the process is stopped (SIGSTOP); ``None`` while it runs."""

    def now(self) -> int:
        """The node's time, in Unix ms."""
        raise NotImplementedError

    def flush(self) -> None:
        """A step of the node ends."""
        raise NotImplementedError

    # Its process

    def stop(self, duration: int) -> None:
        """Do nothing for so many ms; nobody is told, and what comes waits."""
        if self.up and self._stopped is None:
            self._stopped = []
            self.world.tell(f"{self.peer_id} is stopped")
            self.world.later(duration, self.living(self.go_on, stopped=True))

    @property
    def stopped(self) -> bool:
        """Whether it is stopped now."""
        return self._stopped is not None

    def go_on(self) -> None:
        """Run again, with what has come meanwhile."""
        waited, self._stopped = self._stopped or [], None
        for action in waited:
            action()

    def runs(self, action: Callable[[], object]) -> bool:
        """Whether the node runs; where it is stopped, ``action`` waits until it goes on."""
        if self._stopped is not None:
            self._stopped.append(action)
        return self._stopped is None

    def living(self, action: Callable[[], object], *, stopped: bool = False) -> Callable[[], None]:
        """``action``, for as long as this life of the node lasts.

        Where the node is stopped it waits, unless ``stopped`` says that it does not matter.
        """
        life = self._life

        def run() -> None:
            if self.up and life == self._life and (stopped or self.runs(run)):
                action()

        return run

    # Out

    def do(self, effect: AnyEffect) -> None:
        """Do what an effect asks for."""
        world = self.world
        if isinstance(effect, Frame):
            if (page := self.pages.get(effect.page)) is not None:
                page.frame(effect.data)
        elif isinstance(effect, SendLine):
            if (wire := world.wire(effect.link)) is not None:
                wire.write(effect.link, effect.data)
        elif isinstance(effect, SendControl):
            self._control(effect.peer, effect.line)
        elif isinstance(effect, OpenLink):
            self.open_stream(effect)
        elif isinstance(effect, CloseLink) and (wire := world.wire(effect.link)) is not None:
            wire.close(effect.link, drain=effect.drain)

    def _control(self, peer: str, line: Line) -> None:
        world = self.world

        def unreachable() -> None:
            self.engine.control_failed(self.now(), peer, line, "unreachable", "down")
            self.flush()

        failed = self.living(unreachable)

        def arrive() -> None:
            if world.reaches(self.peer_id, peer):
                world.nodes[peer].told(self.peer_id, line)
            elif line.type != "invite":
                failed()

        world.later(world.delay(), arrive)

    def open_stream(self, effect: OpenLink) -> None:
        """Try to open a stream; the engine hears what comes of it."""

        def attempt() -> None:
            link = self.world.connect(self.peer_id, effect.peer)
            if link is None:
                self.engine.link_failed(self.now(), effect.channel, "unreachable")
            else:
                self.engine.link_opened(self.now(), effect.channel, link)
            self.flush()

        self.world.later(self.world.delay(), self.living(attempt))

    # In

    def told(self, sender: str, line: Line) -> None:
        """A line of the invitation protocol arrived."""
        if self.runs(self.living(lambda: self.told(sender, line))):
            self.world.watch.control(self.world.nodes[self.peer_id], sender, line)
            self.engine.control(self.now(), sender, line)
            self.flush()

    def line(self, link: int, sender: str, data: bytes, *, first: bool) -> None:
        """A line arrived on one of our streams."""
        if not self.runs(self.living(lambda: self.line(link, sender, data, first=first))):
            return
        line = parse(data)
        self.world.watch.line(self.world.nodes[self.peer_id], sender, line)
        if first:
            self.engine.joined(self.now(), link, sender, line)
        elif not self.engine.lines(self.now(), link, [data]):
            raise AssertionError(f"{self.peer_id} could not read {data!r}")
        self.flush()

    def lines(self, link: int, sender: str, batch: list[bytes]) -> None:
        """Lines arrived together on one of our streams, where the node reads ahead."""
        raise NotImplementedError

    def ended(self, link: int, code: str) -> None:
        """A stream of ours ended."""
        if self.up and self.runs(self.living(lambda: self.ended(link, code))):
            before = set(self.engine.core.links.values())
            self.engine.link_ended(self.now(), link, code)
            self.world.watch.ended(self.world.nodes[self.peer_id], link, before)
            self.flush()
