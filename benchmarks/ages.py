# SPDX-License-Identifier: MIT
"""How old positions of others are."""

from __future__ import annotations

import statistics
from dataclasses import dataclass, field


@dataclass
class Ages:
    """Milliseconds: of each position when it came, and of the newest of each other when a frame is
    drawn, 60 times a second."""

    came: list[float] = field(default_factory=list)
    drawn: list[float] = field(default_factory=list)

    @property
    def came_median(self) -> float:
        """In the middle."""
        return statistics.median(self.came)

    @property
    def drawn_median(self) -> float:
        """In the middle."""
        return statistics.median(self.drawn)
