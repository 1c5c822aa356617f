# SPDX-License-Identifier: MIT
"""Which simulated nodes have a connection with which, as each of them believes."""

from __future__ import annotations

from itertools import permutations
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from goop_realtime.testing.rooms.node import RoomNode
    from goop_realtime.testing.rooms.world import RoomWorld

LOOK_MS = 1_000
UNTIL_GONE_MS = 20_000
"""How long a connection may be silent before a node gives it up."""


class Contacts:
    """Connections come some time after they can, and go long after they are of no use."""

    def __init__(self, world: RoomWorld) -> None:
        self._world = world
        self._met: dict[tuple[str, str], int] = {}
        """``(who, whom)``, connected: when they last could reach each other."""
        self._look()

    def begins(self, node: RoomNode) -> None:
        """A process starts: it knows nobody, and the others find it soon."""
        for pair in [pair for pair in self._met if pair[0] == node.peer_id]:
            del self._met[pair]

    def ends(self, node: RoomNode, *, silent: bool) -> None:
        """A process ends: its system tells the others, unless the power is gone."""
        for pair in [pair for pair in self._met if pair[1] == node.peer_id and not silent]:
            if not self._world.is_blocked(node.peer_id, pair[0]):
                del self._met[pair]
                self._world.members[pair[0]].misses(node.peer_id)

    def _look(self) -> None:
        now = self._world.now
        for who, whom in permutations(self._world.members, 2):
            pair, node = (who, whom), self._world.members[who]
            if not node.up:
                continue
            if self._world.reaches(who, whom):
                if pair not in self._met:
                    node.meets(whom)
                self._met[pair] = now
            elif pair in self._met and now - self._met[pair] > UNTIL_GONE_MS:
                del self._met[pair]
                node.misses(whom)
        self._world.later(LOOK_MS, self._look)
