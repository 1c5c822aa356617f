# SPDX-License-Identifier: MIT
"""What of the peers is told, and when (pure): every last state, however fast it came about."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Literal

from goop_node.p2p import limits
from goop_node.p2p.pace import Pace
from goop_node.types import Peer, PeerEvent

Kind = Literal["found", "changed", "gone", "connected", "disconnected"]


class News:
    """Holds what was told of each peer against what is so, and tells the difference.

    A peer's events have a rate, and all events of peers that were only heard of have one
    together. What has to wait is told by ``catch_up`` as it is then.
    """

    def __init__(self, current: Callable[[str], Peer | None], close: Callable[[str], bool]) -> None:
        """``current`` is the peer as it is; ``close`` whether it is connected or named."""
        self._current = current
        self._close = close
        self._told: dict[str, Peer] = {}
        self._paces: dict[str, Pace] = {}
        self._strangers = Pace(limits.STRANGER_RATE, limits.STRANGER_BURST)
        self._waiting: dict[str, None] = {}

    def changed(self, peer_id: str, now: float) -> list[PeerEvent]:
        """Something of a peer changed: the events to tell now."""
        return self._tell(peer_id, now, behind=len(self._waiting))

    def catch_up(self, now: float) -> list[PeerEvent]:
        """The events of what had to wait, as far as it is time for them."""
        for peer_id in [one for one, pace in self._paces.items() if _is_full(pace, now)]:
            del self._paces[peer_id]
        return [event for peer_id in list(self._waiting) for event in self._tell(peer_id, now)]

    def _tell(self, peer_id: str, now: float, behind: int = 0) -> list[PeerEvent]:
        """``behind`` so many that wait: who is new must not keep them from being told."""
        told = self._told.get(peer_id) or _nobody(peer_id)
        peer = self._current(peer_id) or replace(told, online=False, connected=False)
        kinds = list(_difference(told, peer))
        if kinds and not self._affords(peer_id, len(kinds), now, behind):
            self._waiting[peer_id] = None
            return []
        self._waiting.pop(peer_id, None)
        if self._current(peer_id) is None:
            self._told.pop(peer_id, None)
        else:
            self._told[peer_id] = peer
        return [PeerEvent(kind=kind, peer=peer) for kind in kinds]

    def _affords(self, peer_id: str, cost: int, now: float, behind: int) -> bool:
        own = self._paces.get(peer_id) or Pace(limits.EVENT_RATE, limits.EVENT_BURST)
        if not own.affords(cost, now):
            return False
        if not self._close(peer_id):
            if not self._strangers.affords(cost + behind, now):
                return False
            self._strangers.spend(cost, now)
        own.spend(cost, now)
        self._paces[peer_id] = own
        return True


def _is_full(pace: Pace, now: float) -> bool:
    return pace.affords(limits.EVENT_BURST, now)


def _nobody(peer_id: str) -> Peer:
    return Peer(peer_id=peer_id, label="", online=False, connected=False, last_seen_ms=0)


def _said(peer: Peer) -> Peer:
    """What a peer says of itself: the rest changes all the time, or is told as another kind."""
    return replace(peer, last_seen_ms=0, connected=False)


def _difference(told: Peer, peer: Peer) -> Iterator[Kind]:
    if told.online != peer.online:
        yield "found" if peer.online else "gone"
    elif peer.online and _said(told) != _said(peer):
        yield "changed"
    if told.connected != peer.connected:
        yield "connected" if peer.connected else "disconnected"
