# SPDX-License-Identifier: MIT
"""The scenario of channels: people at any two of the nodes agree on one, talk, and end it."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from goop_node.types import JsonValue
from goop_realtime.machine.channel import Channel, Phase
from goop_realtime.testing.node import SimNode
from goop_realtime.testing.openings import OPENINGS
from goop_realtime.testing.page import SimPage
from goop_realtime.testing.seen import demand
from goop_realtime.testing.simulator import World
from goop_realtime.types import ContextType

if TYPE_CHECKING:
    from goop_realtime.testing.life import Life

Say = Callable[[random.Random, Any, str], JsonValue]
"""Takes chance, the Session's snapshot and who speaks (peer id); gives the message's data."""


def _no_params(chance: random.Random) -> JsonValue:
    return None


@dataclass(frozen=True)
class Talk:
    """Channels of ``context``, and some without any, on which pages say what ``say`` gives."""

    context: ContextType
    say: Say
    params: Callable[[random.Random], JsonValue] = _no_params
    """What a channel is asked for with."""
    turns: int = 110

    def world(self, seed: int, nodes: int) -> World:
        """One with the context."""
        # Two pairs of nodes may have the same id for two channels; what is seen goes by ids.
        return World(seed, [self.context], collisions=nodes == 2)

    def begin(self, life: Life) -> Talking:
        """Open a page at every node, and two at the second."""
        plain = life.chance.random() < 0.1
        for tab, node in zip("abdefg", life.nodes, strict=False):
            life.open_tab(tab, node)
            if tab == "b":
                life.open_tab("c", node, acks=not plain)
        return Talking(life, self)


class Talking:
    """A talk as it goes in one life."""

    def __init__(self, life: Life, talk: Talk) -> None:
        self._life = life
        self._talk = talk
        self._present: dict[frozenset[str], str] = {}
        """By the two nodes: the channel they talk on."""
        self.channels: dict[str, tuple[SimNode, SimNode]] = {}
        self.closers: dict[tuple[str, str], set[str]] = {}
        name = talk.context.name
        self.names = (f"{name}_1", f"{name}_1", f"{name}_2", "")
        """What channels are asked for with."""

    def turn(self, n: int) -> None:
        """Somebody speaks to somebody at another node."""
        chance = self._life.chance
        pages = list(self._life.pages.values())
        page = chance.choice([page for page in pages if not page.frozen] or pages)
        other = chance.choice([node for node in self._life.nodes if node is not page.node])
        channel_id = self._ensure_channel(page.node, other)
        for _ in range(chance.choice((1, 1, 1, 1, 2, 5))):
            page.send(channel_id, self.says(page, channel_id))
        if chance.random() < 0.1:
            page.resend()
        if chance.random() < 0.05:
            page.say("signal", channel=channel_id, data="thinking")

    def says(self, page: SimPage, channel_id: str) -> JsonValue:
        """What the page says next."""
        channel, state = page.node.engine.core.channels.get(channel_id), None
        if channel is not None and not channel.barred:
            state = channel.session.snapshot()
        return self._talk.say(self._life.chance, state, page.node.peer_id)

    def params(self) -> JsonValue:
        """What the next channel is asked for with."""
        return self._talk.params(self._life.chance)

    def _ensure_channel(self, first: SimNode, second: SimNode) -> str:
        """Where the two have no channel, agree on a new one; that may take several tries."""
        life, key = self._life, frozenset((first.peer_id, second.peer_id))
        for _ in range(40):
            channel_id = self._present.get(key, "")
            if channel_id and not self._ended(channel_id):
                return channel_id
            opening = life.chance.choice(OPENINGS)
            life.world.tell(f"they try: {opening.__name__}")
            for node in (first, second):
                if not node.up:
                    life.world.run(30_000, partial(getattr, node, "up"))
            opening(life, self, *life.chance.sample((first, second), 2))
            self._present[key] = self._found(first, second)
        demand(bool(self._present[key]), "in forty tries they found no channel")
        return self._present[key]

    def _ended(self, channel_id: str) -> bool:
        rows = self._rows(channel_id, up=True)
        return not rows or any(row is None or row.final or row.closing for row in rows)

    def _rows(self, channel_id: str, *, up: bool = False) -> list[Channel | None]:
        nodes = [node for node in self.channels[channel_id] if node.up or not up]
        return [node.engine.core.channels.get(channel_id) for node in nodes]

    def _found(self, *pair: SimNode) -> str:
        for node, other in (pair, pair[::-1]):
            for channel in list(node.engine.core.channels.values()) if node.up else ():
                if channel.phase is Phase.OPEN and other.peer_id in channel.members:
                    self.channels.setdefault(channel.id, (pair[0], pair[1]))
                    if not self._ended(channel.id):
                        return channel.id
        return ""

    def close(self, page: SimPage) -> None:
        """A page closes one of the channels that its node talks on."""
        node = page.node
        here = [one for one in self._present.values() if one and node in self.channels[one]]
        if not node.up or not page.connected or not here:
            return
        channel_id = self._life.chance.choice(here)
        row = node.engine.core.channels.get(channel_id)
        if row is None or row.phase is not Phase.OPEN or row.closing:
            return
        before = {
            message_id
            for tab in self._life.pages.values()
            if tab.node is node
            for message_id, where in tab.sent.items()
            if where == channel_id
            and tab.fate.get(message_id) in ("accepted", "delivered", "handled")
        }
        self.closers.setdefault((channel_id, node.peer_id), before)
        node.close(channel_id)

    def unrest(self) -> str:
        """What has not come to rest yet, in words."""
        for channel_id in self.channels:
            why = _differ(self._rows(channel_id))
            if why:
                return f"{channel_id} {why}"
        for page in self._life.pages.values():
            if not page.connected:
                return f"{page.id} is not connected"
            waiting = [key for key, item in page.open.items() if item.channel not in page.ended]
            undone = [key for key in waiting if page.open[key].stage < 3]
            if undone and page.acks:
                return f"{page.id} waits for {undone[:3]}"
        return ""


def talking(life: Life) -> Talking:
    """What goes on in a life that is one of channels."""
    assert isinstance(life.course, Talking)
    return life.course


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
