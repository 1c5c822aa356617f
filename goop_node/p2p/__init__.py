# SPDX-License-Identifier: MIT
"""libp2p between nodes. The only folder that imports trio or libp2p."""

from goop_node.p2p.identity import Identity, IdentityError
from goop_node.p2p.service import P2P
from goop_node.p2p.signatures import verify
from goop_node.p2p.start_error import P2PError

__all__ = ["P2P", "Identity", "IdentityError", "P2PError", "verify"]
