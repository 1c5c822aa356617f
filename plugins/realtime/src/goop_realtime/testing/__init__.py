# SPDX-License-Identifier: MIT
"""Test kit of the realtime plugin: a deterministic simulator of nodes and pages."""

from goop_realtime.testing.life import Life
from goop_realtime.testing.node import SimNode
from goop_realtime.testing.page import SimPage
from goop_realtime.testing.seen import Violation
from goop_realtime.testing.simulator import World
from goop_realtime.testing.watch import Watch

__all__ = ["Life", "SimNode", "SimPage", "Violation", "Watch", "World"]
