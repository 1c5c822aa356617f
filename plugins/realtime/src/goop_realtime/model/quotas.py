# SPDX-License-Identifier: MIT
"""What one peer may use up here, so that it never takes the place of another, or of ourselves.

Each peer has its own few places; what is bounded in all is taken from whoever has most.
"""

from __future__ import annotations

from collections import OrderedDict

from goop_realtime.model.limits import Bucket

LINES_RATE = 32.0
LINES_BURST = 256
"""Lines of the invitation protocol that a peer may send, a second and at once."""
METERED = 4096
"""Peers whose lines are measured; the one that was quiet for longest makes room."""
WITHDRAWN_PER_PEER = 32
WITHDRAWN = 1024
"""Invitations withdrawn before they came that are remembered."""


class Meters:
    """How fast each peer speaks outside of channels."""

    def __init__(self) -> None:
        self._buckets: OrderedDict[str, Bucket] = OrderedDict()

    def allow(self, peer: str, now: int) -> bool:
        """Whether another line of that peer is within its rate."""
        bucket = self._buckets.get(peer)
        if bucket is None:
            bucket = self._buckets[peer] = Bucket(LINES_RATE, LINES_BURST)
            if len(self._buckets) > METERED:
                self._buckets.popitem(last=False)
        self._buckets.move_to_end(peer)
        return bucket.take(now)


class Withdrawn:
    """Invitations that were withdrawn before they came, or are not to come up again."""

    def __init__(self) -> None:
        self._until: dict[str, OrderedDict[str, int]] = {}

    def __len__(self) -> int:
        return sum(map(len, self._until.values()))

    def add(self, peer: str, channel_id: str, until: int) -> None:
        """Remember one until then (Unix ms); beyond the peer's share its oldest is forgotten."""
        its = self._until.setdefault(peer, OrderedDict())
        its[channel_id] = until
        its.move_to_end(channel_id)
        if len(its) > WITHDRAWN_PER_PEER:
            its.popitem(last=False)
        if len(self) > WITHDRAWN:
            crowd = max(self._until, key=lambda one: len(self._until[one]))
            self._until[crowd].popitem(last=False)

    def has(self, peer: str, channel_id: str) -> bool:
        """Whether that invitation of that peer was withdrawn."""
        return channel_id in self._until.get(peer, ())

    def expire(self, now: int) -> None:
        """Forget what is over."""
        for peer, its in list(self._until.items()):
            for channel_id in [one for one, until in its.items() if now > until]:
                del its[channel_id]
            if not its:
                del self._until[peer]
