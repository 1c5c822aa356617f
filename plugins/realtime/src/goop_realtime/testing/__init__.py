# SPDX-License-Identifier: MIT
"""Test kit of the realtime plugin: a deterministic simulator of nodes and pages."""

from goop_realtime.testing.simulator import SimNode, SimPage, World

__all__ = ["SimNode", "SimPage", "World"]
