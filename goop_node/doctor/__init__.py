# SPDX-License-Identifier: MIT
"""``goop doctor``: looks at what may keep a friend away, or what a friend says.

Packages bring looks of their own by entry points of the group ``goop_node.doctor``: each is a
``Look``, and its name is what ``goop doctor`` calls it.
"""

from collections.abc import Callable, Iterable

from goop_node.commands import NodeClient
from goop_node.findings import Finding

GROUP = "goop_node.doctor"

Look = Callable[[NodeClient], Iterable[Finding]]
"""Looks at the running node; raises ``StartError`` where it refuses or does not answer."""
