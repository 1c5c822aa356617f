# SPDX-License-Identifier: MIT
"""One seeded life of a channel: two nodes, their pages, messages, faults, and a judgement."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from goop_realtime.channel import Channel, Phase
from goop_realtime.testing.faults import FAULTS
from goop_realtime.testing.node import SimNode
from goop_realtime.testing.openings import OPENINGS
from goop_realtime.testing.page import SimPage
from goop_realtime.testing.simulator import World
from goop_realtime.testing.watch import History, Watch, demand

MESSAGES = 110
AGREE_EVERY_MS = 500
SETTLE_MS = 60_000
PAUSES = (0, 0, 0, 1, 5, 50, 500)


class Life:
    """Alice and Bob. ``run`` is the whole life; it raises ``Violation`` where a rule breaks."""

    def __init__(self, seed: int, *, messages: int = MESSAGES, story: bool = False) -> None:
        self.world = World(seed, collisions=True)
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
                self._fault()
            self.world.run(self.chance.choice(PAUSES))
        self._settle()
        self._judge()

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
        if self.chance.random() < 0.05 and page.connected and page.node.up:
            attached = page.node.engine.core.pages.get(page.id)
            if attached is not None:
                page.node.engine.signal(self.world.now, self.channel, attached, "thinking")
                page.node.flush()

    def _fault(self) -> None:
        fault = self.chance.choices(list(FAULTS), list(FAULTS.values()))[0]
        self.world.tell(f"fault: {fault.__name__}")
        self.watch.counts[f"fault {fault.__name__}"] += 1
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
            node.disk_full = False
            if not node.up:
                self.world.later(self.chance.randrange(2_000), node.start)
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

    def _judge(self) -> None:
        """What every message and every page has come to."""
        for channel_id in self.channels:
            histories = [self.watch.history.get((n.peer_id, channel_id), {}) for n in self.nodes]
            self._same(channel_id, *histories)
            for page in [*self.pages.values(), *self.dead]:
                self._accounted(channel_id, page, histories)
            for page in self.pages.values():
                self._complete(channel_id, page)
        for node in self.nodes:
            self._one_each(node)
        for (channel_id, who), before in self.closers.items():
            self._closed_behind(channel_id, who, before)

    def _one_each(self, node: SimNode) -> None:
        """Requests that crossed have become one channel."""
        names = [
            channel.request.context
            for channel in node.engine.core.channels.values()
            if channel.phase is Phase.OPEN and channel.request.context and not channel.fresh
        ]
        demand(len(names) == len(set(names)), f"{node.peer_id} has two channels of one of {names}")

    def _same(self, channel_id: str, first: History, second: History) -> None:
        for seq in first.keys() & second.keys():
            demand(first[seq] == second[seq], f"{seq} of {channel_id} differs")

    def _accounted(self, channel_id: str, page: SimPage, histories: list[History]) -> None:
        """Everything a page sent is in the log in its order, or refused, or unknown in words."""
        history = {**histories[0], **histories[1]}
        order = [
            message_id
            for _, (_, message_id) in sorted(history.items())
            if message_id.rpartition("-")[0] == page.id
        ]
        counters = [int(message_id.rpartition("-")[2]) for message_id in order]
        demand(
            counters == sorted(counters) or page.node.peer_id in self.watch.lossy,
            f"{page.id} sent in another order than {order}",
        )
        rows = [node.engine.core.channels.get(channel_id) for node in self.nodes]
        living = all(row is not None and not row.final for row in rows)
        for message_id, where in page.sent.items():
            if where != channel_id or message_id in order:
                continue
            if (channel_id, message_id) in self.watch.refusals:
                continue
            fate = page.fate.get(message_id, "")
            if not living and fate not in ("delivered", "handled"):
                continue
            if page.alive or fate == "delivered" or fate == "handled":
                lost = len(self.watch.lossy) == 2 or (not living and bool(self.watch.lossy))
            else:
                lost = fate == "" or page.node.peer_id in self.watch.lossy
            demand(lost, f"{message_id} is {fate or 'unsettled'} and in no log")

    def _complete(self, channel_id: str, page: SimPage) -> None:
        """A living page has everything up to the end of its node's log."""
        channel = page.node.engine.core.channels.get(channel_id)
        if channel is None or channel.final or channel_id not in page.after:
            return
        others = [
            entry
            for entry in channel.log.after(0)
            if entry.kind == "msg" and entry.id.rpartition("-")[0] != page.id
        ]
        if others:
            demand(
                page.after[channel_id] >= others[-1].position,
                f"{page.id} was given up to {page.after[channel_id]} of {others[-1].position}",
            )

    def _closed_behind(self, channel_id: str, who: str, before: set[str]) -> None:
        """A close is ordered behind everything that its own node had accepted."""
        for node in self.nodes:
            channel = node.engine.core.channels.get(channel_id)
            history = self.watch.history.get((node.peer_id, channel_id), {})
            if channel is None or not history or channel.close_code != "closed":
                continue
            last = channel.log.get(max(history))
            if last is None or last.author != who or self.watch.lossy:
                continue
            ordered = {message_id for _, message_id in history.values()}
            refused = {key for where, key in self.watch.refusals if where == channel_id}
            missing = before - ordered - refused
            demand(not missing, f"closed before {sorted(missing)[:3]}")


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
