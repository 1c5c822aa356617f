# SPDX-License-Identifier: MIT
"""When peers are dialled again that could not be reached (pure; clock and chance are given)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable

from goop_node.p2p import limits

REDIAL_MIN = 1.0
REDIAL_MAX = 30.0
REDIAL_SEEN_MAX = 300.0
"""For peers that nobody named: they were seen once, and may never be again."""


class Redials:
    """Pauses between dials, which grow; and how many peers are dialled at the same time."""

    def __init__(self, is_named: Callable[[str], bool]) -> None:
        """``is_named``: whether a person named the peer."""
        self._is_named = is_named
        self._next: dict[str, tuple[float, float]] = {}
        """When each may be dialled again, and the pause behind its last dial."""

    def forget(self, peer_id: str) -> None:
        """It is connected, or has just been heard of: the next dial waits for nothing."""
        self._next.pop(peer_id, None)

    def keep(self, known: Collection[str]) -> None:
        """Nobody else will be dialled."""
        self._next = {peer_id: at for peer_id, at in self._next.items() if peer_id in known}

    def begun(self, peer_id: str, now: float, chance: float) -> None:
        """It is dialled now; ``chance`` is from 0 to 1, so that not all come at once."""
        _, pause = self._of(peer_id)
        longest = REDIAL_MAX if self._is_named(peer_id) else REDIAL_SEEN_MAX
        pause = min(pause * 2, longest)
        self._next[peer_id] = (now + pause * (0.5 + chance / 2), pause)

    def due(self, away: Iterable[str], under_way: Collection[str], now: float) -> list[str]:
        """Whom to dial now, within the bounds: first those that were dialled in vain least."""
        due = sorted((pause, one) for one in away for at, pause in [self._of(one)] if now >= at)
        named = [one for _, one in due if self._is_named(one)]
        told = [one for _, one in due if not self._is_named(one)]
        busy = sum(map(self._is_named, under_way))
        named_places = max(0, limits.NAMED_DIALS - busy)
        told_places = max(0, limits.TOLD_DIALS - (len(under_way) - busy))
        return named[:named_places] + told[:told_places]

    def _of(self, peer_id: str) -> tuple[float, float]:
        return self._next.get(peer_id, (0.0, REDIAL_MIN))
