# SPDX-License-Identifier: MIT
"""A node's libp2p, put together from what is configured and what the node says of itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from goop_node.config.model import StartError
from goop_node.goop2.exchanges import exchanges
from goop_node.p2p import P2P, Identity, IdentityError
from goop_node.types import NetworkError

if TYPE_CHECKING:
    from goop_node.node import Node

IDENTITY_FILE = "identity.key"


def p2p_of(node: Node) -> P2P:
    """Make it, and the key file where there is none. Raises ``StartError``, see ``Node.p2p``."""
    node.data.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        identity = Identity.load_or_create(node.data / IDENTITY_FILE)
    except IdentityError as error:
        raise StartError([f"identity: {error}"], code="identity") from error
    try:
        p2p = P2P(
            identity=identity,
            listen=node.config.listen,
            peers=node.config.peers,
            label=lambda: node.label,
            avatar_hash=lambda: node.avatar.hash,
            data=node.data,
            reachable_by=node.config.reachable_by,
            mdns=node.config.mdns,
            mdns_interfaces=node.config.mdns_interfaces,
        )
    except NetworkError as error:
        raise StartError([f"peers: {error.reason}"], code=error.code) from None
    for exchange in exchanges(lambda: node.label, lambda: node.avatar.picture):
        p2p.handle(exchange)
    return p2p
