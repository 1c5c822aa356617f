# SPDX-License-Identifier: MIT
"""Frames of pages: every type and field, with the extremes of each."""

from __future__ import annotations

import json
import random

from tests.hostile.extremes import number, text
from tests.hostile.structs import hostile, spoilt

FIELDS = {
    "subscribe": tuple(
        "channels page after handled pending ack batch contexts watch since".split()
    ),
    "send": ("channel", "data", "id"),
    "signal": ("channel", "data"),
    "ack": ("channel", "epoch", "seq"),
    "close": ("channel",),
}


def frame(rng: random.Random, channels: list[str]) -> bytes:
    """One frame, often about one of those channels."""
    kind = rng.choice(list(FIELDS))
    fields = {name: _value(rng, name, channels) for name in FIELDS[kind] if rng.random() < 0.8}
    for name in rng.sample(list(fields), min(len(fields), rng.choice([0, 1, 1, 2]))):
        fields[name] = hostile(rng)
    whole = {"type": json.dumps(kind) if rng.random() < 0.95 else hostile(rng), **fields}
    if rng.random() < 0.05:
        whole[json.dumps(text(rng))[1:-1]] = hostile(rng)
    items = (f'"{name}":{value}' for name, value in whole.items())
    return spoilt(rng, f"{{{','.join(items)}}}")


def _value(rng: random.Random, name: str, channels: list[str]) -> str:
    match name:
        case "channel":
            return json.dumps(rng.choice(channels))
        case "channels":
            return json.dumps(rng.sample(channels, rng.randint(0, len(channels))))
        case "page" | "id":
            return json.dumps(f"page_{rng.randrange(20)}")
        case "after" | "handled" | "since":
            position = [number(rng, 0, 2**53 - 1), rng.randrange(5)]
            return json.dumps(dict.fromkeys(channels, position))
        case "pending":
            return json.dumps({one: [f"m-{rng.randrange(9)}"] for one in channels})
        case "ack" | "batch":
            return rng.choice(["true", "false"])
        case "contexts" | "watch":
            return rng.choice(['["chess"]', '[""]', "[]"])
        case "epoch" | "seq":
            return str(rng.randrange(5))
        case _:
            return json.dumps({"n": number(rng, 0, 2**53 - 1)})
