# SPDX-License-Identifier: MIT
"""What it costs that messages in rooms are signed, one by one and together."""

from __future__ import annotations

import time
from collections.abc import Callable

from libp2p.crypto.ed25519 import create_new_key_pair
from libp2p.peer.id import ID

from goop_node.p2p.signatures import verify
from goop_realtime.rooms.entries import digest_of
from goop_realtime.rooms.signatures import (
    TOGETHER,
    Roots,
    Signing,
    is_proved,
    prove,
    signed_bytes,
)

WRITES = (1, 2, 4, 8, TOGETHER)
"""Messages that are written together."""
MESSAGES = 320
"""Of a run, in writes of that many."""


def measure() -> dict[str, float]:
    """Of a message, by how many are written together: microseconds of processor time to sign it,
    and to check it; bytes of its proof on the wire."""
    pair = create_new_key_pair(bytes(range(32)))
    author = ID.from_pubkey(pair.public_key).to_base58()
    signing = Signing(sign=pair.private_key.sign, verify=verify)
    said = [
        signed_bytes("0123456789abcdef", f"page-{n}", author, "", digest_of(bytes(16), b"%d" % n))
        for n in range(MESSAGES)
    ]
    found: dict[str, float] = {}
    for many in WRITES:
        writes = [said[n : n + many] for n in range(0, MESSAGES, many)]
        proofs = [prove(signing, write) for write in writes]
        found[f"{many} together: signing one, µs"] = _timed(
            lambda writes=writes: [prove(signing, write) for write in writes]
        )
        found[f"{many} together: checking one, µs"] = _timed(
            lambda writes=writes, proofs=proofs: _check(signing, author, writes, proofs)
        )
        sizes = [4 * -(-len(proof) // 3) for write in proofs for proof in write]
        found[f"{many} together: its proof, bytes"] = sum(sizes) / len(sizes)
    return found


def _check(
    signing: Signing, author: str, writes: list[list[bytes]], proofs: list[list[bytes]]
) -> None:
    roots: Roots = {}
    for write, told in zip(writes, proofs, strict=True):
        for one, proof in zip(write, told, strict=True):
            if not is_proved(signing, author, one, proof, roots):
                raise AssertionError("what was signed is not taken for it")


def _timed(work: Callable[[], object]) -> float:
    """Microseconds of processor time a message."""
    began = time.process_time_ns()
    work()
    return (time.process_time_ns() - began) / 1000 / MESSAGES


if __name__ == "__main__":
    for what, value in measure().items():
        print(f"{what:40} {value:8.1f}")
