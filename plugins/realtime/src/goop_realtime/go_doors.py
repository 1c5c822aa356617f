# SPDX-License-Identifier: MIT
"""What the 1.0.0 side of a node may use of the bridge."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from goop_node.types import LineStream


@dataclass(frozen=True)
class Doors:
    """What the bridge offers: links by number, a step's end, time, peers, work."""

    adopt: Callable[[LineStream], int]
    ended: Callable[[int, str], None]
    step: Callable[[], None]
    flush: Callable[[], object]
    now: Callable[[], int]
    discovered: Callable[[str], Awaitable[bool]]
    spawn: Callable[[Awaitable[None]], None]
