# SPDX-License-Identifier: MIT
"""The fingerprint of a node, which two people compare: nobody stands between them (pure).

A peer id is 52 characters, of which people compare the last few; of those, others can be made that
look alike. This is a hash of the whole id, in groups that can be read out on the telephone. To
find another node with the same one takes about 2^66 attempts.
"""

from __future__ import annotations

import hashlib

GROUPS = 4
DIGITS = 5


def fingerprint(peer_id: str) -> str:
    """``"12345 67890 12345 67890"``, the same at every node."""
    digest = hashlib.sha256(b"goop fingerprint 1\n" + peer_id.encode()).digest()
    number = str(int.from_bytes(digest, "big") % 10 ** (GROUPS * DIGITS)).zfill(GROUPS * DIGITS)
    return " ".join(number[at : at + DIGITS] for at in range(0, GROUPS * DIGITS, DIGITS))
