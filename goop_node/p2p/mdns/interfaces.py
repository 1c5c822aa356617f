# SPDX-License-Identifier: MIT
"""Which of the machine's networks are used: those that friends may be in."""

from __future__ import annotations

import re
import socket
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_address

import psutil

from goop_node.p2p.addresses import WILDCARDS, Address, Interface, with_mask
from goop_node.p2p.dial_policy import is_loopback
from goop_node.p2p.mdns import bounds
from goop_node.p2p.mdns.adverts import Place

_VIRTUAL = re.compile(
    r"(docker|br-[0-9a-f]{6}|veth|virbr|vnet|lxc|lxd|cni|flannel|cali|podman|vmnet|vboxnet|vEthernet"
    r"|bridge[0-9]{3}$|awdl|llw|anpi|p2p|ifb|dummy|tun|tap|utun|ppp|wg|tailscale|zt|ham)"
)
"""Names of interfaces that lead to containers, virtual machines, other radios or VPNs."""


@dataclass(frozen=True)
class Found:
    """An interface as the operating system has it; ``flags`` is empty where it does not say."""

    name: str
    index: int
    up: bool
    flags: frozenset[str]
    ips: tuple[Interface, ...]

    @property
    def usable(self) -> bool:
        """Whether anything can be multicast there at all."""
        lacks = self.flags and "multicast" not in self.flags
        return self.up and not lacks and not any(is_loopback(one.ip) for one in self.ips)

    @property
    def ordinary(self) -> bool:
        """Whether people are to be expected there: it is no container's, and no VPN's."""
        return "pointopoint" not in self.flags and not _VIRTUAL.match(self.name)


def interfaces() -> list[Found]:
    """The interfaces that there are at this moment."""
    states = psutil.net_if_stats()
    return [
        _interface(name, states[name], rows)
        for name, rows in psutil.net_if_addrs().items()
        if name in states
    ]


def _interface(name: str, state: object, rows: Iterable[object]) -> Found:
    ips: list[Interface] = []
    index = _index(name)
    for row in rows:
        text, _, zone = str(getattr(row, "address", "")).partition("%")
        if zone.isdecimal():
            index = int(zone)
        try:
            ips.append(with_mask(ip_address(text), getattr(row, "netmask", None)))
        except ValueError:
            continue  # a hardware address
    flags = frozenset(str(getattr(state, "flags", "")).split(",")) - {""}
    return Found(name, index, bool(getattr(state, "isup", False)), flags, tuple(ips))


def _index(name: str) -> int:
    try:
        return socket.if_nametoindex(name)
    except OSError:
        return 0  # it has just gone, or its name is one for people


def places(
    found: Iterable[Found], listening: Sequence[Address], only: Collection[str] = ()
) -> list[Place]:
    """The networks to use, one for each interface and version of IP by which we can be dialled.

    ``listening`` are the addresses that the node listens on, wildcards as they are; ``only`` the
    names of the interfaces that a person chose.
    """
    made: list[Place] = []
    for one in found:
        if not one.usable or not (one.name in only if only else one.ordinary):
            continue
        for version in (4, 6):
            ips = tuple(ip for ip in one.ips if ip.version == version)
            told = _told(ips, listening)
            if ips and told:
                made.append(Place(one.name, one.index, ips, told))
    return made


def _told(ips: Iterable[Interface], listening: Iterable[Address]) -> tuple[Address, ...]:
    """Where we can be dialled from such a network; what is only its own comes last."""
    ordered = sorted(ips, key=lambda one: (one.ip.is_link_local, str(one)))
    told = [
        Address.of(one.ip, address.port)
        for one in ordered
        for address in listening
        if WILDCARDS.get(address.host) == one.version or address.ip == one.ip
    ]
    return tuple(dict.fromkeys(told))[: bounds.MAX_ADDRESSES]


def missing(found: Iterable[Found], only: Collection[str]) -> list[str]:
    """The names that a person chose and no interface has."""
    names: Mapping[str, Found] = {one.name: one for one in found}
    return [name for name in only if name not in names]
