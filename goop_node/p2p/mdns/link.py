# SPDX-License-Identifier: MIT
"""One network with all that is asked, answered and found in it (pure): packets in, packets out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from random import Random

from goop_node.p2p.addresses import IP, Address
from goop_node.p2p.mdns import bounds
from goop_node.p2p.mdns.adverts import META, Place
from goop_node.p2p.mdns.packets import Message, Name, in_packets, parse
from goop_node.p2p.mdns.querier import Querier
from goop_node.p2p.mdns.responder import Outgoing, Responder, Sender
from goop_node.p2p.pace import Pace


@dataclass(frozen=True)
class Packet:
    """Bytes for everybody in the network, or ``to`` one."""

    data: bytes
    to: Sender | None = None


class Link:
    """One ``Place`` while it lasts. Times are in seconds of any steady clock."""

    def __init__(
        self, place: Place, peer_id: str, services: Iterable[Name], rng: Random, now: float
    ) -> None:
        self.place = place
        self._services = tuple(services)
        self._responders = [Responder(one, peer_id, place, rng, now) for one in self._services]
        self._queriers = [Querier(one, peer_id, place, rng, now) for one in self._services]
        self._all = Pace(bounds.PACKETS_RATE, bounds.PACKETS_BURST)
        self._paces: dict[IP, Pace] = {}
        self._out: list[Packet] = []

    @property
    def due(self) -> float:
        """When ``tick`` has something to do."""
        dues = [one.due for one in self._responders] + [one.due for one in self._queriers]
        return min(dues)

    @property
    def probing(self) -> bool:
        """Whether this node is not yet told of here."""
        return any(one.probing for one in self._responders)

    def found(self) -> dict[str, tuple[Address, ...]]:
        """Where peers may be dialled, by peer."""
        peers: dict[str, dict[Address, None]] = {}
        for one in self._queriers:
            for peer_id, addresses in one.found().items():
                peers.setdefault(peer_id, {}).update(dict.fromkeys(addresses))
        return {peer: tuple(places)[: bounds.MAX_ADDRESSES] for peer, places in peers.items()}

    def take(self) -> list[Packet]:
        """The packets that are to be sent now."""
        packets, self._out = self._out, []
        return packets

    def tick(self, now: float) -> None:
        """Do what is due."""
        for responder in self._responders:
            self._send(responder.tick(now))
        for querier in self._queriers:
            for message in querier.tick(now):
                self._out += map(Packet, in_packets(message))

    def stop(self) -> None:
        """Say goodbye: the link is not used any more."""
        for responder in self._responders:
            self._send(responder.farewell())

    def hear(self, packet: bytes, sender: Sender, now: float) -> set[str]:
        """A packet came from the network. The peers of which it says something new."""
        if not self.place.has(sender.ip) or not self._concerns(packet):
            return set()
        if not self._affords(sender.ip, now):
            return set()
        message = parse(packet)
        if message is None:
            return set()
        if message.response:
            return self._hear_response(message, sender, now)
        for querier in self._queriers:
            if sender.port == bounds.PORT:
                querier.hear_query(message, now)
        for responder in self._responders:
            self._send(responder.hear_query(message, sender, now))
        return set()

    def _hear_response(self, message: Message, sender: Sender, now: float) -> set[str]:
        if sender.port != bounds.PORT:
            return set()  # RFC 6762, 6
        for responder in self._responders:
            self._send(responder.hear_response(message, now))
        news: set[str] = set()
        for querier in self._queriers:
            news |= querier.hear_response(message, sender.ip, now)
        return news

    def _concerns(self, packet: bytes) -> bool:
        """Whether it names anything of ours; most of what goes around is about other things.

        Whatever is compressed, a name stands there once as it is.
        """
        lower = packet.lower()
        labels = [one[0] for one in (*self._services, META)]
        labels += [one.label for one in self._responders]
        return any(bytes((len(label),)) + label in lower for label in labels)

    def _affords(self, sender: IP, now: float) -> bool:
        """Whether the sender, and all together, have not sent too much."""
        own = self._paces.get(sender)
        if own is None:
            if len(self._paces) >= bounds.MAX_SENDERS:
                del self._paces[next(iter(self._paces))]
            own = self._paces[sender] = Pace(bounds.SENDER_RATE, bounds.SENDER_BURST)
        if not (own.affords(1, now) and self._all.affords(1, now)):
            return False
        own.spend(1, now)
        self._all.spend(1, now)
        return True

    def _send(self, outgoing: Iterable[Outgoing]) -> None:
        for one in outgoing:
            self._out += (Packet(data, one.to) for data in in_packets(one.message))
