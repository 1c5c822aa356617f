# SPDX-License-Identifier: MIT
"""A simulated world with rooms in it."""

from __future__ import annotations

from collections.abc import Sequence

from goop_realtime.testing.rooms.contacts import Contacts
from goop_realtime.testing.rooms.node import RoomNode
from goop_realtime.testing.rooms.watch import RoomWatch
from goop_realtime.testing.simulator import World
from goop_realtime.types import ContextType


class RoomWorld(World):
    """Nodes that find each other, and join rooms."""

    watch: RoomWatch

    def __init__(self, seed: int, contexts: Sequence[ContextType]) -> None:
        self.in_memory = seed % 25 > 0
        """Whether journals are in plain memory: the real one, which some have, takes longer."""
        super().__init__(seed, contexts)
        self.members: dict[str, RoomNode] = {}
        """All nodes, by peer id."""
        self.contacts = Contacts(self)

    def eye(self) -> RoomWatch:
        """What looks at it."""
        return RoomWatch(self)

    def machine(self, peer_id: str) -> RoomNode:
        """A new node."""
        node = self.members[peer_id] = RoomNode(self, peer_id)
        return node
