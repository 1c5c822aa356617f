# SPDX-License-Identifier: MIT
"""Lines on the streams by which two nodes with one identity learn of each other."""

from __future__ import annotations

import json
import random
from typing import Any

from tests.hostile.extremes import damaged, number, text

RUNS = ["a" * 32, "b" * 32, "A" * 32, "a" * 31, ""]


def twin_line(rng: random.Random) -> bytes:
    """One line with its end."""
    kind = rng.choice(["run", "run", "run", "other", "proof", text(rng)])
    found: dict[str, Any] = {"type": kind, "run": rng.choice(RUNS), "since": number(rng)}
    if kind == "proof" or rng.random() < 0.1:
        found |= {"meets": rng.choice(RUNS), "signature": rng.choice(["", "A" * 88, text(rng)])}
    if rng.random() < 0.2:
        found[rng.choice(list(found))] = rng.choice([None, [], {}, 1.5, text(rng)])
    data = json.dumps(found).encode()
    return (damaged(rng, data) if rng.random() < 0.2 else data).replace(b"\n", b"") + b"\n"
