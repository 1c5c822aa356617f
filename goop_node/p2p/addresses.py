# SPDX-License-Identifier: MIT
"""The addresses of this machine, for where a node listens on all of its interfaces."""

from __future__ import annotations

from multiaddr.utils import get_network_addrs

WILDCARDS = {"0.0.0.0": 4, "::": 6}
"""What means all interfaces, with the version of IP."""
_LOOPBACK = {4: "127.0.0.1", 6: "::1"}


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
