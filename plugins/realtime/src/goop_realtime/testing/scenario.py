# SPDX-License-Identifier: MIT
"""What people do in a simulated life, whatever befalls it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from goop_realtime.testing.page import SimPage

if TYPE_CHECKING:
    from goop_realtime.testing.life import Life
    from goop_realtime.testing.simulator import World


class Course(Protocol):
    """A scenario as it goes in one life."""

    def turn(self, n: int) -> None:
        """People do something, for the n-th time; faults come between turns."""

    def close(self, page: SimPage) -> None:
        """Somebody ends what goes on at that page."""

    def unrest(self) -> str:
        """What has not come to rest yet, in words; ``""`` when all has."""


class Scenario(Protocol):
    """What may be simulated: with which contexts, for how many turns, and how it goes."""

    def world(self, seed: int, nodes: int) -> World:
        """Where so many ``nodes`` will live, with what their plugins bring."""

    @property
    def turns(self) -> int:
        """How often people do something."""

    def begin(self, life: Life) -> Course:
        """Open the pages, and begin."""
