# SPDX-License-Identifier: MIT
"""How long a room is without a host, in virtual time."""

from __future__ import annotations

from functools import partial

from goop_realtime.machine.rights import HOME
from goop_realtime.rooms.door import JoinOptions
from goop_realtime.rooms.room import Phase
from goop_realtime.testing.rooms.node import RoomNode
from goop_realtime.testing.rooms.page import RoomPage
from goop_realtime.testing.rooms.tally import ROOM_TALLY
from goop_realtime.testing.rooms.world import RoomWorld
from goop_realtime.testing.seen import demand
from goop_realtime.testing.tally import say

ROOM = "den"
NAMES = ("alice", "bob", "carol", "dave", "erin", "frank")
PATIENCE_MS = 30_000
SAY_EVERY_MS = 50


class Evening:
    """Some nodes in a room, all of them talking, until their host is gone."""

    def __init__(self, seed: int, nodes: int) -> None:
        self.world = RoomWorld(seed, [ROOM_TALLY])
        for name in NAMES[:nodes]:
            self.world.node(name)
        self.nodes = list(self.world.members.values())
        self.pages: list[RoomPage] = [node.page(f"{node.peer_id}1") for node in self.nodes]
        self.world.run(2_000)
        self.room = ""
        for node in self.nodes:
            row = node.rooms.join(node.now(), ROOM, JoinOptions(max_peers=nodes), HOME)
            assert isinstance(row, dict), row
            self.room = str(row["channelId"])
            node.flush()
        together = self.world.run(PATIENCE_MS, self._together)
        demand(together, "they never came together")
        for page in self.pages:
            self._talk(page)
        self.world.run(1_000 + self.world.random.randrange(1_000))

    def _phase(self, node: RoomNode) -> Phase | None:
        room = node.room(self.room)
        return room.phase if room is not None else None

    def _together(self) -> bool:
        phases = sorted(str(self._phase(node)) for node in self.nodes)
        return phases == ["guest"] * (len(self.nodes) - 1) + ["host"]

    def _talk(self, page: RoomPage) -> None:
        page.say_in(self.room, say(self.world.random, None, page.node.peer_id))
        self.world.later(SAY_EVERY_MS, partial(self._talk, page))

    def host(self) -> RoomNode:
        """Who is host."""
        return next(node for node in self.nodes if self._phase(node) is Phase.HOST)

    def until_ordered(self) -> int:
        """How many ms pass until somebody else has ordered a message, which was said later."""
        began, past = self.world.now, self.world.watch.past(self.room)
        before = set(past.places)
        old = max(position.epoch for position in before)

        def ordered() -> bool:
            if len(past.places) == len(before):
                return False
            return any(
                place.said.kind == "msg" and position.epoch > old
                for position, place in past.places.items()
                if position not in before
            )

        demand(self.world.run(PATIENCE_MS, ordered), "nobody ever orders again")
        return self.world.now - began


def after_a_kill(seed: int, nodes: int) -> int:
    """The host's process is killed: ms until a message is ordered again."""
    evening = Evening(seed, nodes)
    evening.host().crash()
    return evening.until_ordered()


def after_a_leave(seed: int, nodes: int) -> int:
    """The host leaves: ms until a message is ordered by the next."""
    evening = Evening(seed, nodes)
    host = evening.host()
    host.rooms.leave(host.now(), evening.room, HOME)
    host.flush()
    return evening.until_ordered()
