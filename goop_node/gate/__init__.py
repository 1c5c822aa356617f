# SPDX-License-Identifier: MIT
"""``goop check --plugin NAME``: whether one plugin is as good as others may expect.

A node with that plugin, and what it needs, lives for a moment without a network, twice: in two
processes, as two peers, with different hash seeds. Looks ask its hooks, endpoints and functions
what a node and its pages would. Packages bring looks of their own by entry points of the group
``goop_node.check``: each is a ``Look`` of ``goop_node/gate/subject.py``.
"""

GROUP = "goop_node.check"
