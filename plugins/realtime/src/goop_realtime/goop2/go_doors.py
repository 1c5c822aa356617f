# SPDX-License-Identifier: MIT
"""What the 1.0.0 side of a node may use of the bridge, and what a link of it tells."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from goop_node.types import LineStream
from goop_realtime.model.wire import Line


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


@dataclass(frozen=True)
class Ears:
    """What a link tells: lines for the engine, a refusal to note, and its end with a code.

    And what it asks: the time (Unix ms), and whether the channel has ended for good.
    """

    lines: Callable[[list[Line]], None]
    refused: Callable[[str, str], None]
    ended: Callable[[str], None]
    now: Callable[[], int]
    final: Callable[[], bool]
