# SPDX-License-Identifier: MIT
"""Who has gone: said so, or was lost and is not heard of any more (pure).

A node that is killed says nothing. Its connections end at once, though, and while it lives it says
who it is every few seconds; so one that was lost and stays silent for a little longer than that has
gone, and one at whose addresses nothing listens any more has gone already.
"""

from __future__ import annotations

from collections.abc import Collection

from goop_node.p2p import limits

SILENT_SECONDS = 8.0
"""How long a peer to which no connection is left may say nothing: its heartbeat, and some more."""
FAREWELL_SECONDS = 20.0
"""How long what a peer said before its farewell may still arrive, passed on by others."""


class Departures:
    """Peers that may have gone, or have. Times are seconds of one clock."""

    def __init__(self) -> None:
        self._lost: dict[str, float] = {}
        self._farewells: dict[str, tuple[float, int]] = {}

    def lost(self, peer_id: str, now: float) -> None:
        """The last connection to it ended."""
        self._lost[peer_id] = now

    def is_lost(self, peer_id: str) -> bool:
        """Whether nothing was heard of it since the last connection ended."""
        return peer_id in self._lost

    def alive(self, peer_id: str) -> None:
        """It is connected again, or has said something."""
        self._lost.pop(peer_id, None)

    def forget(self, peer_id: str) -> None:
        """It counts as gone, or is known no more."""
        self._lost.pop(peer_id, None)

    def silent(self, now: float) -> Collection[str]:
        """Those that were lost and have said nothing for too long."""
        return [peer for peer, at in self._lost.items() if now - at > SILENT_SECONDS]

    def farewell(self, peer_id: str, said_at: int, now: float) -> None:
        """It said that it goes; ``said_at`` by its own clock."""
        self.forget(peer_id)
        self._farewells.pop(peer_id, None)
        self._farewells[peer_id] = (now, said_at)
        if len(self._farewells) > limits.HEARD_PEERS:
            del self._farewells[next(iter(self._farewells))]

    def is_old(self, peer_id: str, said_at: int, now: float) -> bool:
        """Whether that was said before its farewell, and only arrives now."""
        known = self._farewells.get(peer_id)
        if known is None:
            return False
        at, last = known
        if now - at > FAREWELL_SECONDS:
            del self._farewells[peer_id]
            return False
        return said_at < last

    def expire(self, now: float) -> None:
        """Let go of farewells that count no more."""
        for peer_id in [
            one for one, (at, _) in self._farewells.items() if now - at > FAREWELL_SECONDS
        ]:
            del self._farewells[peer_id]
