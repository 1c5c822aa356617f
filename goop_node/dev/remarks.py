# SPDX-License-Identifier: MIT
"""What a plugin's author is told: numbered, at a bounded rate, the newest kept (pure)."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

KEPT = 50
"""Remarks of one plugin that a page which is opened later still gets."""
BURST = 20
"""Remarks of one plugin that may come at once."""
EACH_SECONDS = 1.0
"""How long one more takes to be allowed."""
LONGEST = 8_000
"""Characters of one remark."""

Level = Literal["error", "warn"]


@dataclass(frozen=True)
class Remark:
    """``number`` grows from 1 by plugin; ``text`` may have several lines."""

    number: int
    level: Level
    text: str


class Remarks:
    """The remarks about one plugin. ``clock`` gives seconds that only grow."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._allowed = float(BURST)
        self._at = clock()
        self._left_out = 0
        self._count = 0
        self.kept: deque[Remark] = deque(maxlen=KEPT)

    def add(self, level: Level, text: str) -> Remark | None:
        """Take one in; ``None`` where there were too many, which the next one says."""
        now = self._clock()
        self._allowed = min(BURST, self._allowed + (now - self._at) / EACH_SECONDS)
        self._at = now
        if self._allowed < 1:
            self._left_out += 1
            return None
        self._allowed -= 1
        if self._left_out:
            text = f"{text}\n({self._left_out} more before it are not shown)"
            self._left_out = 0
        self._count += 1
        remark = Remark(self._count, level, text[:LONGEST])
        self.kept.append(remark)
        return remark
