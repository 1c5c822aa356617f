# SPDX-License-Identifier: MIT
"""Presence messages, every field with the extremes of its type and of others."""

from __future__ import annotations

import json
import random
from typing import Any

from tests.hostile.extremes import address, damaged, number, text

DEEP = "a list of lists"
"""Stands for one that no encoder would write."""


def presence(rng: random.Random, peer_id: str) -> bytes:
    """One message as it is signed and sent."""
    kind = rng.choice(["online", "update", "offline"])
    found: dict[str, Any] = {
        "type": kind,
        "peerId": peer_id,
        "content": text(rng),
        "addrs": [address(rng) for _ in range(rng.choice([0, 1, 8, 100]))],
        "email": text(rng),
        "avatarHash": rng.choice([text(rng), f"{rng.getrandbits(64):016x}"]),
        "videoDisabled": rng.random() < 0.5,
        "activeTemplate": text(rng),
        "verificationToken": text(rng),
        "verified": True,
        "ts": number(rng),
    }
    for field in rng.sample(list(found), rng.choice([0, 0, 1, 2])):
        found[field] = anything(rng)
    if rng.random() < 0.2:
        del found[rng.choice(list(found))]
    data = written(found, ensure_ascii=rng.random() < 0.5).encode()
    return damaged(rng, data) if rng.random() < 0.2 else data


def written(value: Any, **options: Any) -> str:
    """JSON of what ``anything`` has made."""
    return json.dumps(value, **options).replace(f'"{DEEP}"', "[" * 2000 + "]" * 2000)


def anything(rng: random.Random) -> Any:
    """A JSON value of any type."""
    return rng.choice(
        [
            None,
            True,
            number(rng),
            rng.choice([1e308, 5e-324, -0.0]),
            text(rng),
            [text(rng)],
            [],
            DEEP,
            {},
        ]
    )
