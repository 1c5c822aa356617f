# SPDX-License-Identifier: MIT
"""What opens a stream: the lines of multistream-select 1.0.0, or something like them."""

from __future__ import annotations

import random

from tests.hostile.extremes import blob, damaged, text, varint

LINES = ["/multistream/1.0.0", "ls", "na", "/meshsub/1.1.0", "/ipfs/id/1.0.0", "/ipfs/ping/1.0.0"]
LINES += ["/ipfs/id/push/1.0.0", "/yamux/1.0.0", "/noise", "/test/echo"]


def lines(rng: random.Random) -> bytes:
    """Some lines, each behind its length; the first is most often the right one."""
    found = [LINES[0]] if rng.random() < 0.8 else []
    found += [
        rng.choice(LINES) if rng.random() < 0.8 else text(rng) for _ in range(rng.randint(0, 4))
    ]
    data = b"".join(_line(rng, one.encode()) for one in found)
    return (damaged(rng, data) if rng.random() < 0.4 else data) + blob(rng)


def _line(rng: random.Random, text: bytes) -> bytes:
    end = b"\n" if rng.random() < 0.95 else b""
    length = len(text) + len(end) if rng.random() < 0.9 else rng.choice([0, 1, 2**14, 2**63])
    return varint(length) + text + end
