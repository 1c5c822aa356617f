# SPDX-License-Identifier: MIT
"""Addresses: where a peer can be dialled, as a value of ours, and where this machine is."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Interface, IPv6Address, IPv6Interface, ip_address

import psutil
from libp2p.peer.id import ID
from multiaddr.utils import get_network_addrs

from goop_node.config.multiaddrs import undialable
from goop_node.config.values import HOST
from goop_node.types import NetworkError

IP = IPv4Address | IPv6Address
Interface = IPv4Interface | IPv6Interface

WILDCARDS = {"0.0.0.0": 4, "::": 6}
"""What means all interfaces, with the version of IP."""
_LOOPBACK = {4: "127.0.0.1", 6: "::1"}
_NAMES = ("dns", "dns4", "dns6")
LIST = "dnsaddr"
"""A name whose TXT records list addresses; it has no port of its own."""
_ZONED = "/ip6zone/"
_ZONE = re.compile(r"[A-Za-z0-9_.:-]{1,64}")
"""An interface's name, or its number."""
_PORT = re.compile(r"[0-9]{1,5}")
_LONGEST = 400
"""Characters; a name has 253 at most, a peer id about 50."""
_DIGESTS = (0x00, 0x12)
"""How a peer id begins: the key itself (identity), or its SHA-256."""


@dataclass(frozen=True)
class Address:
    """A host and a TCP port: ``ip`` for ``ip4`` and ``ip6``, else a ``name`` to be resolved.

    Whatever is one of these can be dialled by libp2p; nothing else reaches it. ``port`` is 0 for
    ``dnsaddr``, whose records name ports. ``zone`` is the interface behind which a link-local
    IPv6 address is meant: such addresses are the same in every network.
    """

    protocol: str
    host: str
    port: int
    zone: str = ""

    @classmethod
    def parse(cls, text: str) -> Address | None:
        """The address in ``/ip4/…/tcp/…`` (or ip6, dns, dns4, dns6) or ``/dnsaddr/…``.

        A link-local IPv6 address may stand behind ``/ip6zone/INTERFACE``.

        ``None`` for all else. A peer id behind it (``/p2p/…``) is not looked at.
        """
        return cls._parse(text) if len(text) <= _LONGEST else None

    @classmethod
    @lru_cache(4096)
    def _parse(cls, text: str) -> Address | None:
        """The same; what is remembered is short."""
        if text.startswith(_ZONED):
            zone, _, rest = text.removeprefix(_ZONED).partition("/")
            inner = cls._parse(f"/{rest}") if _ZONE.fullmatch(zone) else None
            if inner is None or inner.protocol != "ip6" or inner.zone or not inner.is_link_local:
                return None
            return replace(inner, zone=zone)
        parts = text.split("/", 6)
        if parts[1:2] == [LIST]:
            host, tail = parts[2] if len(parts) > 2 else "", parts[3:]
            fits = not parts[0] and (not tail or (len(tail) == 2 and tail[0] == "p2p"))
            return cls(LIST, host, 0) if fits and HOST.fullmatch(host) else None
        if (
            len(parts) not in (5, 7)
            or parts[0]
            or parts[3] != "tcp"
            or parts[5:6] not in ([], ["p2p"])
        ):
            return None
        protocol, host, port = parts[1], parts[2], parts[4]
        if _PORT.fullmatch(port) is None or not 1 <= int(port) <= 65535:
            return None
        if protocol in _NAMES:
            return cls(protocol, host, int(port)) if HOST.fullmatch(host) else None
        try:
            ip = ip_address(host)
        except ValueError:
            return None
        if protocol != f"ip{ip.version}" or "%" in host:
            return None
        return cls(protocol, str(ip), int(port))

    @classmethod
    def of(cls, ip: IP, port: int) -> Address:
        """The address of an IP address and a port."""
        return cls(f"ip{ip.version}", str(ip), port)

    @property
    def ip(self) -> IP | None:
        """The IP address; ``None`` where there is a name."""
        return None if self.protocol in (*_NAMES, LIST) else ip_address(self.host)

    @property
    def is_link_local(self) -> bool:
        """Whether it is an IP address that means something in one network alone."""
        return self.ip is not None and self.ip.is_link_local

    def __str__(self) -> str:
        if self.protocol == LIST:
            return f"/{LIST}/{self.host}"
        zone = f"{_ZONED}{self.zone}" if self.zone else ""
        return f"{zone}/{self.protocol}/{self.host}/tcp/{self.port}"


def parsed(texts: Iterable[str]) -> tuple[Address, ...]:
    """The addresses among these, each once; what is none is left out."""
    found = (Address.parse(text) for text in texts)
    return tuple(dict.fromkeys(address for address in found if address is not None))


def is_peer_id(text: str) -> bool:
    """Whether this is a peer id in base58."""
    try:
        raw = ID.from_base58(text).to_bytes() if len(text) <= 128 else b""
    except ValueError:
        return False
    return len(raw) > 2 and raw[0] in _DIGESTS and raw[1] == len(raw) - 2


def with_peer_id(text: str) -> tuple[str, Address] | None:
    """The peer id and the address in a full one, as people pass them on; else ``None``."""
    place, _, peer_id = text.strip().rstrip("/").partition("/p2p/")
    address = Address.parse(place)
    return (peer_id, address) if address is not None and is_peer_id(peer_id) else None


def full_address(text: str) -> tuple[str, Address]:
    """The peer id and the address in a full one. Raises ``NetworkError`` (``bad_address``)."""
    found = with_peer_id(text)
    if found is None:
        shown = text.strip()[:100]
        raise NetworkError("bad_address", f"“{shown}” cannot be dialled: {undialable(text)}")
    return found


def networks() -> tuple[Interface, ...]:
    """This machine's IP addresses with their networks."""
    found: list[Interface] = []
    for one in (one for interface in psutil.net_if_addrs().values() for one in interface):
        try:
            found.append(with_mask(ip_address(one.address.partition("%")[0]), one.netmask))
        except ValueError:
            continue  # a hardware address
    return tuple(found)


def with_mask(ip: IP, netmask: str | None) -> Interface:
    """An address with its network; without a mask it is alone in it. Raises ``ValueError``."""
    if isinstance(ip, IPv4Address):
        return IPv4Interface(f"{ip}/{netmask or 32}")
    return IPv6Interface((ip, _length(netmask)))


def _length(netmask: str | None) -> int:
    """The length of the prefix that an IPv6 netmask such as ``ffff:ffff::`` means."""
    return 128 if netmask is None else int(IPv6Address(netmask)).bit_count()


def interfaces(version: int) -> list[str]:
    """This machine's IP addresses of that version that others may reach, then its loopback."""
    return [*get_network_addrs(version), _LOOPBACK[version]]


def host_names(host: str) -> list[str]:
    """The names, as they stand in a URL, by which pages are reached that are served on ``host``."""
    versions = {"0.0.0.0": (4,), "::": (6, 4)}.get(host)
    if versions is None:
        return [_in_url(host)]
    return [_in_url(one) for version in versions for one in interfaces(version)]


def _in_url(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def reachable(address: str) -> list[str]:
    """A multiaddr that is listened on, as others can dial it: one for each interface."""
    _, protocol, host, *rest = address.split("/")
    version = WILDCARDS.get(host)
    if version is None:
        return [address]
    return ["/".join(["", protocol, one, *rest]) for one in interfaces(version)]
