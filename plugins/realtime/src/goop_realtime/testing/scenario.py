# SPDX-License-Identifier: MIT
"""What people do in a simulated life, whatever befalls it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

from goop_realtime.testing.node import SimNode
from goop_realtime.testing.page import SimPage
from goop_realtime.types import ContextType

if TYPE_CHECKING:
    from goop_realtime.testing.life import Life


class Course(Protocol):
    """A scenario as it goes in one life."""

    @property
    def channels(self) -> Mapping[str, Sequence[SimNode]]:
        """Every channel that was agreed so far, with the nodes that take part in it."""

    @property
    def closers(self) -> Mapping[tuple[str, str], set[str]]:
        """``(channel, node)`` -> what the node's pages had sent when one of them closed it."""

    def turn(self, n: int) -> None:
        """People do something, for the n-th time; faults come between turns."""

    def close(self, page: SimPage) -> None:
        """Somebody ends what goes on at that page."""

    def unrest(self) -> str:
        """What has not come to rest yet, in words; ``""`` when all has."""


class Scenario(Protocol):
    """What may be simulated: with which contexts, for how many turns, and how it goes."""

    @property
    def contexts(self) -> Sequence[ContextType]:
        """What the nodes' plugins bring."""

    @property
    def turns(self) -> int:
        """How often people do something."""

    def begin(self, life: Life) -> Course:
        """Open the pages, and begin."""
