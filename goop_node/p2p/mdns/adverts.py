# SPDX-License-Identifier: MIT
"""What records say of peers, and the records that say it of us (pure)."""

from __future__ import annotations

import string
from collections.abc import Iterable
from dataclasses import dataclass, replace
from random import Random

from goop_node.p2p.addresses import IP, Address, Interface, with_peer_id
from goop_node.p2p.mdns import bounds
from goop_node.p2p.mdns.packets import HostIP, Message, Name, Pointer, Record, Server, Strings

LOCAL = b"local"
META: Name = (b"_services", b"_dns-sd", b"_udp", LOCAL)
"""Who asks for this wants to know which services there are (RFC 6763, 9)."""
SERVICES: dict[str, Name] = {
    "goop": (b"goop-mdns", LOCAL),
    "libp2p": (b"_p2p", b"_udp", LOCAL),
}
"""By the name that people use: that of Goop² peers, and what libp2p has a specification of."""
PORT = 4001
"""Stands in the record that has to name a port; nobody reads it."""
_PREFIX = b"dnsaddr="
_ALPHABET = (string.ascii_lowercase + string.digits).encode()


@dataclass(frozen=True)
class Place:
    """A network that this machine is in, by one version of IP.

    ``ips`` are the machine's there with their networks, ``told`` the addresses at which the
    node can be dialled from there. ``index`` is the operating system's number of the interface.
    """

    interface: str
    index: int
    ips: tuple[Interface, ...]
    told: tuple[Address, ...]

    @property
    def version(self) -> int:
        """That of IP: 4 or 6."""
        return self.ips[0].version

    def has(self, ip: IP) -> bool:
        """Whether another machine's address is in this network."""
        if ip.version != self.version or any(ip == one.ip for one in self.ips):
            return False
        return ip.is_link_local or any(_is_inside(ip, one) for one in self.ips)

    def dialable(self, address: Address, sender: IP) -> Address | None:
        """The address at which a sender here may be dialled, if it may be that one.

        Whoever sends speaks for its own address. An IPv6 interface has several, and packets come
        from the link-local one; so whatever else is in the network may be the sender's as well.
        """
        ip = address.ip
        if ip is None or not self.has(ip):
            return None
        if ip != sender and (ip.version == 4 or ip.is_link_local):
            return None
        return replace(address, zone=self.interface if ip.is_link_local and ip.version == 6 else "")


def _is_inside(ip: IP, mine: Interface) -> bool:
    network = mine.network
    edges = (network.network_address, network.broadcast_address)
    return ip in network and (ip.version == 6 or network.prefixlen >= 31 or ip not in edges)


@dataclass(frozen=True)
class Advert:
    """This node as an instance of a service, in one network; ``label`` is the instance's name."""

    service: Name
    label: bytes
    peer_id: str
    place: Place

    @property
    def instance(self) -> Name:
        """Its full name."""
        return (self.label, *self.service)

    @property
    def host(self) -> Name:
        """The name of the host that it claims to be on: its own, so that nobody else has it."""
        return (self.label, LOCAL)

    @property
    def pointer(self) -> Record:
        """What tells that the instance is there; each peer has such a record."""
        return Record(self.service, Pointer(self.instance), bounds.TTL)

    @property
    def meta(self) -> Record:
        """What tells that the service is there."""
        return Record(META, Pointer(self.service), bounds.TTL)

    @property
    def unique(self) -> tuple[Record, ...]:
        """What nobody else has. A Go peer dials only whom all of these came of in one packet."""
        texts = tuple(_PREFIX + f"{one}/p2p/{self.peer_id}".encode() for one in self.place.told)
        ips = dict.fromkeys(one.ip for one in self.place.told if one.ip is not None)
        return (
            Record(self.instance, Server(PORT, self.host), bounds.TTL, flush=True),
            Record(self.instance, Strings(texts), bounds.TTL, flush=True),
            *(Record(self.host, HostIP(ip), bounds.HOST_TTL, flush=True) for ip in ips),
        )


def new_label(rng: Random) -> bytes:
    """A name that no other instance has."""
    return bytes(rng.choices(_ALPHABET, k=bounds.LABEL_CHARACTERS))


@dataclass(frozen=True)
class Sighting:
    """What a packet says of an instance; without addresses, and ``ttl`` 0, that it goes."""

    label: bytes
    peer_id: str
    addresses: tuple[Address, ...]
    ttl: int


def sightings(message: Message, service: Name, place: Place, sender: IP) -> list[Sighting]:
    """What a response says of instances of the service, checked: the border to other nodes."""
    found: dict[bytes, Sighting] = {}
    for record in message.records:
        match record.data:
            case Pointer((label, *rest)) if record.name == service and tuple(rest) == service:
                if not record.ttl:
                    found[label] = Sighting(label, "", (), 0)
            case Strings(strings) if record.name[1:] == service:
                label = record.name[0]
                if not record.ttl:
                    found[label] = Sighting(label, "", (), 0)
                elif label not in found and (one := _who(strings, place, sender)) is not None:
                    found[label] = Sighting(label, *one, record.ttl)
    return list(found.values())


def _who(
    strings: Iterable[bytes], place: Place, sender: IP
) -> tuple[str, tuple[Address, ...]] | None:
    """The first peer that these are about, and where it may be dialled."""
    who = ""
    addresses: dict[Address, None] = {}
    for text in tuple(strings)[: bounds.MAX_STRINGS]:
        if not text.startswith(_PREFIX) or not text.isascii():
            continue
        full = with_peer_id(text[len(_PREFIX) :].decode())
        if full is None or (who and full[0] != who):
            continue
        address = place.dialable(full[1], sender)
        if address is not None:
            who = full[0]
            addresses[address] = None
    return (who, tuple(addresses)[: bounds.MAX_ADDRESSES]) if who else None
