# SPDX-License-Identifier: MIT
"""Presence messages, every field with the extremes of its type and of others."""

from __future__ import annotations

import json
import random
from typing import Any

from tests.hostile.extremes import address, damaged, number, text


def presence(rng: random.Random, peer_id: str) -> bytes:
    """One message as it is signed and sent."""
    kind = rng.choice(["online", "update", "offline"])
    found: dict[str, Any] = {
        "type": kind,
        "peerId": peer_id,
        "content": text(rng),
        "addrs": [address(rng) for _ in range(rng.choice([0, 1, 8, 100]))],
        "ts": number(rng),
    }
    for field in rng.sample(list(found), rng.choice([0, 0, 1, 2])):
        found[field] = anything(rng)
    if rng.random() < 0.2:
        del found[rng.choice(list(found))]
    data = json.dumps(found, ensure_ascii=rng.random() < 0.5).encode()
    return damaged(rng, data) if rng.random() < 0.2 else data


def anything(rng: random.Random) -> Any:
    """A JSON value of any type."""
    deep: Any = []
    for _ in range(rng.choice([0, 3, 2000]) if rng.random() < 0.1 else 0):
        deep = [deep]
    return rng.choice(
        [
            None,
            True,
            number(rng),
            rng.choice([1e308, 5e-324, -0.0]),
            text(rng),
            [text(rng)],
            deep,
            {},
        ]
    )
