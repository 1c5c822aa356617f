# SPDX-License-Identifier: MIT
"""Peers of other libraries, older and newer ones, find our node reachable, and are answered."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest

from goop_node.testing import NodeProcess, start_node
from tests.interop.driven import Driven
from tests.limits import HANG
from tests.unit.test_png import PLAIN

pytestmark = pytest.mark.timeout(600)  # the very first build of the Go peer takes a while

OLDER = ["-heartbeat", "1s"]
NEWER = [*OLDER, "-newer", "-probe", "100ms"]
PROBES = 20
HOUR = 3600.0


EMAIL = {"go": "gopher@example.org", "js": "jay@example.org"}


@pytest.fixture(params=["go", "js"])
def library(request: pytest.FixtureRequest) -> str:
    """Whose peers they are."""
    return str(request.param)


@pytest.fixture
def older(library: str, request: pytest.FixtureRequest) -> list[str]:
    """The command that starts a peer that tells little and probes nobody."""
    command: list[str] = request.getfixturevalue(f"{library}_peer")
    return [*command, *OLDER] if library == "go" else command


@pytest.fixture
def newer(library: str, request: pytest.FixtureRequest) -> list[str]:
    """The command that starts one that tells all, and probes whom it sees every 100 ms."""
    command: list[str] = request.getfixturevalue(f"{library}_peer")
    return [*command, *NEWER] if library == "go" else [*command, "--newer", "100"]


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


def client(node: NodeProcess) -> httpx.AsyncClient:
    """A program that the node's owner runs."""
    return httpx.AsyncClient(base_url=node.url, headers=node.headers, timeout=HANG)


async def row(node: NodeProcess, peer_id: str) -> dict[str, Any]:
    """What our node tells its pages of a peer; nothing of one that it does not know."""
    async with client(node) as http:
        rows = (await http.get("/api/peers")).json()
    return next((one for one in rows if one["peerId"] == peer_id), {})


async def test_all_of_them_are_answered(
    alice: NodeProcess, older: list[str], tmp_path: Path
) -> None:
    async with Driven.start(older, tmp_path) as peer:
        await peer.meet(alice)
        assert await asked(peer, alice, "/goop/content/1.0.0") == b"alice\n"
        assert await asked(peer, alice, "/goop/diag/1.0.0") == b'{"ok":true}\n'
        assert not json.loads(await asked(peer, alice, "/goop/relay-refresh/1.0.0"))["ok"]
        # With the end of a line, as an encoder of Go writes it, and without.
        for end in ("\n", ""):
            for op in ("list", "get"):
                said = json.dumps({"op": op, "group_id": "00ff", "file": "x"}) + end
                answer = json.loads(await asked(peer, alice, "/goop/docs/1.0.0", said))
                assert answer == {"ok": False, "error": "group not found"}
            answer = await asked(peer, alice, "/goop/listen/1.0.0", "LISTEN 00ff" + end)
            assert answer == b"ERR not found\n"


async def test_our_picture_is_told_and_given(
    alice: NodeProcess, go_peer: list[str], tmp_path: Path
) -> None:
    async with Driven.start([*go_peer, *OLDER], tmp_path) as gopher:
        await gopher.meet(alice)
        assert await asked(gopher, alice, "/goop/avatar/1.0.0") == b"NONE\n"
        async with client(alice) as http:
            set_to = {"png": base64.b64encode(PLAIN).decode()}
            told = (await http.post("/api/avatar", json=set_to)).json()["avatar_hash"]
            assert told == hashlib.sha256(PLAIN).hexdigest()[:16]
            assert (await http.get("/api/avatar")).content == PLAIN
            assert (await http.get("/api/self")).json()["avatar_hash"] == told
            await gopher.event("presence", peer=alice.peer_id, avatar=told)
            given = await asked(gopher, alice, "/goop/avatar/1.0.0")
            assert given == b"OK %d\n" % len(PLAIN) + PLAIN
            refused = await http.post("/api/avatar", json={"png": "R0lG"})
            assert (refused.status_code, refused.json()["code"]) == (422, "bad_avatar")
            assert (await http.post("/api/avatar", json={"png": None})).json()["avatar_hash"] == ""
            assert (await http.get("/api/avatar")).json()["code"] == "no_avatar"
            await gopher.event("presence", peer=alice.peer_id, avatar="")
        assert await asked(gopher, alice, "/goop/avatar/1.0.0") == b"NONE\n"


