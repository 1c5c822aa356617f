# SPDX-License-Identifier: MIT
"""Rooms with a key: what they are called, and how two nodes prove to each other that they have it.

Whoever hears the room's name, as every peer does that is asked for it, learns neither id nor key.
"""

from __future__ import annotations

import hmac
from hashlib import sha256


def name_of(name: str, key: str) -> str:
    """What nodes ask each other for, instead of the ``name`` that the room has without a key."""
    said = f"goop room\0{name}\0{key}"
    return f"~{sha256(said.encode()).hexdigest()[:32]}"


def secret_of(name: str, key: str) -> str:
    """What is kept instead of the key, and proved; hex."""
    return sha256(f"goop room key\0{name}\0{key}".encode()).hexdigest()


def proof(secret: str, role: str, prover: str, verifier: str, nonce: str) -> str:
    """That the ``prover``, in a role, has the key, over the other one's nonce; hex."""
    said = f"goop room proof\0{role}\0{prover}\0{verifier}\0{nonce}"
    return hmac.new(bytes.fromhex(secret), said.encode(), sha256).hexdigest()


def is_proof(told: str, secret: str, role: str, prover: str, verifier: str, nonce: str) -> bool:
    """Whether that is the proof, over a nonce that was given."""
    return bool(nonce) and hmac.compare_digest(told, proof(secret, role, prover, verifier, nonce))
