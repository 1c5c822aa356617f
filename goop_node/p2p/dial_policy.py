# SPDX-License-Identifier: MIT
"""Which of the addresses that others tell may be dialled (pure).

A peer says where it is, and every node that hears it dials. So it must not be able to name a
service of this machine, of its router or of a stranger's network. What a person names is never
asked about here.
"""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv4Network, IPv6Network, ip_network

from goop_node.p2p.addresses import IP, Address, Interface

_NEVER: tuple[IPv4Network | IPv6Network, ...] = tuple(
    ip_network(one)
    for one in (
        # IPv4: this network, link-local, protocol assignments, anycast services, multicast,
        # reserved (with the limited broadcast).
        *("0.0.0.0/8", "169.254.0.0/16", "192.0.0.0/24", "192.31.196.0/24", "192.52.193.0/24"),
        *("192.88.99.0/24", "192.175.48.0/24", "224.0.0.0/4", "240.0.0.0/4"),
        # IPv6: what holds an IPv4 address that nobody would look at (compatible, mapped,
        # translated, Teredo, 6to4), link-local and site-local, anycast services, multicast, and
        # documentation beside the range that Python knows.
        *("::/8", "64:ff9b::/96", "64:ff9b:1::/48", "2001::/23", "2002::/16"),
        *("2620:4f:8000::/48", "fe80::/10", "fec0::/10", "ff00::/8", "3fff::/20"),
    )
)
_LOOPBACK = (ip_network("127.0.0.0/8"), ip_network("::1/128"))
_PUBLIC_IPV6 = ip_network("2000::/3")


def is_loopback(ip: IP) -> bool:
    """Whether the address is this machine's own, whatever networks it is in."""
    return any(ip in network for network in _LOOPBACK)


def only_loopback(own: Iterable[Address]) -> bool:
    """Whether a node that listens there can be reached from its own machine only."""
    found = [one.ip for one in own]
    return bool(found) and all(ip is not None and is_loopback(ip) for ip in found)


def may_dial(address: Address, networks: Iterable[Interface], *, here: bool) -> bool:
    """Whether to dial what a peer tells.

    ``networks`` are this machine's; ``here`` says that we ourselves are on loopback only, as
    several nodes of one person are who tries them out.
    """
    ip = address.ip
    if ip is None:
        return False  # a name is never looked up on a peer's word
    if is_loopback(ip):
        return here
    if any(ip in network for network in _NEVER):
        return False
    mine = tuple(one for one in networks if one.version == ip.version)
    if any(ip == one.ip for one in mine):
        return here
    return _is_public(ip) or any(_is_neighbour(ip, one) for one in mine)


def _is_public(ip: IP) -> bool:
    return ip.is_global and (ip.version == 4 or ip in _PUBLIC_IPV6)


def _is_neighbour(ip: IP, mine: Interface) -> bool:
    """Whether it is another machine's address in that network."""
    network = mine.network
    edges = (network.network_address, network.broadcast_address)
    return ip in network and (ip.version == 6 or network.prefixlen >= 31 or ip not in edges)
