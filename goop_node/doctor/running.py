# SPDX-License-Identifier: MIT
"""Looks at a running node: its network, its plugins, its templates, its people."""

from __future__ import annotations

import ipaddress
import json
import shutil
import socket
from collections.abc import Iterator, Sequence
from typing import Any

from goop_node.commands import NodeClient
from goop_node.findings import Finding, note, ok, wrong

DIAL_SECONDS = 3.0
FIREWALLS = {
    "ufw": "sudo ufw allow {port}/tcp",
    "firewall-cmd": "sudo firewall-cmd --permanent --add-port={port}/tcp && "
    "sudo firewall-cmd --reload",
}
"""What lets others in, by the program that manages the firewall."""


def look(node: NodeClient) -> Iterator[Finding]:
    """All of it. Raises ``StartError`` where the node refuses or does not answer."""
    status = json.loads(node.get("/api/status"))
    yield ok("node", f"version {status['version']}, runs for {status['uptime'] / 60:.0f} minutes")
    yield from network(status["p2p"])
    yield from addresses(status["p2p"]["addrs"])
    yield from neighbours(status["p2p"]["mdns"])
    yield from plugins(status)
    yield from templates(json.loads(node.get("/api/templates")))
    yield from people(json.loads(node.get("/api/people")))


def network(p2p: dict[str, Any]) -> Iterator[Finding]:
    """The network's side of a node, from its status."""
    if p2p["state"] == "online":
        yield ok("network", "online")
    else:
        yield wrong("network", f"{p2p['state']}: {p2p['error'] or 'no reason is known'}")
    if p2p["restarts"]:
        times = p2p["restarts"]
        yield note("network", f"it had to start again {times} times; the log says why")
    if p2p["notice"]:
        yield note("network", p2p["notice"])
    for one in p2p["twice"]:
        yield wrong(
            "network", f"another node has the same key: {one}", "give it a folder of its own"
        )


def neighbours(mdns: dict[str, Any]) -> Iterator[Finding]:
    """The local networks in which others are looked for, from a node's status."""
    if mdns["mode"] == "off":
        yield note("local network", "nobody is looked for: mdns is off (goop.toml, --no-mdns)")
        return
    for name in mdns["absent"]:
        words = f"mdns_interfaces in goop.toml names {name}, and this machine has no such interface"
        yield wrong("local network", words)
    for one in mdns["networks"]:
        where = f"{one['interface']}, IPv{one['version']}"
        if one["error"]:
            words = f"{where}: {one['error']}"
            yield wrong("local network", words, "which other program uses UDP port 5353?")
        else:
            ways = f'mdns = "{mdns["mode"]}"'
            words = f"{where}: others are looked for, and find this node ({ways})"
            yield ok("local network", words)
    if not mdns["networks"] and not mdns["absent"]:
        yield note(
            "local network",
            "there is none at which this node could be reached, or none but VPNs and containers'",
            'mdns_interfaces = ["NAME"] in goop.toml names those to use',
        )
    if mdns["networks"]:
        firewall = "others are found where firewalls let UDP port 5353 in"
        yield note("local network", f"{mdns['found']} found; {firewall}")


def addresses(addrs: Sequence[str]) -> Iterator[Finding]:
    """Where others are told to find the node, and whether a connection to there is taken."""
    places = [(ipaddress.ip_address(one.split("/")[2]), int(one.split("/")[4])) for one in addrs]
    open_to = [(ip, port) for ip, port in places if not ip.is_loopback]
    if not open_to:
        where = ", ".join(addrs) or "nowhere"
        do = 'listen = ["/ip4/0.0.0.0/tcp/8788"] in goop.toml lets others in'
        yield note("addresses", f"no other machine can reach this node: it listens at {where}", do)
        return
    for ip, port in open_to:
        where = f"{ip}, port {port}"
        if not _takes(str(ip), port):
            yield wrong("addresses", f"{where}: not even this machine is let in")
        elif ip.is_global:
            yield ok("addresses", f"{where}: reachable from anywhere, if the firewall lets it in")
        else:
            yield note("addresses", f"{where}: for machines of the same network alone")
    ports = sorted({port for _, port in open_to})
    tools = [FIREWALLS[tool] for tool in FIREWALLS if shutil.which(tool)]
    do = "; ".join(tool.format(port=port) for tool in tools for port in ports)
    words = f"a firewall must let TCP port {' and '.join(map(str, ports))} in"
    yield note("firewall", f"{words}; nobody can see that from here", do)


def _takes(host: str, port: int) -> bool:
    try:
        socket.create_connection((host, port), DIAL_SECONDS).close()
    except OSError:
        return False
    return True


def plugins(status: dict[str, Any]) -> Iterator[Finding]:
    """The plugins and their databases, from a node's status."""
    for one in status["plugins"]:
        if one["error"]:
            place = f" ({one['place']})" if one["place"] else ""
            yield wrong("plugins", f"{one['name']}: {one['error']}{place}")
    for name, trouble in status["databases"].items():
        yield wrong("plugins", f"the database of {name}: {trouble}")
    if not any(one["error"] for one in status["plugins"]):
        names = ", ".join(sorted(one["name"] for one in status["plugins"])) or "none"
        yield ok("plugins", names)


def templates(told: Sequence[dict[str, Any]]) -> Iterator[Finding]:
    """Mistakes in the manifests of templates."""
    for one in told:
        for line in one["flaws"]:
            yield wrong("templates", line, "mend the file, then start the node again")


def people(told: dict[str, Any]) -> Iterator[Finding]:
    """Whoever this node knows, each with what stands between."""
    if told["reachable_by"] == "friends":
        yield note("people", "friends alone may reach this node; home changes that")
    for one in told["people"]:
        who = f"{one['peerLabel'] or 'somebody'} (…{one['peerId'][-6:]})"
        if one["standing"] == "blocked":
            yield note("people", f"{who} is blocked by you; home takes that back")
        elif one["trouble"]:
            where = ", ".join(one["addresses"]) or "no address is known"
            yield wrong("people", f"{who}: {one['trouble']} [{where}]")
        else:
            yield ok("people", f"{who}: {one['standing']}, nothing stands in the way")
