# SPDX-License-Identifier: MIT
"""Simulated streams: bytes in order, or not at all; and every way in which they end."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from goop_realtime.testing.node import SimNode
    from goop_realtime.testing.simulator import World

RETRY_MS = 200
"""How often a blocked direction tries again, as TCP does."""


class Wire:
    """One stream between two nodes. Each direction is a queue of lines and at last its end.

    What one side does or suffers reaches the other later, in order behind what was written
    before; the two sides may believe different things about the stream for a long time.
    """

    def __init__(self, world: World, a: SimNode, a_link: int, b: SimNode, b_link: int) -> None:
        self._world = world
        self.nodes = {a_link: a, b_link: b}
        self._names = (a.peer_id, b.peer_id)
        self._other = {a_link: b_link, b_link: a_link}
        self._queues: dict[int, deque[tuple[int, bytes | None, str]]] = {
            a_link: deque(),
            b_link: deque(),
        }
        self._first = {b_link}
        self._done: set[int] = set()
        self._broken = False

    def write(self, link: int, data: bytes) -> None:
        """Send a line from the side of ``link``."""
        if link not in self._done and not self._broken:
            self._put(self._other[link], data, "")

    def _put(self, to: int, data: bytes | None, code: str, delay: int | None = None) -> None:
        queue, now = self._queues[to], self._world.now
        at = now + (self._world.delay(*self._names) if delay is None else delay)
        if queue:
            at = max(at, queue[-1][0])
        queue.append((at, data, code))
        self._world.later(at - now, lambda: self._arrive(to))

    def _arrive(self, to: int) -> None:
        queue, world = self._queues[to], self._world
        node, sender = self.nodes[to], self.nodes[self._other[to]]
        if not queue or queue[0][0] > world.now:
            return
        if world.is_blocked(sender.peer_id, node.peer_id):
            world.later(RETRY_MS, lambda: self._arrive(to))
            return
        while queue and queue[0][0] <= world.now:
            _, data, code = queue.popleft()
            if to in self._done or not node.up:
                queue.clear()
                return
            if data is None:
                self._done.add(to)
                node.ended(to, code)
            else:
                first = to in self._first
                self._first.discard(to)
                if first or not node.reads_ahead:
                    node.line(to, sender.peer_id, data, first=first)
                else:
                    node.lines(to, sender.peer_id, [data, *self._due(queue)])

    def _due(self, queue: deque[tuple[int, bytes | None, str]]) -> list[bytes]:
        """The lines that have come together, in front of an end."""
        found = []
        while queue and queue[0][0] <= self._world.now and queue[0][1] is not None:
            found.append(queue.popleft()[1])
        return [data for data in found if data is not None]

    def close(self, link: int, *, drain: bool) -> None:
        """The side of ``link`` ends it: in good order, or dropping what is on its way."""
        if link in self._done:
            return
        self._done.add(link)
        to = self._other[link]
        if not drain:
            self._queues[to].clear()
        self._put(to, None, "eof" if drain else "reset")
        node = self.nodes[link]
        self._world.later(1, lambda: node.ended(link, "closed"))

    def reset(self, node: SimNode) -> None:
        """A node drops its side of it, if it has one."""
        for link, side in self.nodes.items():
            if side is node:
                self.close(link, drain=False)

    def cut(self, notice: tuple[int, int]) -> None:
        """It breaks. Each side still gets a part of what was on its way, then its end."""
        if self._broken:
            return
        self._broken = True
        for (to, queue), delay in zip(self._queues.items(), notice, strict=True):
            for _ in range(self._world.random.randint(0, len(queue))):
                queue.pop()
            if to not in self._done:
                self._put(to, None, "lost", delay)

    def orphan(self, node: SimNode, *, silent: bool) -> None:
        """A node is gone: its system ends the stream, or, without power, nobody does."""
        for link, side in self.nodes.items():
            if side is node and link not in self._done:
                self._done.add(link)
                if not silent:
                    self._put(self._other[link], None, "reset")

    @property
    def over(self) -> bool:
        """Whether neither side has it any more."""
        return len(self._done) == 2
