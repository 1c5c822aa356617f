# SPDX-License-Identifier: MIT
"""Test kit of the realtime plugin: a deterministic simulator of nodes and pages."""

from goop_realtime.testing.page import SimPage
from goop_realtime.testing.simulator import SimNode, World

__all__ = ["SimNode", "SimPage", "World"]
