# SPDX-License-Identifier: MIT
"""Signatures of nodes: a peer id is its node's public key, where that is Ed25519 (as ours are)."""

from __future__ import annotations

from functools import lru_cache

from libp2p.crypto.keys import KeyType, PublicKey
from libp2p.peer.id import ID

KEYS = 1024
"""Public keys that are kept decoded."""


def verify(peer_id: str, data: bytes, signature: bytes) -> bool:
    """Whether the node of that id has signed ``data``. Of other keys nothing is believed."""
    try:
        return _key_of(peer_id).verify(data, signature)
    except Exception:
        return False  # the library raises what it likes for what is no id, or no signature


@lru_cache(KEYS)
def _key_of(peer_id: str) -> PublicKey:
    key = ID.from_base58(peer_id).extract_public_key()
    if key is None or key.get_type() is not KeyType.Ed25519:
        raise ValueError("its id holds no Ed25519 key")
    return key
