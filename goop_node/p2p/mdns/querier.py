# SPDX-License-Identifier: MIT
"""Asking one network who else is there, and remembering the answers (pure)."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from random import Random

from goop_node.p2p.addresses import IP, Address
from goop_node.p2p.mdns import bounds
from goop_node.p2p.mdns.adverts import Place, Sighting, sightings
from goop_node.p2p.mdns.packets import PTR, Message, Name, Pointer, Question, Record


@dataclass
class _Found:
    """An instance: whose it is, where that peer may be dialled, and how long it is remembered."""

    peer_id: str
    addresses: tuple[Address, ...]
    sender: IP
    ttl: int
    since: float
    refreshes: list[float]
    """When it is asked for again, the last one first."""
    ends: float


class Querier:
    """One service in one network. Times are in seconds of any steady clock."""

    def __init__(self, service: Name, peer_id: str, place: Place, rng: Random, now: float) -> None:
        """``peer_id`` is our own: whoever says that of us is not listened to."""
        self._service = service
        self._peer_id = peer_id
        self._place = place
        self._rng = rng
        self._found: dict[bytes, _Found] = {}
        self._gap = bounds.QUERY_GAP
        self._next = now + rng.uniform(*bounds.FIRST_QUERY)
        self._asked = -math.inf
        """When the question was asked last, by whomever."""

    @property
    def due(self) -> float:
        """When ``tick`` has something to do."""
        return min([self._next, self._refresh_at(), *(one.ends for one in self._found.values())])

    def found(self) -> dict[str, tuple[Address, ...]]:
        """Where peers may be dialled, by peer; what was heard last comes first."""
        peers: dict[str, dict[Address, None]] = {}
        for one in reversed(self._found.values()):
            peers.setdefault(one.peer_id, {}).update(dict.fromkeys(one.addresses))
        return {peer: tuple(places)[: bounds.MAX_ADDRESSES] for peer, places in peers.items()}

    def tick(self, now: float) -> list[Message]:
        """What is to be asked now; who has not been heard of for its time is forgotten."""
        gone = [label for label, one in self._found.items() if now >= one.ends]
        for label in gone:
            del self._found[label]
        if now < min(self._next, self._refresh_at()):
            return []
        self._ask(now)
        known = tuple(
            Record(self._service, Pointer((label, *self._service)), int(one.ends - now))
            for label, one in reversed(self._found.items())
            if (one.ends - now) * 2 > one.ttl
        )[: bounds.MAX_KNOWN]
        return [Message(questions=(Question(self._service, PTR),), answers=known)]

    def _ask(self, now: float) -> None:
        """Note that the question is asked."""
        self._asked = now
        if now >= self._next:
            self._next = now + self._gap
            self._gap = min(2 * self._gap, bounds.LONGEST_QUERY_GAP)
        for one in self._found.values():
            while one.refreshes and now >= one.refreshes[-1]:
                one.refreshes.pop()

    def _refresh_at(self) -> float:
        first = min((one.refreshes[-1] for one in self._found.values() if one.refreshes), default=0)
        return max(first, self._asked + bounds.REFRESH_GAP) if first else math.inf

    def hear_query(self, query: Message, now: float) -> None:
        """Somebody asks everybody what we are about to ask: the answers are ours as well."""
        if query.truncated or now < min(self._next, self._refresh_at()) - bounds.QUERY_GAP:
            return
        if Question(self._service, PTR) not in query.questions:
            return
        known = [one.data for one in query.answers if one.name == self._service]
        if all(self._knows(data.target) for data in known if isinstance(data, Pointer)):
            self._next = min(self._next, now)
            self._ask(now)

    def _knows(self, target: Name) -> bool:
        return target[1:] == self._service and target[0] in self._found

    def hear_response(self, response: Message, sender: IP, now: float) -> set[str]:
        """Somebody answers. The peers of which something is news: they came, or moved."""
        news: set[str] = set()
        for one in sightings(response, self._service, self._place, sender):
            if not one.ttl:
                self._goodbye(one.label, now)
            elif one.peer_id != self._peer_id and self._take(one, sender, now):
                news.add(one.peer_id)
        return news

    def _goodbye(self, label: bytes, now: float) -> None:
        known = self._found.get(label)
        if known is not None:
            known.ends = min(known.ends, now + bounds.GOODBYE_SECONDS)
            known.refreshes = []

    def _take(self, seen: Sighting, sender: IP, now: float) -> bool:
        """Remember it; whether it says anything new."""
        ttl = min(max(seen.ttl, bounds.SHORTEST_TTL), bounds.LONGEST_TTL)
        late = self._rng.uniform(0, bounds.REFRESH_JITTER)
        refreshes = [now + ttl * (part + late) for part in reversed(bounds.REFRESH_AT)]
        before = self._found.pop(seen.label, None)
        if before is None:
            self._make_room(sender)
        self._found[seen.label] = _Found(
            seen.peer_id, seen.addresses, sender, ttl, now, refreshes, now + ttl
        )
        return before is None or (before.peer_id, before.addresses) != (
            seen.peer_id,
            seen.addresses,
        )

    def _make_room(self, sender: IP) -> None:
        count = Counter(one.sender for one in self._found.values())
        crowded = count[sender] >= bounds.FOUND_BY_SENDER
        if crowded or len(self._found) >= bounds.MAX_FOUND:
            oldest = next(
                label for label, one in self._found.items() if not crowded or one.sender == sender
            )
            del self._found[oldest]
