# SPDX-License-Identifier: MIT
"""The node's identity: an Ed25519 key in the file format of existing Go peers.

The file is a libp2p ``PrivateKey`` protobuf of 68 bytes: ``08 01 12 40``, then the 32 byte
seed and the 32 byte public key. It is created 0600 and never overwritten.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

from libp2p.crypto.ed25519 import Ed25519PrivateKey, create_new_key_pair
from libp2p.crypto.keys import KeyPair
from libp2p.peer.id import ID

from goop_node.data.kept_files import read_bytes, warn_if_shared, write_new

_HEADER = b"\x08\x01\x12\x40"
_SIZE = 68


class IdentityError(Exception):
    """The key file cannot be used; the message says which file, what was found, what to do."""


@dataclass(frozen=True)
class Identity:
    """A peer id (base58) with its key."""

    peer_id: str
    key_pair: KeyPair = field(repr=False)

    def sign(self, data: bytes) -> bytes:
        """The Ed25519 signature (64 bytes) of ``data`` by the key."""
        return self.key_pair.private_key.sign(data)

    @classmethod
    def load_or_create(cls, path: Path) -> Identity:
        """The identity in ``path``; a new one where there is no such file.

        Raises ``IdentityError`` for a file that is unreadable or no such key.
        """
        try:
            raw = read_bytes(path)
        except FileNotFoundError:
            return cls._create(path)
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) else error
            raise IdentityError(
                f"{path}: the identity key cannot be read ({reason}); "
                "give yourself permission to read it, or move it away to get a new identity"
            ) from None
        if len(raw) != _SIZE or not raw.startswith(_HEADER):
            raise IdentityError(
                f"{path}: expected an Ed25519 key of {_SIZE} bytes, found {len(raw)} bytes of "
                "something else; restore it from a backup, or move it away to get a new identity"
            )
        pair = create_new_key_pair(raw[4:36])
        if pair.public_key.to_bytes() != raw[36:]:
            raise IdentityError(
                f"{path}: the key's two halves do not belong together; "
                "restore it from a backup, or move it away to get a new identity"
            )
        warn_if_shared(path)
        return cls._of(pair)

    @classmethod
    def _create(cls, path: Path) -> Identity:
        seed = os.urandom(32)
        pair = create_new_key_pair(seed)
        assert isinstance(pair.private_key, Ed25519PrivateKey)
        try:
            write_new(path, _HEADER + seed + pair.public_key.to_bytes())
        except OSError as error:
            raise IdentityError(
                f"{path}: an identity key cannot be written there ({error.strerror}); "
                "see what is in the way, or choose another folder with --data"
            ) from None
        return cls._of(pair)

    @classmethod
    def _of(cls, pair: KeyPair) -> Identity:
        return cls(ID.from_pubkey(pair.public_key).to_base58(), pair)
