# SPDX-License-Identifier: MIT
"""How much there is of channels and rooms: numbers, by what plugins and this node call things."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field


@dataclass
class Figures:
    """``states`` are counted by context (the type's name) and state."""

    states: Counter[tuple[str, str]] = field(default_factory=Counter)
    waiting: int = 0
    """Messages that this node has accepted and no host has ordered."""
    waiting_bytes: int = 0
    unread: int = 0
    """Entries of logs that no page here has handled."""
