# SPDX-License-Identifier: MIT
"""Why an address that a person gave cannot be dialled, in words (pure)."""

from __future__ import annotations

EXAMPLE = "/ip4/192.168.1.7/tcp/8788/p2p/12D3KooW…"
OVER_TCP = ("ws", "wss", "tls", "http", "https")
OTHER = ("quic", "quic-v1", "webtransport", "webrtc", "webrtc-direct", "udp", "utp", "sctp", "unix")
HIDDEN = ("onion", "onion3", "garlic64", "garlic32")
HOSTS = ("ip4", "ip6", "dns", "dns4", "dns6")


def undialable(text: str) -> str:
    """What is wrong with an address that is none we can dial; completes "found X, …".

    The kind of transport comes first: such an address may be perfectly right for other programs.
    """
    parts = text.strip().split("/")
    if parts[0] or len(parts) < 2:
        return f"an address begins with a slash, such as {EXAMPLE}"
    if "p2p-circuit" in parts:
        return "it leads through a relay (p2p-circuit), which this node does not use; " + _ask()
    for kind in (*OTHER[:5], *OVER_TCP, *HIDDEN, *OTHER[5:]):
        if kind in parts[1:]:
            return f"it is for {kind}, and this node speaks plain TCP only; " + _ask()
    if parts[1] not in (*HOSTS, "dnsaddr"):
        return f"it begins with /{parts[1][:20]}, expected /ip4, /ip6, /dns4, /dns6 or /dnsaddr"
    if "p2p" not in parts[1:]:
        return f"it does not say whose it is: expected /p2p/12D3KooW… at its end, as in {EXAMPLE}"
    if parts[1] in HOSTS and parts[3:4] != ["tcp"]:
        return f"it names no TCP port, as in {EXAMPLE}"
    return f"its host, port or peer id is none; expected {EXAMPLE}"


def _ask() -> str:
    return f"ask for an address such as {EXAMPLE}"
