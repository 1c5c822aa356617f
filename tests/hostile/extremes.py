# SPDX-License-Identifier: MIT
"""Values at the edges of their types, and damage to bytes that were right."""

from __future__ import annotations

import random
import struct

NUMBERS = [0, 1, -1, 127, 128, 255, 2**15, 2**16 - 1, 2**31 - 1, -(2**31), 2**32 - 1, 2**53 - 1]
NUMBERS += [2**53, 2**63 - 1, -(2**63), 2**64 - 1]
TEXTS = ["", " ", "\x00", "\n", "ÿ", "\u202e", "😀" * 64, "a" * 300, "/", "%00", "../..", "{}"]
HOSTS = ["999.1.1.1", "0.0.0.0", "127.0.0.1", "255.255.255.255", "224.0.0.1", "10.0.0.300", "::"]
HOSTS += ["::1", "::ffff:127.0.0.1", "fe80::1%eth0", "64:ff9b::7f00:1", "localhost", "nope.invalid"]


def number(rng: random.Random, low: int = -(2**63), high: int = 2**64 - 1) -> int:
    """An integer within the bounds, most often one at an edge."""
    fitting = [one for one in (*NUMBERS, low, high) if low <= one <= high]
    return rng.choice(fitting) if rng.random() < 0.8 else rng.randint(low, high)


def text(rng: random.Random) -> str:
    """A text that somebody may not have thought of."""
    return rng.choice(TEXTS) * rng.choice([1, 1, 1, 3])


def blob(rng: random.Random, longest: int = 300) -> bytes:
    """Bytes without a meaning."""
    return rng.randbytes(rng.choice([0, 1, 2, 32, rng.randint(0, longest)]))


def address(rng: random.Random) -> str:
    """A multiaddr, or nearly one."""
    kind = rng.choice(["ip4", "ip6", "dns", "dns4", "dns6", "dnsaddr", "unix", ""])
    end = rng.choice(["", "", "/p2p/QmX", "/ws", "/p2p-circuit", "/"])
    return f"/{kind}/{rng.choice(HOSTS)}/{rng.choice(['tcp', 'udp', ''])}/{number(rng)}{end}"


def damaged(rng: random.Random, data: bytes) -> bytes:
    """The same bytes after an accident: cut, changed, doubled, or with a foreign length."""
    found = bytearray(data)
    for _ in range(rng.choice([0, 1, 1, 2, 5])):
        at = rng.randint(0, len(found))
        match rng.randrange(5):
            case 0:
                del found[at:]
            case 1:
                found[at : at + 1] = rng.randbytes(1)
            case 2:
                found[at:at] = found[at : at + rng.randint(1, 40)]
            case 3:
                found[at : at + 4] = struct.pack(">I", number(rng, 0, 2**32 - 1))
            case _:
                found[at:at] = varint(number(rng, 0))
    return bytes(found)


def varint(value: int) -> bytes:
    """An unsigned number as protobuf and multistream write it."""
    found = bytearray()
    while value > 0x7F:
        found.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*found, value])
