# SPDX-License-Identifier: MIT
"""One seeded life of some nodes in rooms."""

from __future__ import annotations

import random
from collections.abc import Mapping

from goop_realtime.testing.faults import Fault
from goop_realtime.testing.life import Life
from goop_realtime.testing.rooms.faults import ROOM_FAULTS
from goop_realtime.testing.rooms.judgement import judge
from goop_realtime.testing.rooms.play import Play

NODES = (2, 2, 3, 3, 3, 3, 4, 4, 5, 6)


class RoomLife(Life):
    """``run`` is the whole life; it raises ``Violation`` where a rule breaks."""

    pauses_ms = (0, 0, 0, 5, 50, 500, 2_000)
    calm_ms = (1_000, 30_000, 6_000)  # a stream that broke in silence is given up within that

    def __init__(
        self,
        seed: int,
        scenario: Play = Play(),  # noqa: B008
        *,
        nodes: int | None = None,
        faults: Mapping[Fault, int] = ROOM_FAULTS,
        story: bool = False,
    ) -> None:
        count = nodes or random.Random(seed).choice(NODES)
        super().__init__(seed, scenario, nodes=count, faults=faults, judge=judge, story=story)

    def _settle(self) -> None:
        """Where some have a form of state that the others do not know, these are updated, too."""
        if any(node.works == "reshaped" for node in self.nodes):
            for node in self.nodes:
                node.works = "reshaped"
        super()._settle()
