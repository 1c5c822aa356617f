# SPDX-License-Identifier: MIT
"""A simulated document in a browser: its socket, and what waits in it to be read."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any

import msgspec

from goop_realtime.machine.pages import Page

if TYPE_CHECKING:
    from goop_realtime.testing.node import SimNode


class SimDocument:
    """One document of a node's browser; it comes back whenever its socket breaks."""

    def __init__(self, node: SimNode, name: str) -> None:
        self.node = node
        self.id = name
        self.alive = True
        self.connected = False
        self.frozen = False
        self.handler_ms = 0
        """How long its handlers take; a slow reader's take long."""
        self.born = node.world.now
        self._page: Page | None = None
        self._inbox: deque[bytes] = deque()
        self._reading = False
        self._busy_until = 0

    def greet(self) -> None:
        """The socket is open: say how far we are, and ask for what we lack."""
        raise NotImplementedError

    def take(self, body: dict[str, Any]) -> None:
        """A frame is read."""
        raise NotImplementedError

    def attach(self) -> None:
        """Open the socket."""
        world = self.node.world
        if self.connected or not self.alive:
            return
        if not self.node.up or self.node.stopped:
            world.later(500, self.attach)
            return
        self.connected = True
        self._page = self.node.attach(self)
        self.greet()

    def say(self, kind: str, **body: Any) -> bool:
        """Give the node a frame, where there is a socket; whether there was one."""
        page = self._page
        if not self.connected or not self.node.up or page is None:
            return False

        def arrive() -> None:
            self.node.engine.frame(self.node.now(), page, {"type": kind, **body})
            self.node.flush()

        self.node.living(arrive)()
        return True

    def cut(self) -> None:
        """The socket breaks; the page lives on, and comes back."""
        page = self._page
        if self.connected and self.node.up and page is not None:

            def arrive() -> None:
                self.node.engine.detach(self.node.now(), page)
                self.node.flush()

            self.node.living(arrive)()
        self.lost()

    def lost(self) -> None:
        """The socket is gone, and with it what was on its way."""
        self.connected = False
        self._inbox.clear()
        if self.alive:
            self.node.world.later(self.node.world.random.choice((1, 300, 5_000)), self.attach)

    def die(self) -> None:
        """The document is gone."""
        self.alive = False
        self.cut()

    def freeze(self, duration: int) -> None:
        """Run nothing for so many ms."""
        self.frozen = True
        self.node.world.later(duration, self.thaw)

    def thaw(self) -> None:
        """Run again."""
        self.frozen = False
        self._read_soon()

    # In

    def frame(self, data: bytes) -> None:
        """A frame from the node is on its way."""
        if self.connected:
            self._inbox.append(data)
            self._read_soon()

    def _read_soon(self) -> None:
        if self._inbox and not self._reading and not self.frozen:
            self._reading = True
            self.node.world.later(self.node.world.random.choice((0, 0, 1, 5)), self._read)

    def _read(self) -> None:
        self._reading = False
        while self._inbox and not self.frozen:
            body: Any = msgspec.json.decode(self._inbox.popleft())
            self.take(body)

    def busy(self) -> int:
        """In how many ms a handler returns that is given something more."""
        world = self.node.world
        delay = self.handler_ms or world.random.choice((0, 1, 10))
        self._busy_until = max(self._busy_until, world.now + delay)
        return self._busy_until - world.now
