# SPDX-License-Identifier: MIT
"""Times that were measured, in words."""

from __future__ import annotations

import statistics
from dataclasses import dataclass, field


@dataclass
class Figures:
    """Seconds that something took."""

    what: str
    values: list[float] = field(default_factory=list)

    def add(self, seconds: float) -> None:
        """Once more."""
        self.values.append(seconds)

    @property
    def median(self) -> float:
        """The middle."""
        return statistics.median(self.values)

    @property
    def p99(self) -> float:
        """What one of a hundred exceeds; of fewer the longest."""
        return sorted(self.values)[int(len(self.values) * 0.99)]

    def __str__(self) -> str:
        return (
            f"{self.what}: median {self.median * 1000:.0f} ms, p99 {self.p99 * 1000:.0f} ms, "
            f"{len(self.values)} times"
        )
