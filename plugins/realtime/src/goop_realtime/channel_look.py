# SPDX-License-Identifier: MIT
"""``goop doctor`` tries a real channel: another node, for a moment, says something to this one."""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from goop_node.cli.client import LocalNode
from goop_node.commands import NodeClient, StartError
from goop_node.findings import Finding, note, ok, wrong
from goop_node.testing import start_node
from goop_node.types import JsonValue

API = "/api/realtime"
APP = "doctor"
PATIENCE = 20.0
"""Seconds that each part of it may take; well below one is usual."""
MESSAGES = 5


def look(node: NodeClient) -> Iterator[Finding]:
    """Whether what another node says arrives here. The other one is forgotten again."""
    status = json.loads(node.get("/api/status"))
    if json.loads(node.get("/api/people"))["reachable_by"] == "friends":
        yield note("channel", "not tried: friends alone may reach this node")
        return
    address = status["p2p"]["addrs"][0]
    with tempfile.TemporaryDirectory(prefix="goop-doctor-") as folder:
        try:
            other = start_node(Path(folder) / APP, "--peer", address)
        except RuntimeError as error:
            yield wrong("channel", f"another node does not even start here: {error}")
            return
        try:
            yield _talk(node, LocalNode(other.data), address.rpartition("/")[2])
        finally:
            other.stop()
            _until(lambda: not _connected(node, other.peer_id))
            node.post("/api/people", {"peerId": other.peer_id, "action": "forget"})


def _connected(node: NodeClient, peer_id: str) -> bool:
    peers = json.loads(node.get("/api/peers"))
    return any(one["Reachable"] for one in peers if one["peerId"] == peer_id)


def _talk(node: NodeClient, other: NodeClient, peer_id: str) -> Finding:
    def asked() -> Any:
        try:
            body: JsonValue = {"peerId": peer_id, "app": APP, "timeout": int(1000 * PATIENCE)}
            return json.loads(other.post(f"{API}/request", body))["channelId"]
        except StartError as error:
            if "undiscovered" in str(error):
                return None
            raise

    channel = _until(asked)
    if channel is None:
        return wrong("channel", f"a node on this machine did not find this one at {peer_id}")
    rows = _until(lambda: [one for one in _channels(node) if one["channelId"] == channel])
    if not rows:
        return wrong("channel", "a request of a node on this machine did not arrive")
    node.post(f"{API}/accept", {"channelId": channel})
    began = time.monotonic()
    for n in range(MESSAGES):
        other.post(f"{API}/send", {"channelId": channel, "data": n})

    def arrived() -> bool:
        told = json.loads(node.get(f"{API}/history", channel=channel))["messages"]
        return [one["data"] for one in told] == list(range(MESSAGES))

    if not _until(arrived):
        return wrong("channel", "what a node on this machine said did not arrive")
    took = 1000 * (time.monotonic() - began)
    other.post(f"{API}/close", {"channelId": channel})
    return ok("channel", f"{MESSAGES} messages from another node arrived, in {took:.0f} ms")


def _channels(node: NodeClient) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(node.get(f"{API}/channels"))
    return found


def _until(found: Callable[[], Any]) -> Any:
    """What ``found`` gives once that is true; what it gave last where it takes too long."""
    end = time.monotonic() + PATIENCE
    while not (value := found()) and time.monotonic() < end:
        time.sleep(0.05)
    return value
