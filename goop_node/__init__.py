# SPDX-License-Identifier: MIT
"""goop-node: an extensible peer-to-peer node.

Plugin authors mark their hooks with :data:`hookimpl`; the values that hooks exchange are in
:mod:`goop_node.types`, the hooks themselves in :mod:`goop_node.hookspecs`.
"""

from goop_node.hookspecs import hookimpl, hookspec

__version__ = "0.1.0"
__all__ = ["__version__", "hookimpl", "hookspec"]