async def test_newer_peers_find_us_reachable_at_every_probe(
    alice: NodeProcess, library: str, newer: list[str], tmp_path: Path
) -> None:
    async with Driven.start(newer, tmp_path) as one, Driven.start(newer, tmp_path) as two:
        await one.meet(alice)
        await two.meet(alice)
        await probed(one, alice, PROBES)
        await probed(two, alice, PROBES)
        shown = await row(alice, one.peer_id)
        assert (shown["Email"], shown["AvatarHash"]) == (EMAIL[library], "0123456789abcdef")
        assert (shown["VideoDisabled"], shown["ActiveTemplate"]) == (True, "chess")
        assert shown["Verified"] is False


async def test_one_that_says_it_goes_is_gone_at_once(
    alice: NodeProcess, older: list[str], newer: list[str], tmp_path: Path
) -> None:
    for command in (older, newer):
        async with Driven.start(command, tmp_path) as brief:
            await brief.meet(alice)
        async with asyncio.timeout(HANG):
            while (await row(alice, brief.peer_id)).get("online"):  # noqa: ASYNC110 - nobody tells
                await asyncio.sleep(0.05)


async def test_we_go_and_they_are_told(
    older: list[str], newer: list[str], library: str, tmp_path: Path
) -> None:
    node = start_node(tmp_path / "nell")
    try:
        async with (
            Driven.start(older, tmp_path) as one,
            Driven.start(newer, tmp_path) as two,
        ):
            await one.meet(node)
            await two.meet(node)
            await asyncio.to_thread(node.stop)
            for peer in (one, two):
                await peer.event("presence", peer=node.peer_id, type="offline")
                if library == "go":
                    # By what it was told, not by silence, which takes 20 s there.
                    assert (await peer.event("removed", peer=node.peer_id))["why"] == "offline"
    finally:
        node.stop()


@pytest.mark.soak
@pytest.mark.timeout(HOUR + 600)
async def test_we_are_there_and_reachable_for_an_hour(
    alice: NodeProcess, go_peer: list[str], js_peer: list[str], tmp_path: Path
) -> None:
    """Two older and two newer peers of each library, at their usual pace."""
    probing = [[*go_peer, "-newer"], [*js_peer, "--newer", "30000"]]
    async with AsyncExitStack() as stack:
        peers = [
            await stack.enter_async_context(Driven.start(command, tmp_path))
            for command in (go_peer, js_peer, *probing)
            for _ in range(2)
        ]
        for peer in peers:
            await peer.meet(alice)
        probes, failed = 0, list[str | None]()
        end = asyncio.get_running_loop().time() + HOUR
        while asyncio.get_running_loop().time() < end:
            await asyncio.sleep(10)
            for peer in peers:
                of_us = [one for one in peer.events if one.get("peer") == alice.peer_id]
                assert not [one for one in of_us if one["event"] == "removed"], of_us
                tries = [one for one in of_us if one["event"] == "probe"]
                # One in vain counts for nothing there, and a busy machine may cause it.
                assert all(one["reachable"] for one in tries), tries
                probes += len(tries)
                failed += [one.get("error") for one in tries if not one["ok"]]
                peer.events.clear()
                assert (await row(alice, peer.peer_id))["online"]
        print(f"{probes} probes by {len(peers)} peers, in vain: {failed}")
        assert probes >= 4 * (HOUR // 30 - 2)
