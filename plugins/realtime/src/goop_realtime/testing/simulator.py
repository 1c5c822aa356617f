# SPDX-License-Identifier: MIT
"""A deterministic simulator: nodes and pages over the pure state machine, in virtual time.

One seed gives one run. Streams keep their order and may end at any moment, on each side at a
time of its own; nodes may be killed between any two effects, lose power (and with it their
newest commits), or lose their disk; pages may lose their socket, freeze, reload and resend.
``Watch`` looks at everything that happens and raises ``Violation``.
"""

from __future__ import annotations

import heapq
import random
from collections.abc import Callable, Sequence

from goop_realtime.testing.astray import plugins
from goop_realtime.testing.node import SimNode
from goop_realtime.testing.tally import TALLY
from goop_realtime.testing.watch import Watch
from goop_realtime.testing.wires import Wire
from goop_realtime.types import ContextType

START_MS = 1_700_000_000_000
DELAYS = (1, 1, 2, 5, 20, 80)
SLOWEST_MS = 2_000


class World:
    """Virtual time, the nodes, and the network between them."""

    def __init__(
        self,
        seed: int,
        contexts: Sequence[ContextType] = (TALLY,),
        *,
        collisions: bool = False,
    ) -> None:
        self.random = random.Random(seed)
        self.now = START_MS
        self.contexts = plugins(contexts)
        self.unlogged = {
            kind.name
            for context in self.contexts["works"]
            for kind in context.kinds.values()
            if kind.delivery != "ordered"
        }
        """Types of messages that are in no log."""
        self.nodes: dict[str, SimNode] = {}
        self.blocked: set[tuple[str, str]] = set()
        """Directions ``(from, to)`` in which nothing arrives."""
        self.slow = 1
        """What every delay of the network is multiplied with."""
        self.lag: dict[frozenset[str], int] = {}
        """The same, between two nodes."""
        self.loss = 0.0
        """How many of the datagrams are lost: that is how nodes find rooms."""
        self.watch = self.eye()
        self.story: list[str] | None = None
        """What happened, in words, where somebody wants to read it."""
        self.ids: list[int] | None = [] if collisions else None
        """Channel ids drawn so far, where chance may draw one twice."""
        self._events: list[tuple[int, int, Callable[[], None]]] = []
        self._count = 0
        self._link = 0
        self._wires: dict[int, Wire] = {}
        self._landing: dict[tuple[str, str], int] = {}
        """When the newest datagram between two nodes lands."""

    def eye(self) -> Watch:
        """What looks at it."""
        return Watch(self)

    def machine(self, peer_id: str) -> SimNode:
        """A new node."""
        return SimNode(self, peer_id)

    def tell(self, what: str) -> None:
        """Add a line to the story."""
        if self.story is not None:
            self.story.append(f"{(self.now - START_MS) / 1000:9.3f} {what}")

    def node(self, peer_id: str) -> SimNode:
        """Add a node and start it."""
        node = self.nodes[peer_id] = self.machine(peer_id)
        node.start()
        return node

    def later(self, delay: int, action: Callable[[], None]) -> None:
        """Run ``action`` in ``delay`` virtual milliseconds."""
        self._count += 1
        heapq.heappush(self._events, (self.now + max(0, delay), self._count, action))

    def run(self, duration: int, until: Callable[[], bool] | None = None) -> bool:
        """Let ``duration`` ms pass, or less if ``until`` comes true. Whether it did."""
        end = self.now + duration
        events = self._events
        while events and events[0][0] <= end:
            self.now, _, action = heapq.heappop(events)
            action()
            if until is not None and until():
                return True
        self.now = end
        return until is not None and until()

    # The network

    def delay(self, *pair: str) -> int:
        """How long something takes on the network, between two nodes, in ms."""
        lag = self.lag.get(frozenset(pair), 1) if self.lag else 1
        return min(self.random.choice(DELAYS) * self.slow * lag, SLOWEST_MS)

    def datagram(self, source: str, target: str, arrive: Callable[[], None]) -> None:
        """Something is on its way that may be lost, and passes by nothing sent before."""

        def land() -> None:
            if not self.is_blocked(source, target):
                arrive()

        if self.random.random() >= self.loss:
            pair = (source, target)
            at = max(self.now + self.delay(*pair), self._landing.get(pair, 0))
            self._landing[pair] = at
            self.later(at - self.now, land)

    def is_blocked(self, source: str, target: str) -> bool:
        """Whether nothing arrives from ``source`` at ``target``."""
        return (source, target) in self.blocked

    def reaches(self, peer: str, other: str) -> bool:
        """Whether a new stream can be opened: that takes both directions."""
        node = self.nodes.get(other)
        pairs = ((peer, other), (other, peer))
        return node is not None and node.up and not any(pair in self.blocked for pair in pairs)

    def connect(self, who: str, peer: str) -> int | None:
        """A new stream from ``who`` to ``peer``; its link number there, or ``None``."""
        if not self.reaches(who, peer):
            return None
        self._link += 2
        wire = Wire(self, self.nodes[who], self._link, self.nodes[peer], self._link + 1)
        self._wires[self._link] = self._wires[self._link + 1] = wire
        return self._link

    def wire(self, link: int) -> Wire | None:
        """The stream behind a link number."""
        return self._wires.get(link)

    def wires(self) -> list[Wire]:
        """Every stream that at least one side has."""
        for link in [link for link, wire in self._wires.items() if wire.over]:
            del self._wires[link]
        return list(dict.fromkeys(self._wires.values()))

    def cut(self) -> None:
        """Break every stream; its sides notice at different times."""
        for wire in self.wires():
            notice = self.random.choice(((0, 0), (0, 500), (500, 0), (5, 5_000), (5_000, 5)))
            wire.cut(notice)

    def heal(self) -> None:
        """Everything arrives again; a little later the nodes see each other's presence."""
        self.blocked.clear()
        self.lag.clear()
        self.slow, self.loss = 1, 0.0
        for node in self.nodes.values():
            self.later(self.random.randrange(5_000), node.sees_everybody)
