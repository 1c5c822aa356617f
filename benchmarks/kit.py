# SPDX-License-Identifier: MIT
"""How soon the tests of a plugin have two nodes with an open channel."""

from __future__ import annotations

import time
from pathlib import Path

from goop_realtime.testing.kit import pair
from goop_realtime.testing.tally import TALLY

PAIRS = 30
OPEN = "the kit: two nodes with an open channel, ms"
SEND = "the kit: a message, until it is handled, ms"
BOUNDS = {OPEN: 150.0}
"""At most, of the median."""


def measure(folder: Path) -> dict[str, list[float]]:
    """Values by what they are. The first pair, which imports and compiles, is left out."""
    opened, sent = [], []
    for n in range(PAIRS + 1):
        began = time.perf_counter()
        two = pair(TALLY, folder=folder / str(n))
        opened.append(1000 * (time.perf_counter() - began))
        began = time.perf_counter()
        assert two[0].send({"type": "add", "n": 1}).handled
        sent.append(1000 * (time.perf_counter() - began))
        two.close()
    return {OPEN: opened[1:], SEND: sent[1:]}
