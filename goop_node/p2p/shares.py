# SPDX-License-Identifier: MIT
"""Places for peers that were only heard of, shared among those who told us of them (pure)."""

from __future__ import annotations

from itertools import count


class Shares:
    """``places`` in all, at most ``share`` of them for one forwarder.

    When all are taken, whoever has filled the most loses the peer longest unheard, to one who
    has filled fewer: nobody can push out those that others told us of.
    """

    def __init__(self, places: int, share: int) -> None:
        self._places = places
        self._share = share
        self._forwarder: dict[str, str] = {}
        self._through: dict[str, dict[str, int]] = {}
        """By forwarder: its peers, with when they were last heard; the first is longest ago."""
        self._number = count()

    def __len__(self) -> int:
        return len(self._forwarder)

    def __contains__(self, peer_id: str) -> bool:
        return peer_id in self._forwarder

    def filled_by(self, forwarder: str) -> int:
        """How many places a forwarder has filled."""
        return len(self._through.get(forwarder, ()))

    def take(self, peer_id: str, forwarder: str) -> tuple[bool, str | None]:
        """A place for a peer, or a sign of life of one that has its place.

        Whether it has one; and who lost one for it.
        """
        evicted = None
        if peer_id not in self._forwarder:
            filled = self.filled_by(forwarder)
            if filled >= self._share:
                return False, None
            if len(self) >= self._places:
                most = max(map(len, self._through.values()))
                if most <= filled:
                    return False, None
                evicted = min(
                    (number, peer)
                    for peers in self._through.values()
                    if len(peers) == most
                    for peer, number in [next(iter(peers.items()))]
                )[1]
                self.give(evicted)
            self._forwarder[peer_id] = forwarder
        peers = self._through.setdefault(self._forwarder[peer_id], {})
        peers.pop(peer_id, None)
        peers[peer_id] = next(self._number)
        return True, evicted

    def give(self, peer_id: str) -> None:
        """Give a peer's place back, if it has one."""
        forwarder = self._forwarder.pop(peer_id, None)
        if forwarder is not None:
            peers = self._through[forwarder]
            del peers[peer_id]
            if not peers:
                del self._through[forwarder]
