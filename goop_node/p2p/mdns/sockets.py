# SPDX-License-Identifier: MIT
"""Sockets of multicast DNS: one for each network, beside those of other programs on the port."""

from __future__ import annotations

import socket
import struct
import sys

from goop_node.p2p.mdns import bounds
from goop_node.p2p.mdns.adverts import Place

TTL = 255
"""Routers take one off: who looks sees that a packet comes from the same network."""
_IP_MULTICAST_ALL, _IPV6_MULTICAST_ALL = 49, 29
"""Linux hands a socket what others on the machine have joined, unless it is told not to."""
_LINUX = sys.platform == "linux"


def open_socket(place: Place) -> socket.socket:
    """A socket that has joined the group there, and sends from there. Raises ``OSError``."""
    family = socket.AF_INET if place.version == 4 else socket.AF_INET6
    made = socket.socket(family, socket.SOCK_DGRAM)
    try:
        made.setblocking(False)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if hasattr(socket, "SO_REUSEPORT"):
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        (_join_4 if place.version == 4 else _join_6)(made, place)
    except BaseException:
        made.close()
        raise
    return made


def _join_4(made: socket.socket, place: Place) -> None:
    group, ip = socket.inet_aton(bounds.GROUPS[4]), place.ips[0].ip.packed
    where = ip
    if _LINUX:
        # By its number: two interfaces may have the same address.
        where = struct.pack("=4s4si", b"\0" * 4, ip, place.index)
        made.setsockopt(socket.IPPROTO_IP, _IP_MULTICAST_ALL, 0)
    made.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, TTL)
    made.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, TTL)
    made.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_LOOP, 0)
    made.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, where)
    # Bound to the group, it takes nothing that is meant for another program of this machine.
    made.bind((bounds.GROUPS[4] if _LINUX else "", bounds.PORT))
    member = struct.pack("=4s4si", group, ip, place.index) if _LINUX else group + ip
    made.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, member)


def _join_6(made: socket.socket, place: Place) -> None:
    made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    if _LINUX:
        made.setsockopt(socket.IPPROTO_IPV6, _IPV6_MULTICAST_ALL, 0)
    made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS, TTL)
    made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_UNICAST_HOPS, TTL)
    made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_LOOP, 0)
    made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_IF, place.index)
    host = bounds.GROUPS[6] if _LINUX else "::"
    made.bind((host, bounds.PORT, 0, place.index if _LINUX else 0))
    group = socket.inet_pton(socket.AF_INET6, bounds.GROUPS[6])
    member = group + struct.pack("@I", place.index)
    made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP, member)
