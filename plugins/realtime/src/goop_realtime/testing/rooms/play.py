# SPDX-License-Identifier: MIT
"""The scenario of rooms: people come into one, talk, leave it and come back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from goop_node.types import JsonValue
from goop_realtime.machine.rights import HOME
from goop_realtime.rooms import keys
from goop_realtime.rooms.room import Phase, Room, handle_of
from goop_realtime.testing.node import SimNode
from goop_realtime.testing.page import SimPage
from goop_realtime.testing.rooms.node import RoomNode
from goop_realtime.testing.rooms.page import RoomPage
from goop_realtime.testing.rooms.tally import ROOM_TALLY
from goop_realtime.testing.rooms.world import RoomWorld
from goop_realtime.testing.tally import say

if TYPE_CHECKING:
    from goop_realtime.testing.life import Life

NAMES = {"tally_1": "tally_1", "den": "home/den"}
"""What nodes ask each other for, by what people call it."""
CONTEXTS = {"tally_1"}
"""Those that have a context."""
TORN_MS = 3_000
MANY = 45
"""Messages that fill an outbox, said while nobody orders them."""
COMES_BACK_MS = (100, 3_000, 12_000)


@dataclass(frozen=True)
class Play:
    """One room, or two, for as many as there are or for fewer."""

    turns: int = 30
    torn: float = 0.2
    """How many of the lives begin in two parts."""
    private: float = 0.1
    """How many of the messages are for one member alone."""
    again: float = 0.15
    """How often something is sent that was settled before."""

    def world(self, seed: int, nodes: int) -> RoomWorld:
        """One with the context."""
        return RoomWorld(seed, [ROOM_TALLY])

    def begin(self, life: Life) -> Playing:
        """Open a page at every node, two at the second, and everybody joins."""
        for tab, node in zip("abcdefg", life.nodes, strict=False):
            life.open_tab(tab, node)
            if tab == "b":
                life.open_tab("z", node)
        return Playing(life, self)


class Playing:
    """A play as it goes in one life."""

    def __init__(self, life: Life, play: Play) -> None:
        self._life = life
        self._play = play
        chance = life.chance
        assert isinstance(life.world, RoomWorld)
        self.world = life.world
        self.nodes = list(self.world.members.values())
        count = len(self.nodes)
        both = ["tally_1", "den"]
        self.ids = both if chance.random() < 0.15 else [chance.choice(both)]
        """What people call the rooms."""
        few = chance.random() < 0.25
        self.max_peers = max(2, chance.randrange(1, count)) if few else count + chance.randrange(3)
        self._key = "sesame" if chance.random() < 0.2 else ""
        self.handles = {room_id: handle_of(self._name(room_id)) for room_id in self.ids}
        """Room id -> handle."""
        self.wanted: set[tuple[RoomNode, str]] = set()
        """``(node, room id)``: its person is in, or waits to be let in."""
        for node in self.nodes:
            for room_id in self.ids:
                wait = chance.choice((0, 0, 1, 5, 50, 400, 3_000))
                life.world.later(wait, partial(self.joins, node, room_id))
        if chance.random() < play.torn and count > 2:
            self._tear()

    def _name(self, room_id: str) -> str:
        name = NAMES[room_id]
        return keys.name_of(name, self._key) if self._key else name

    def _tear(self) -> None:
        """It begins as two rooms; somebody is in the one, then in the other, then in the first."""
        life = self._life
        names = life.chance.sample(list(self.world.nodes), len(self.nodes))
        who, some = names[0], names[1 : life.chance.randrange(2, len(names))]
        for n, here in enumerate(([who, *some], some, [who, *some])):
            life.soon(n * TORN_MS, partial(self._part, here))
            for at in (TORN_MS // 2, 3 * TORN_MS // 4):
                life.soon(n * TORN_MS + at, partial(self.talks, self.world.members[who]))
        life.soon(3 * TORN_MS, self.world.heal)

    def _part(self, here: Sequence[str]) -> None:
        """These and the others hear nothing of each other, and notice it at once."""
        names = list(self.world.nodes)
        apart = {(a, b) for a in names for b in names if (a in here) != (b in here)}
        self.world.blocked.clear()
        for wire in self.world.wires():
            wire.cut((0, 0))
        self._life.soon(1, partial(self.world.blocked.update, apart))

    # What people do

    def joins(self, node: RoomNode, room_id: str) -> None:
        """A page at a node wants to be in a room."""
        pages = [page for page in node.pages.values() if page.connected]
        if not node.up or node.stopped or not pages:
            return
        page = self._life.chance.choice(pages)
        more = {"key": self._key} if self._key else {}
        page.say("join", room=room_id, maxPeers=self.max_peers, ref="r", **more)
        self.wanted.add((node, room_id))

    def leaves(self, node: SimNode) -> None:
        """The person at a node leaves one of its rooms, and perhaps comes back."""
        here = [one for one in sorted(self.wanted, key=_by_name) if one[0] is node]
        if not here or not node.up or node.stopped:
            return
        room_node, room_id = self._life.chance.choice(here)
        self.wanted.discard((room_node, room_id))
        self.leave(room_node, self.handles[room_id])
        if self._life.chance.random() < 0.7:
            wait = self._life.chance.choice(COMES_BACK_MS)
            self._life.soon(wait, lambda: self.joins(room_node, room_id))

    def leave(self, node: RoomNode, handle: str) -> None:
        """A node leaves."""
        node.rooms.leave(node.now(), handle, HOME)
        node.flush()

    def close(self, page: SimPage) -> None:
        """Somebody leaves."""
        self.leaves(page.node)

    def turn(self, n: int) -> None:
        """Somebody says something, or comes in again."""
        chance = self._life.chance
        pages = [page for page in self._life.pages.values() if isinstance(page, RoomPage)]
        page = chance.choice([page for page in pages if not page.frozen] or pages)
        node, room_id = page.node, chance.choice(self.ids)
        if (node, room_id) not in self.wanted or not self.is_in(node, room_id):
            if chance.random() < 0.3:
                self.joins(node, room_id)
            elif self.handles[room_id] in page.views:
                self._says(page, room_id)  # it has not noticed
            return
        self._says(page, room_id)

    def talks(self, node: SimNode) -> None:
        """A page at a node says something wherever the node is."""
        assert isinstance(node, RoomNode)
        page = next((page for page in self._life.pages.values() if page.node is node), None)
        for room_id in self.ids:
            if isinstance(page, RoomPage) and self.is_in(node, room_id):
                self._says(page, room_id)

    def _says(self, page: RoomPage, room_id: str) -> None:
        chance, node = self._life.chance, page.node
        if chance.random() < self._play.again:
            page.say_again(self.handles[room_id])
        if chance.random() < 0.3 and room_id in CONTEXTS:
            page.move_in(self.handles[room_id], chance.randrange(3), chance.randrange(30))
        others = [other.peer_id for other in self.nodes if other is not node]
        count = chance.choice((1, 1, 1, 2, 5))
        room = node.room(self.handles[room_id])
        if room is not None and room.seeking is not None and chance.random() < 0.03:
            count = MANY
        for _ in range(count):
            to = chance.choice(others) if chance.random() < self._play.private else ""
            page.say_in(self.handles[room_id], self._something(node), to)

    def _something(self, node: RoomNode) -> JsonValue:
        """What somebody says, by a later version of the plugin sometimes something new."""
        if node.works != "works" and self._life.chance.random() < 0.1:
            return {"type": "of_tomorrow"}
        return say(self._life.chance, None, node.peer_id)

    # What they see

    def is_in(self, node: RoomNode, room_id: str) -> bool:
        """Whether a node takes part in a room, or is about to."""
        room = node.room(self.handles.get(room_id, "")) if node.up else None
        return room is not None and not room.final

    def hosts(self, node: SimNode) -> bool:
        """Whether a node is host of any room."""
        assert isinstance(node, RoomNode)
        rooms = [node.room(handle) for handle in self.handles.values()] if node.up else []
        return any(room is not None and room.phase is Phase.HOST for room in rooms)

    def inside(self, handle: str) -> list[tuple[RoomNode, Room]]:
        """Who takes part in a room, with how each of them sees it."""
        found = [(node, node.room(handle)) for node in self.nodes]
        return [(node, room) for node, room in found if room is not None and not room.final]

    def unrest(self) -> str:
        """What has not come to rest yet, in words."""
        for handle in self.handles.values():
            inside = self.inside(handle)
            phases = {node.peer_id: room.phase for node, room in inside}
            if not all(room.joined for _, room in inside):
                return f"of {handle} they are {phases}"
            if len({room.fold.last for _, room in inside}) > 1:
                return f"{handle} ends at {[room.fold.last for _, room in inside]}"
            if any(set(room.fold.members) != phases.keys() for _, room in inside):
                return f"{handle} lists {[list(room.fold.members) for _, room in inside]}"
            if any(len(room.outbox) for _, room in inside):
                return f"{handle} has full outboxes"
        unconnected = [page.id for page in self._life.pages.values() if not page.connected]
        return f"{unconnected} are not connected" if unconnected else ""


def _by_name(one: tuple[RoomNode, str]) -> tuple[str, str]:
    return one[0].peer_id, one[1]


def playing(life: Life) -> Playing:
    """What goes on in a life that is one of rooms."""
    assert isinstance(life.course, Playing)
    return life.course
