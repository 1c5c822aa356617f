# SPDX-License-Identifier: MIT
"""Peers of other libraries, older and newer ones, find our node reachable, and are answered."""

from __future__ import annotations

import asyncio
import base64
import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from goop_node.testing import NodeProcess
from tests.interop.driven import Driven
from tests.limits import HANG

pytestmark = pytest.mark.timeout(600)  # the very first build of the Go peer takes a while

OLDER = ["-heartbeat", "1s"]
NEWER = [*OLDER, "-newer", "-probe", "100ms"]
PROBES = 20


async def asked(peer: Driven, node: NodeProcess, protocol: str, said: str = "") -> bytes:
    """What our node answers the peer on a stream of that protocol."""
    found = await peer.do("ask", peer=node.peer_id, protocol=protocol, said=said)
    return base64.b64decode(found["answer"])


async def probed(peer: Driven, node: NodeProcess, count: int) -> None:
    """Wait until the peer has probed our node so often, in vain not once."""
    async with asyncio.timeout(HANG):
        while True:
            probe = await peer.event("probe", peer=node.peer_id)
            assert probe["ok"], probe
            assert probe["reachable"], probe
            if probe["count"] >= count:
                return


async def row(node: NodeProcess, peer_id: str) -> dict[str, Any]:
    """What our node tells its pages of a peer; nothing of one that it does not know."""
    async with httpx.AsyncClient(base_url=node.url, headers=node.headers, timeout=HANG) as http:
        rows = (await http.get("/api/peers")).json()
    return next((one for one in rows if one["peerId"] == peer_id), {})


async def test_all_of_them_are_answered(
    alice: NodeProcess, go_peer: list[str], tmp_path: Path
) -> None:
    async with Driven.start([*go_peer, *OLDER], tmp_path) as gopher:
        await gopher.meet(alice)
        assert await asked(gopher, alice, "/goop/content/1.0.0") == b"alice\n"
        assert await asked(gopher, alice, "/goop/diag/1.0.0") == b'{"ok":true}\n'
        assert not json.loads(await asked(gopher, alice, "/goop/relay-refresh/1.0.0"))["ok"]
        # With the end of a line, as an encoder of Go writes it, and without.
        for end in ("\n", ""):
            for op in ("list", "get"):
                said = json.dumps({"op": op, "group_id": "00ff", "file": "x"}) + end
                answer = json.loads(await asked(gopher, alice, "/goop/docs/1.0.0", said))
                assert answer == {"ok": False, "error": "group not found"}
            answer = await asked(gopher, alice, "/goop/listen/1.0.0", "LISTEN 00ff" + end)
            assert answer == b"ERR not found\n"


async def test_newer_peers_find_us_reachable_at_every_probe(
    alice: NodeProcess, go_peer: list[str], tmp_path: Path
) -> None:
    async with (
        Driven.start([*go_peer, *NEWER], tmp_path) as one,
        Driven.start([*go_peer, *NEWER], tmp_path) as two,
    ):
        await one.meet(alice)
        await two.meet(alice)
        await probed(one, alice, PROBES)
        await probed(two, alice, PROBES)


@pytest.mark.parametrize("style", [OLDER, NEWER], ids=["older", "newer"])
async def test_one_that_says_it_goes_is_gone_at_once(
    alice: NodeProcess, go_peer: list[str], tmp_path: Path, style: list[str]
) -> None:
    async with Driven.start([*go_peer, *style], tmp_path) as brief:
        await brief.meet(alice)
    async with asyncio.timeout(HANG):
        while (await row(alice, brief.peer_id)).get("online"):  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.05)
