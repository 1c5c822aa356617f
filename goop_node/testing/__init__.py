# SPDX-License-Identifier: MIT
"""The test kit: real nodes in processes of their own, for tests of plugins and pages."""

from goop_node.testing.processes import NodeProcess, start_node

__all__ = ["NodeProcess", "start_node"]
