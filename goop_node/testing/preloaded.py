# SPDX-License-Identifier: MIT
"""What a process holds from which nodes are forked: everything that a node imports."""

from __future__ import annotations

import contextlib
import gc
import importlib

from goop_node.plugins.environment import installed

# A node imports these when it needs them.
for _module in ("goop_node.cli.run", "goop_node.p2p", "goop_node.web.app", "uvloop"):
    with contextlib.suppress(ImportError):
        importlib.import_module(_module)
for _plugin in installed().plugins:
    # One that cannot be imported is named by the node that tries it.
    with contextlib.suppress(Exception):
        _plugin.load()
gc.collect()
gc.freeze()  # shared with every node for as long as neither touches it
