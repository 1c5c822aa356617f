# SPDX-License-Identifier: MIT
"""What has been seen of a simulated world, and the exception for what must never happen."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

History = dict[int, tuple[int, str]]
"""Of one node's channel: seq -> ``(epoch, message id)``, what was trimmed included."""


class Violation(AssertionError):
    """Something happened that must never happen."""


def demand(holds: bool, what: str) -> None:
    """Raise ``Violation`` unless ``holds``."""
    if not holds:
        raise Violation(what)


@dataclass(eq=False)
class Seen:
    """What the eyes on a world share. Nodes are named by peer id."""

    counts: Counter[str] = field(default_factory=Counter)
    """How often what happened."""
    history: dict[tuple[str, str], History] = field(default_factory=dict)
    """By ``(node, channel)``."""
    lossy: set[str] = field(default_factory=set)
    """Nodes that have lost commits, by a power cut or with their disk."""
    refusals: set[tuple[str, str]] = field(default_factory=set)
    """``(channel, message id)`` of what any node refused, and any page was told of."""
    told_refused: set[tuple[str, str]] = field(default_factory=set)
    """``(channel, message id)`` of what a page was told is refused."""
    consented: set[str] = field(default_factory=set)
    """Channels that two people have agreed to."""
    ids: dict[tuple[str, str], dict[str, int]] = field(default_factory=dict)
    """By ``(node, channel)``: message id -> seq, of what the node has now."""
    parties: dict[str, frozenset[str]] = field(default_factory=dict)
    """By channel: the nodes that it is between."""
    ever: set[tuple[str, str, str]] = field(default_factory=set)
    """``(node, channel, message id)`` of everything a node ever had."""

    def all_lossy(self, channel_id: str) -> bool:
        """Whether every node that has the channel has lost commits: nobody may know any more."""
        return self.parties.get(channel_id, frozenset()) <= self.lossy
