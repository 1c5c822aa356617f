# SPDX-License-Identifier: MIT
"""goop-node: an extensible peer-to-peer node."""

__version__ = "0.1.0"
