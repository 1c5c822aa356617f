# SPDX-License-Identifier: MIT
"""The table of peers: what presence, ``--peer``, friends and connections say, as one view."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial

from goop_node.clock import now_ms
from goop_node.p2p import limits
from goop_node.p2p.departures import Departures
from goop_node.p2p.news import News
from goop_node.p2p.presence import EXPIRY, Presence
from goop_node.p2p.shares import Shares
from goop_node.plugins.callbacks import called
from goop_node.types import Peer, PeerEvent, Refusal, Standing


class PeerTable:
    """Who is there. Changes are events to the subscribers, at a bounded rate.

    A peer is in it because it is connected, because a person named it, or because it was heard
    of and has one of the places for that, which are shared among those who told us.
    """

    def __init__(self, clock: Callable[[], float] = lambda: now_ms() / 1000) -> None:
        """``clock`` gives Unix seconds."""
        self._clock = clock
        self._peers: dict[str, Peer] = {}
        self._named: set[str] = set()
        self._blocked: set[str] = set()
        self._near: frozenset[str] = frozenset()
        """Of whom somebody said in our network that they are there: it proves nothing."""
        self._newest: dict[str, int] = {}
        """When each peer that is online said its last, by its own clock."""
        self._departures = Departures()
        self._troubles: dict[str, Refusal] = {}
        """Why the last dial failed, of peers to which none has succeeded since."""
        self._heard = Shares(limits.HEARD_PEERS, limits.SHARE)
        self._news = News(self._peers.get, self._is_close)
        self._subscribers: list[Callable[[PeerEvent], None]] = []

    def get(self, peer_id: str) -> Peer | None:
        """The peer of that id, or ``None`` when it was never seen."""
        return self._peers.get(peer_id)

    def all(self) -> list[Peer]:
        """Every known peer, sorted by id."""
        return [self._peers[peer_id] for peer_id in sorted(self._peers)]

    def is_discovered(self, peer_id: str) -> bool:
        """Whether presence, ``--peer`` or "connect to a friend" named this peer, or it was found
        on the local network and is connected."""
        peer = self._peers.get(peer_id)
        if peer_id in self._named:
            return True
        return peer is not None and (peer.online or (peer.connected and peer_id in self._near))

    def is_named(self, peer_id: str) -> bool:
        """Whether a person named this peer."""
        return peer_id in self._named

    def standing(self, peer_id: str) -> Standing:
        """What the peer is to this node: whom a person named is a friend."""
        if peer_id in self._blocked:
            return "blocked"
        if peer_id in self._named:
            return "friend"
        return "discovered" if self.is_discovered(peer_id) else "unknown"

    def heard_through(self, forwarder: str) -> int:
        """How many peers are here only because that one told us of them."""
        return self._heard.filled_by(forwarder)

    def subscribe(self, callback: Callable[[PeerEvent], None]) -> Callable[[], None]:
        """Call back on every change; returns what ends the subscription."""
        self._subscribers.append(callback)

        def end() -> None:
            if callback in self._subscribers:
                self._subscribers.remove(callback)

        return end

    def name(self, peer_id: str, addrs: tuple[str, ...] = ()) -> None:
        """A person named this peer: it counts as discovered from now on."""
        if peer_id in self._blocked:
            return
        self._named.add(peer_id)
        self._heard.give(peer_id)
        known = self._peers.get(peer_id) or _new(peer_id, 0.0)
        self._peers[peer_id] = replace(known, addrs=addrs or known.addrs)

    def heard(self, message: Presence, forwarder: str) -> None:
        """A presence message, whose signer has been checked, passed on by ``forwarder``."""
        if message.peer_id in self._blocked:
            return
        now = self._clock()
        known = self._peers.get(message.peer_id)
        if known is not None and known.online and message.ts < self._newest[message.peer_id]:
            return  # it was said before what is known, and is told again by whoever likes
        if self._departures.is_old(message.peer_id, message.ts, now):
            return
        if message.type == "offline":
            self._departures.farewell(message.peer_id, message.ts, now)
            if known is not None and known.online:
                self._went_offline(known)
            return
        if not self._has_place(message.peer_id, forwarder):
            return
        self._newest[message.peer_id] = message.ts
        self._departures.alive(message.peer_id)
        known = known or _new(message.peer_id, now)
        addrs = message.addrs or known.addrs
        seen = int(now * 1000)
        self._change(
            replace(
                known,
                label=message.content,
                online=True,
                last_seen_ms=seen,
                addrs=addrs,
                email=message.email,
                avatar_hash=message.avatar_hash,
                video_disabled=message.video_disabled,
                active_template=message.active_template,
            )
        )

    def connected(self, peer_id: str, connected: bool) -> None:
        """A connection came up, or the last one to that peer went away."""
        known = self._peers.get(peer_id)
        if (known is None and not connected) or peer_id in self._blocked:
            return
        known = known or _new(peer_id, self._clock())
        if known.connected == connected:
            return
        peer = replace(known, connected=connected)
        if connected:
            self._heard.give(peer_id)
            self._departures.alive(peer_id)
            self._troubles.pop(peer_id, None)
        elif known.online:
            self._departures.lost(peer_id, self._clock())
        self._peers[peer_id] = peer
        if self._may_stay(peer):
            self._change(peer)
        else:
            self._drop(peer_id)

    def undialled(self, peer_id: str, why: Refusal) -> None:
        """A dial failed. Where nothing listens any more, a peer that was lost has gone."""
        if peer_id in self._peers:
            self._troubles[peer_id] = why
        if why.code == "refused" and self._departures.is_lost(peer_id):
            self._gone(peer_id)

    def trouble(self, peer_id: str) -> Refusal | None:
        """Why the last dial of a peer failed; ``None`` where it did not."""
        return self._troubles.get(peer_id)

    def near(self, peers: frozenset[str]) -> None:
        """These are said to be in our network, and no others."""
        changed = peers ^ self._near
        self._near = peers
        for peer_id in changed:
            peer = self._peers.get(peer_id)
            if peer is not None and peer.connected and not peer.online:
                self._tell_standing(peer_id)

    def expire(self, now: float) -> None:
        """Let go of whom nobody has heard of any more; tell what had to wait."""
        for peer in list(self._peers.values()):
            if peer.online and now - peer.last_seen_ms / 1000 > EXPIRY:
                self._went_offline(peer)
        for peer_id in self._departures.silent(now):
            self._gone(peer_id)
        self._departures.expire(now)
        self._tell(self._news.catch_up(self._clock()))

    def unname(self, peer_id: str) -> None:
        """A person takes back what ``name`` said."""
        self._named.discard(peer_id)
        peer = self._peers.get(peer_id)
        if peer is not None and not self._may_stay(peer):
            self._drop(peer_id)
        self._tell_standing(peer_id)

    def block(self, peer_id: str) -> None:
        """A person wants nothing to do with this peer: it is not here, whatever is heard of it."""
        self._blocked.add(peer_id)
        self._named.discard(peer_id)
        self._drop(peer_id)
        self._tell_standing(peer_id)

    def unblock(self, peer_id: str) -> None:
        """The peer may be heard of again."""
        self._blocked.discard(peer_id)
        self._tell_standing(peer_id)

    def _tell_standing(self, peer_id: str) -> None:
        peer = self._peers.get(peer_id) or _new(peer_id, 0.0)
        self._tell([PeerEvent(kind="standing", peer=peer)])

    def _is_close(self, peer_id: str) -> bool:
        peer = self._peers.get(peer_id)
        return peer_id in self._named or (peer is not None and peer.connected)

    def _may_stay(self, peer: Peer) -> bool:
        return self._is_close(peer.peer_id) or (
            peer.online and self._has_place(peer.peer_id, peer.peer_id)
        )

    def _has_place(self, peer_id: str, forwarder: str) -> bool:
        if self._is_close(peer_id):
            return True
        has, evicted = self._heard.take(peer_id, forwarder)
        if evicted is not None:
            self._drop(evicted)
        return has

    def _gone(self, peer_id: str) -> None:
        """A peer that was lost is not there any more."""
        self._departures.forget(peer_id)
        peer = self._peers.get(peer_id)
        if peer is not None and peer.online:
            self._went_offline(peer)

    def _went_offline(self, peer: Peer) -> None:
        self._newest.pop(peer.peer_id, None)
        if self._is_close(peer.peer_id):
            self._change(replace(peer, online=False))
        else:
            self._drop(peer.peer_id)

    def _drop(self, peer_id: str) -> None:
        self._heard.give(peer_id)
        self._newest.pop(peer_id, None)
        self._departures.forget(peer_id)
        self._troubles.pop(peer_id, None)
        if self._peers.pop(peer_id, None) is not None:
            self._tell(self._news.changed(peer_id, self._clock()))

    def _change(self, peer: Peer) -> None:
        self._peers[peer.peer_id] = peer
        self._tell(self._news.changed(peer.peer_id, self._clock()))

    def _tell(self, events: Iterable[PeerEvent]) -> None:
        for event in events:
            for callback in list(self._subscribers):
                called(partial(callback, event), "a subscriber of the peers")


def _new(peer_id: str, seen: float) -> Peer:
    at = int(seen * 1000)
    return Peer(peer_id=peer_id, label="", online=False, connected=False, last_seen_ms=at)
