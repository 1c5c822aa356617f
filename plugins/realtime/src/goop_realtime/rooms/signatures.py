# SPDX-License-Identifier: MIT
"""What an author signs of its messages (pure).

Each message carries a *proof*: the author's signature of it; or, of messages that were written
together, the signature of the root of a Merkle tree of them, with the path from this one to the
root. So a write costs one signature, and who checks it one, too, however many messages it has; and
each of them can be checked without the others, for as long as somebody has it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256

from goop_realtime.model.jsonio import encode
from goop_realtime.rooms.entries import RoomEntry, digest_of

TOGETHER = 16
"""How many messages share a signature at most: each further doubling costs each of them 32 bytes
and saves less."""
LEVELS = TOGETHER.bit_length() - 1
"""Of the highest tree."""
SIGNATURE = 64
"""Bytes of a signature, which a proof begins with."""
HASH = 32
MAX_PROOF = SIGNATURE + 1 + LEVELS * HASH
"""Bytes of the longest proof: the signature, which leaf it is, and the path, from the leaf up."""
AUTHORS = 128
"""Of how many authors the newest root is remembered."""

_ONE = b"goop room message\0"
_SOME = b"goop room messages\0"
_LEAF, _NODE = b"\0", b"\1"
_NOTHING = bytes(HASH)
"""In the places of a tree that no message has."""

Roots = dict[str, bytes]
"""By author, the newest signature of a root that was found to be right, with that root."""


@dataclass(frozen=True)
class Signing:
    """Ed25519 as the node has it: its own key, and everybody's public one, which a peer id is."""

    sign: Callable[[bytes], bytes]
    verify: Callable[[str, bytes, bytes], bool]
    """``(peer, bytes, signature)``."""


def signed_bytes(room: str, message_id: str, author: str, to: str, digest: bytes) -> bytes:
    """What the author of a message signs; ``room`` is the id of the room's ``open`` entry."""
    said = [room, message_id, author, "msg", to, digest.hex()]
    return _ONE + encode(list(said))


def prove(signing: Signing, said: Sequence[bytes]) -> list[bytes]:
    """The proofs of what is written together: at most ``TOGETHER`` times ``signed_bytes``."""
    if len(said) == 1:
        return [signing.sign(said[0])]
    level = [_leaf(one) for one in said]
    paths: list[list[bytes]] = [[] for _ in said]
    width = 1  # how many leaves a hash of this level stands for
    while width < len(said):
        level += [_NOTHING] * (len(level) % 2)
        for number, path in enumerate(paths):
            path.append(level[(number // width) ^ 1])
        level = [_node(level[n], level[n + 1]) for n in range(0, len(level), 2)]
        width *= 2
    signature = signing.sign(_SOME + level[0])
    return [signature + bytes([n]) + b"".join(path) for n, path in enumerate(paths)]


def is_proof(proof: bytes) -> bool:
    """Whether it has the form of one."""
    if len(proof) <= SIGNATURE:
        return True
    levels, rest = divmod(len(proof) - SIGNATURE - 1, HASH)
    return rest == 0 and 0 < levels <= LEVELS and proof[SIGNATURE] < 2**levels


def is_proved(signing: Signing, author: str, said: bytes, proof: bytes, roots: Roots) -> bool:
    """Whether ``author`` has signed that; ``roots`` are those that are known to be right."""
    if len(proof) <= SIGNATURE:
        return signing.verify(author, said, proof)
    if not is_proof(proof):
        return False
    signature, root = proof[:SIGNATURE], _root(said, proof)
    known = signature + root
    if roots.get(author) == known:
        return True
    if not signing.verify(author, _SOME + root, signature):
        return False
    if author not in roots and len(roots) >= AUTHORS:
        roots.clear()
    roots[author] = known
    return True


def is_signed(signing: Signing, room: str, entry: RoomEntry, roots: Roots) -> bool:
    """Whether the author of a message has signed it for this room; others need no signature.

    A private one's content, where it is here, must be the one that was signed.
    """
    if entry.kind != "msg":
        return True
    digest = entry.digest or digest_of(entry.salt, entry.raw)
    if entry.digest and not entry.withheld and digest_of(entry.salt, entry.raw) != digest:
        return False
    said = signed_bytes(room, entry.id, entry.author, entry.to, digest)
    return is_proved(signing, entry.author, said, entry.sig, roots)


def _root(said: bytes, proof: bytes) -> bytes:
    found, number = _leaf(said), proof[SIGNATURE]
    for at in range(SIGNATURE + 1, len(proof), HASH):
        other = proof[at : at + HASH]
        found = _node(other, found) if number & 1 else _node(found, other)
        number >>= 1
    return found


def _leaf(said: bytes) -> bytes:
    return sha256(_LEAF + said).digest()


def _node(left: bytes, right: bytes) -> bytes:
    return sha256(_NODE + left + right).digest()
