# SPDX-License-Identifier: MIT
"""One seeded life of some nodes: a scenario, the faults that befall it, and a judgement."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from goop_realtime.testing.faults import FAULTS, Fault
from goop_realtime.testing.judgement import judge
from goop_realtime.testing.node import SimNode
from goop_realtime.testing.page import SimPage
from goop_realtime.testing.scenario import Scenario
from goop_realtime.testing.seen import demand
from goop_realtime.testing.talk import Talk
from goop_realtime.testing.tally import TALLY, say
from goop_realtime.testing.watch import Watch

NAMES = ("alice", "bob", "carol", "dave", "erin", "frank")
"""The nodes of a life; between any two of them there may be streams."""
AGREE_EVERY_MS = 500


class Life:
    """``run`` is the whole life; it raises ``Violation`` where a rule breaks.

    ``nodes`` are 2 to 6. Of ``faults``, each with its weight, 3 to 8 befall it. The ``judge`` is
    asked at the end, when they are over and everything has come to rest.
    """

    pauses_ms: tuple[int, ...] = (0, 0, 0, 1, 5, 50, 500)
    """How long people do nothing between two turns."""
    calm_ms = (10_000, 60_000, 12_000)
    """How long nothing is expected yet, how long it may take then, and how long it is to last."""

    def __init__(
        self,
        seed: int,
        scenario: Scenario = Talk(TALLY, say),  # noqa: B008
        *,
        nodes: int = 2,
        faults: Mapping[Fault, int] = FAULTS,
        judge: Callable[[Life], None] = judge,
        story: bool = False,
    ) -> None:
        self.world = scenario.world(seed, nodes)
        self.watch.healthy = not faults
        self.watch.undue |= {"diverged", "failed"}  # all nodes keep the protocol
        if story:
            self.world.story = []
        self.chance = self.world.random
        self.nodes: list[SimNode] = [self.world.node(name) for name in NAMES[:nodes]]
        self.pages: dict[str, SimPage] = {}
        """The living ones, by tab."""
        self.dead: list[SimPage] = []
        self.over = False
        """No more faults."""
        self._names = 0
        self._turns = scenario.turns
        self._faults = faults
        self._judge = judge
        self.course = scenario.begin(self)

    @property
    def watch(self) -> Watch:
        """The eye on it."""
        return self.world.watch

    def run(self) -> None:
        """Live, and be judged."""
        self._agree()
        moments = sorted(self.chance.sample(range(self._turns), self.chance.randint(3, 8)))
        for n in range(self._turns):
            self.course.turn(n)
            while moments and moments[0] <= n:
                moments.pop(0)
                if self._faults:
                    self._fault()
            self.world.run(self.chance.choice(self.pauses_ms))
        self._settle()
        self._judge(self)

    # Pages

    def open_tab(self, tab: str, node: SimNode, *, acks: bool = True) -> SimPage:
        """Open a page; its id is new, as that of every document is."""
        self._names += 1
        page = self.pages[tab] = node.page(f"{tab}{self._names}", acks=acks)
        return page

    def reload(self, tab: str) -> None:
        """The tab's document goes, and another comes."""
        page = self.pages[tab]
        page.die()
        del page.node.pages[page.id]
        self.dead.append(page)
        self.open_tab(tab, page.node, acks=page.acks)

    def _fault(self) -> None:
        fault = self.chance.choices(list(self._faults), list(self._faults.values()))[0]
        self.world.tell(f"fault: {fault.__name__}")
        self.watch.seen.counts[f"fault {fault.__name__}"] += 1
        fault(self)

    def soon(self, delay: int, action: Callable[[], None]) -> None:
        """What a fault does ``delay`` ms later, unless all faults are over by then."""
        self.world.later(delay, lambda: None if self.over else action())

    def _agree(self) -> None:
        """Look every now and then whether the sides of a channel think alike."""
        self.watch.agree()
        self.world.later(AGREE_EVERY_MS, self._agree)

    # The end

    def _settle(self) -> None:
        """No more faults: within a while everything has come to rest."""
        self.world.tell("no more faults")
        self.over = True
        self.world.heal()
        for page in self.pages.values():
            page.handler_ms = 0
            page.thaw()
        for node in self.nodes:
            node.dies = None
            node.go_on()
            node.journal.full = node.journal.locked = False
            node.mend()
            if not node.up:
                self.world.later(self.chance.randrange(2_000), node.start)
        for node in self.nodes:
            node.engine.core.liveness.begin_anew()
        self.watch.healthy = True
        first, patience, lasting = self.calm_ms
        self.world.run(first)
        settled = self.world.run(patience, self._every_second(lambda: not self.course.unrest()))
        demand(settled, f"never came to rest: {self.course.unrest()}")
        self.world.run(lasting)
        demand(not self.course.unrest(), f"did not stay at rest: {self.course.unrest()}")

    def _every_second(self, question: Callable[[], bool]) -> Callable[[], bool]:
        asked = self.world.now

        def ask() -> bool:
            nonlocal asked
            if self.world.now < asked + 1000:
                return False
            asked = self.world.now
            return question()

        return ask
