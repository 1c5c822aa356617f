# SPDX-License-Identifier: MIT
"""Names in the addresses that a person gave, replaced by the IP addresses that they have now.

Names of hosts are the operating system's business, which knows the hosts file and the local
network as well; the TXT records of ``/dnsaddr/NAME`` (libp2p's way to publish where a peer is)
are asked for at its name servers. Nothing here is done on a peer's word.
"""

from __future__ import annotations

import logging
import socket
from collections.abc import Iterable, Sequence
from ipaddress import ip_address

import dns.asyncbackend
import dns.asyncresolver
import dns.exception
import trio

from goop_node.p2p.addresses import LIST, Address, with_peer_id
from goop_node.types import NetworkError

log = logging.getLogger(__name__)

LOOKUP_SECONDS = 5.0
"""For a name with all that it leads to."""
MAX_DEPTH = 3
"""How many lists may stand behind each other."""
MAX_ENTRIES = 16
"""Addresses of one list that are looked at."""
_FAMILIES = {"dns": 0, "dns4": socket.AF_INET, "dns6": socket.AF_INET6}


def resolver() -> dns.asyncresolver.Resolver:
    """What asks this machine's name servers. Raises ``dns.exception.DNSException``."""
    return dns.asyncresolver.Resolver()


async def resolved(
    addresses: Iterable[Address], peer_id: str, failures: list[NetworkError]
) -> tuple[Address, ...]:
    """The addresses with each name replaced by the IP addresses that it has at this moment.

    All names are looked up at the same time. Of a list what is said of ``peer_id`` counts, and
    of that what is TCP. ``failures`` gets why a name led nowhere.
    """
    asked = list(dict.fromkeys(addresses))
    found: list[Sequence[Address]] = [()] * len(asked)

    async def look_up(number: int, address: Address) -> None:
        why = NetworkError("unknown_name", f"no answer about the name {address.host} came in time")
        with trio.move_on_after(LOOKUP_SECONDS):
            try:
                found[number] = await _places(address, peer_id, MAX_DEPTH)
                return
            except NetworkError as error:
                why = error
        failures.append(why)

    async with trio.open_nursery() as nursery:
        for number, address in enumerate(asked):
            nursery.start_soon(look_up, number, address)
    return tuple(dict.fromkeys(place for places in found for place in places))


async def _places(address: Address, peer_id: str, depth: int) -> list[Address]:
    """What one address stands for. Raises ``NetworkError`` (``unknown_name``)."""
    if address.ip is not None:
        return [address]
    if address.protocol != LIST:
        return await _host(address)
    if not depth:
        raise NetworkError("unknown_name", f"{address.host} is a list of lists without an end")
    places: list[Address] = []
    failure: NetworkError | None = None
    for entry in await _entries(address.host, peer_id):
        try:
            places += await _places(entry, peer_id, depth - 1)
        except NetworkError as error:
            failure = error
    if not places:
        raise failure or NetworkError(
            "unknown_name",
            f"the DNS records of {address.host} name no address of that peer "
            "that can be dialled from here (over TCP)",
        )
    return places


async def _host(address: Address) -> list[Address]:
    try:
        rows = await trio.socket.getaddrinfo(
            address.host, address.port, _FAMILIES[address.protocol], socket.SOCK_STREAM
        )
    except (OSError, UnicodeError) as error:
        log.debug("looking up %s: %r", address.host, error)
        raise _unknown(address.host) from None
    ips = (ip_address(str(row[4][0]).partition("%")[0]) for row in rows)
    return [Address.of(ip, address.port) for ip in ips]


async def _entries(name: str, peer_id: str) -> list[Address]:
    """The addresses that the TXT records of a list name for the peer."""
    try:
        answer = await resolver().resolve(
            f"_dnsaddr.{name}",
            "TXT",
            search=False,
            lifetime=LOOKUP_SECONDS,
            backend=dns.asyncbackend.get_backend("trio"),
        )
    except (dns.exception.DNSException, OSError) as error:
        log.debug("looking up the list %s: %r", name, error)
        raise _unknown(name) from None
    texts = (b"".join(row.strings).decode("ascii", "replace") for row in answer)
    full = (with_peer_id(text.removeprefix("dnsaddr=")) for text in texts)
    return [one[1] for one in full if one is not None and one[0] == peer_id][:MAX_ENTRIES]


def _unknown(name: str) -> NetworkError:
    return NetworkError(
        "unknown_name", f"the name {name} leads nowhere: is it spelled right, and are you online?"
    )
