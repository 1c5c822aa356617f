# SPDX-License-Identifier: MIT
"""Test kit of the realtime plugin: a deterministic simulator of nodes and pages.

``simulate`` is the one call for a context of one's own; the rest is what it is made of.
"""

from goop_realtime.testing.bounds import small_bounds
from goop_realtime.testing.faults import FAULTS
from goop_realtime.testing.life import Life
from goop_realtime.testing.node import SimNode
from goop_realtime.testing.page import SimPage
from goop_realtime.testing.seen import Violation
from goop_realtime.testing.simulate import simulate, story_of
from goop_realtime.testing.simulator import World
from goop_realtime.testing.talk import Talk
from goop_realtime.testing.watch import Watch

__all__ = [
    "FAULTS",
    "Life",
    "SimNode",
    "SimPage",
    "Talk",
    "Violation",
    "Watch",
    "World",
    "simulate",
    "small_bounds",
    "story_of",
]
