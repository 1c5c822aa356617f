# SPDX-License-Identifier: MIT
"""Frames of the muxer by their grammar, every field of the header with its extremes."""

from __future__ import annotations

import random
import struct

from tests.hostile.extremes import blob, number

DATA, WINDOW, PING, GO_AWAY = range(4)
SYN, ACK, FIN, RST = 1, 2, 4, 8


def frame(rng: random.Random) -> bytes:
    """One frame; what a DATA frame says of its length is most often true."""
    kind = rng.choice([DATA, DATA, WINDOW, WINDOW, PING, GO_AWAY, rng.randrange(256)])
    flags = rng.choice([0, SYN, ACK, FIN, RST, SYN | FIN, SYN | RST, SYN | ACK, 0xFFFF])
    stream = rng.choice([0, 1, 2, 3, 4, 5, 101, 2**31, 2**32 - 1])
    body = blob(rng) if kind == DATA else b""
    length = len(body) if rng.random() < 0.8 else number(rng, 0, 2**32 - 1)
    if kind != DATA:
        length = number(rng, 0, 2**32 - 1)
    version = 0 if rng.random() < 0.95 else rng.randrange(256)
    return struct.pack(">BBHII", version, kind, flags, stream, length) + body
