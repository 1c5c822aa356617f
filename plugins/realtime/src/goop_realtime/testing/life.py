# SPDX-License-Identifier: MIT
"""One seeded life of a channel: two nodes, their pages, messages, faults, and a judgement."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from goop_realtime.machine.channel import Channel, Phase
from goop_realtime.testing.faults import FAULTS
from goop_realtime.testing.judgement import judge
from goop_realtime.testing.node import SimNode
from goop_realtime.testing.openings import OPENINGS
from goop_realtime.testing.page import SimPage
from goop_realtime.testing.seen import demand
from goop_realtime.testing.simulator import World
from goop_realtime.testing.watch import Watch

MESSAGES = 110
AGREE_EVERY_MS = 500
SETTLE_MS = 60_000
PAUSES = (0, 0, 0, 1, 5, 50, 500)


class Life:
    """Alice and Bob. ``run`` is the whole life; it raises ``Violation`` where a rule breaks."""

    def __init__(
        self, seed: int, *, messages: int = MESSAGES, story: bool = False, faults: bool = True
    ) -> None:
        self.world = World(seed, collisions=True)
        self.watch.healthy = not faults
        self.watch.undue |= {"diverged", "failed"}  # both nodes keep the protocol
        if story:
            self.world.story = []
        self.chance = self.world.random
        self.alice = self.world.node("alice")
        self.bob = self.world.node("bob")
        self.pages: dict[str, SimPage] = {}
        """The living ones, by tab."""
        self.dead: list[SimPage] = []
        self.channel = ""
        """The channel that is talked on, once it is agreed; else ``""``."""
        self.channels: list[str] = []
        """Every channel that was agreed."""
        self.closers: dict[tuple[str, str], set[str]] = {}
        """(channel, node) -> what its pages had sent when they closed it."""
        self.over = False
        """No more faults."""
        self._messages = messages
        self._names = 0

    @property
    def nodes(self) -> list[SimNode]:
        """Both."""
        return [self.alice, self.bob]

    @property
    def watch(self) -> Watch:
        """The eye on it."""
        return self.world.watch

    def run(self) -> None:
        """Live, and be judged."""
        plain = self.chance.random() < 0.1
        for tab, node in (("a", self.alice), ("b", self.bob), ("c", self.bob)):
            self.open_tab(tab, node, acks=not (plain and tab == "c"))
        self._agree()
        moments = sorted(self.chance.sample(range(self._messages), self.chance.randint(3, 8)))
        for n in range(self._messages):
            self.ensure_channel()
            self._say(n)
            while moments and moments[0] <= n:
                moments.pop(0)
                if not self.watch.healthy:
                    self._fault()
            self.world.run(self.chance.choice(PAUSES))
        self._settle()
        judge(self)

    # People and pages

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

    def ensure_channel(self) -> None:
        """Where there is no channel to talk on, agree on a new one; that may take several tries."""
        for _ in range(40):
            if self.channel and not self._ended(self.channel):
                return
            self.channel = ""
            opening = self.chance.choice(OPENINGS)
            self.world.tell(f"they try: {opening.__name__}")
            opening(self)
            self._look_for_channel()
        demand(bool(self.channel), "in forty tries they found no channel")

    def _ended(self, channel_id: str) -> bool:
        rows = [node.engine.core.channels.get(channel_id) for node in self.nodes if node.up]
        return not rows or any(row is None or row.final or row.closing for row in rows)

    def _look_for_channel(self) -> None:
        for node in self.nodes:
            if node.up:
                for channel in node.engine.core.channels.values():
                    if channel.phase is Phase.OPEN and not self._ended(channel.id):
                        self.channel = channel.id
                        if channel.id not in self.channels:
                            self.channels.append(channel.id)
                        return

    def _say(self, n: int) -> None:
        page = self.chance.choice(list(self.pages.values()))
        for _ in range(self.chance.choice((1, 1, 1, 1, 2, 5))):
            page.send(self.channel, {"type": "add", "n": self.chance.randint(0, 9), "pad": "x" * n})
        if self.chance.random() < 0.1:
            page.resend()
        if self.chance.random() < 0.05:
            page.say("signal", channel=self.channel, data="thinking")

    def _fault(self) -> None:
        fault = self.chance.choices(list(FAULTS), list(FAULTS.values()))[0]
        self.world.tell(f"fault: {fault.__name__}")
        self.watch.seen.counts[f"fault {fault.__name__}"] += 1
        fault(self)

    def soon(self, delay: int, action: Callable[[], None]) -> None:
        """What a fault does ``delay`` ms later, unless all faults are over by then."""
        self.world.later(delay, lambda: None if self.over else action())

    def close(self, page: SimPage) -> None:
        """A page closes the channel."""
        node, channel = page.node, self.channel
        if not node.up or not page.connected:
            return
        row = node.engine.core.channels.get(channel)
        if row is None or row.phase is not Phase.OPEN or row.closing:
            return
        before = {
            message_id
            for tab in self.pages.values()
            if tab.node is node
            for message_id, where in tab.sent.items()
            if where == channel and tab.fate.get(message_id) in ("accepted", "delivered", "handled")
        }
        self.closers.setdefault((channel, node.peer_id), before)
        node.close(channel)

    def _agree(self) -> None:
        """Look every now and then whether the two sides think alike."""
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
            node.journal.full = node.journal.locked = False
            node.mend()
            if not node.up:
                self.world.later(self.chance.randrange(2_000), node.start)
        for node in self.nodes:
            node.engine.core.liveness.begin_anew()
        self.watch.healthy = True
        self.world.run(10_000)
        settled = self.world.run(SETTLE_MS, self._every_second(self._at_rest))
        demand(settled, f"never came to rest: {self._unrest()}")
        self.world.run(12_000)
        demand(not self._unrest(), f"did not stay at rest: {self._unrest()}")

    def _every_second(self, question: Callable[[], bool]) -> Callable[[], bool]:
        asked = self.world.now

        def ask() -> bool:
            nonlocal asked
            if self.world.now < asked + 1000:
                return False
            asked = self.world.now
            return question()

        return ask

    def _at_rest(self) -> bool:
        return not self._unrest()

    def _unrest(self) -> str:
        """What has not come to rest yet, in words."""
        for channel_id in self.channels:
            rows = [node.engine.core.channels.get(channel_id) for node in self.nodes]
            why = _differ(rows)
            if why:
                return f"{channel_id} {why}"
        for page in self.pages.values():
            if not page.connected:
                return f"{page.id} is not connected"
            waiting = [key for key, item in page.open.items() if item.channel not in page.ended]
            undone = [key for key in waiting if page.open[key].stage < (3 if page.acks else 1)]
            if undone and page.acks:
                return f"{page.id} waits for {undone[:3]}"
        return ""


def _differ(rows: list[Channel | None]) -> str:
    """How two nodes' views of a channel differ, or what they still have to do."""
    known = [row for row in rows if row is not None]
    if all(row.final for row in known):
        return ""
    if len(known) < len(rows):
        return "is unknown on one side"
    states: list[Any] = [row.page_state for row in known]
    if states != ["connected", "connected"]:
        return f"is {states}"
    if any(row.outbox or row.held for row in known):
        return "has a full outbox"
    if known[0].log.last != known[1].log.last:
        return f"ends at {known[0].log.last} and {known[1].log.last}"
    return ""
