# SPDX-License-Identifier: MIT
"""The table of peers: what presence, ``--peer``, friends and connections say, as one view."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from typing import Literal

from goop_node.clock import now_ms
from goop_node.p2p.presence import EXPIRY, Presence
from goop_node.types import Peer, PeerEvent

log = logging.getLogger(__name__)

MAX_PEERS = 1000


class PeerTable:
    """Who is there. Every change is an event to the subscribers."""

    def __init__(self) -> None:
        self._peers: dict[str, Peer] = {}
        self._named: set[str] = set()
        self._subscribers: list[Callable[[PeerEvent], None]] = []

    def get(self, peer_id: str) -> Peer | None:
        """The peer of that id, or ``None`` when it was never seen."""
        return self._peers.get(peer_id)

    def all(self) -> list[Peer]:
        """Every known peer, sorted by id."""
        return [self._peers[peer_id] for peer_id in sorted(self._peers)]

    def is_discovered(self, peer_id: str) -> bool:
        """Whether presence, ``--peer`` or "connect to a friend" named this peer."""
        peer = self._peers.get(peer_id)
        return peer_id in self._named or (peer is not None and peer.online)

    def is_named(self, peer_id: str) -> bool:
        """Whether a person named this peer."""
        return peer_id in self._named

    def subscribe(self, callback: Callable[[PeerEvent], None]) -> Callable[[], None]:
        """Call back on every change; returns what ends the subscription."""
        self._subscribers.append(callback)

        def end() -> None:
            if callback in self._subscribers:
                self._subscribers.remove(callback)

        return end

    def name(self, peer_id: str, addrs: tuple[str, ...] = ()) -> None:
        """A person named this peer: it counts as discovered from now on."""
        self._named.add(peer_id)
        known = self._peers.get(peer_id) or Peer(
            peer_id=peer_id, label="", online=False, connected=False, last_seen=0.0
        )
        self._peers[peer_id] = replace(known, addrs=addrs or known.addrs)

    def heard(self, message: Presence, now: float) -> None:
        """A presence message, whose signer has been checked."""
        known = self._peers.get(message.peer_id)
        if message.type == "offline":
            if known is not None and known.online:
                self._change("gone", replace(known, online=False))
            return
        if known is None:
            if len(self._peers) >= MAX_PEERS:
                return
            known = Peer(
                peer_id=message.peer_id, label="", online=False, connected=False, last_seen=now
            )
        addrs = message.addrs or known.addrs
        peer = replace(known, label=message.content, online=True, last_seen=now, addrs=addrs)
        if not known.online:
            self._change("found", peer)
        elif (known.label, known.addrs) != (peer.label, peer.addrs):
            self._change("changed", peer)
        else:
            self._peers[peer.peer_id] = peer

    def connected(self, peer_id: str, connected: bool) -> None:
        """A connection came up, or the last one to that peer went away."""
        known = self._peers.get(peer_id)
        if known is None:
            if not connected or len(self._peers) >= MAX_PEERS:
                return
            known = Peer(
                peer_id=peer_id, label="", online=False, connected=False, last_seen=now_ms() / 1000
            )
        if known.connected != connected:
            kind: Literal["connected", "disconnected"] = (
                "connected" if connected else "disconnected"
            )
            self._change(kind, replace(known, connected=connected))

    def expire(self, now: float) -> None:
        """Let go of whom nobody has heard of for ``EXPIRY`` seconds."""
        for peer in list(self._peers.values()):
            if peer.online and now - peer.last_seen > EXPIRY:
                self._change("gone", replace(peer, online=False))
            elif not peer.online and not peer.connected and peer.peer_id not in self._named:
                del self._peers[peer.peer_id]

    def _change(
        self,
        kind: Literal["found", "changed", "gone", "connected", "disconnected"],
        peer: Peer,
    ) -> None:
        self._peers[peer.peer_id] = peer
        event = PeerEvent(kind=kind, peer=peer)
        for callback in list(self._subscribers):
            try:
                callback(event)
            except Exception:
                log.exception("a subscriber of the peers failed")
