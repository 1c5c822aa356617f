# SPDX-License-Identifier: MIT
"""Pages of one template have no way to another template's channels."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from goop_node.testing import NodeProcess, start_node
from tests.node.page import Page, wait_until_discovered
from tests.node.template_page import TemplatePage, refused

Pair = tuple[NodeProcess, NodeProcess]

CONFIG = """
[plugins.realtime]
[plugins.chess]
[templates.alpha]
allow = ["context:chess"]
[templates.beta]
allow = ["context:chess"]
"""


@pytest.fixture(scope="module")
def nodes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    """Alice's node serves the templates alpha and beta, which may use chess."""
    folder: Path = tmp_path_factory.mktemp("apart")
    (folder / "goop.toml").write_text(CONFIG)
    options = []
    for name in ("alpha", "beta"):
        (folder / name).mkdir()
        (folder / name / "index.html").write_text("<!doctype html><title>t</title>")
        options.append(f"--template={folder / name}")
    alice = start_node(folder / "alice", *options)
    try:
        bob = start_node(folder / "bob", peer=alice)
        try:
            asyncio.run(wait_until_discovered(alice, bob))
            yield alice, bob
        finally:
            bob.stop()
    finally:
        alice.stop()


async def test_endpoints_and_frames_know_no_channel_of_another_template(nodes: Pair) -> None:
    async with (
        TemplatePage.of(nodes[0], "alpha", "docA") as alpha,
        TemplatePage.of(nodes[0], "beta", "docB") as beta,
        Page.open(nodes[1]) as bob,
    ):
        channel = await alpha.ask(bob)
        place = {"channelId": channel}
        assert (await beta.http.get("/api/realtime/channels")).json() == []
        assert [row["channelId"] for row in (await alpha.http.get("/api/realtime/channels")).json()]
        gone = (404, "unknown_channel")
        await refused(beta, "POST", "send", *gone, json=place | {"data": "forged"})
        await refused(beta, "POST", "send", *gone, json=place | {"data": 1, "id": "docA-1"})
        await refused(beta, "POST", "close", *gone, json=place)
        for past in ("history", "pending"):
            await refused(beta, "GET", f"{past}?channel={channel}", *gone)
        await refused(beta, "POST", "accept", *gone, json=place)
        await refused(beta, "POST", "decline", *gone, json=place)
        assert (await beta.http.get(f"/api/realtime/trace?channel={channel}")).json() == []

        await beta.send(channel, "forged", id="docB-1")
        assert (await beta.frame("refused", id="docB-1"))["code"] == "unknown_channel"
        for frame in (
            {"type": "subscribe", "channels": [channel], "since": "start", "page": "docB"},
            {"type": "subscribe", "after": {channel: [0, 0]}, "pending": {channel: ["docA-1"]}},
            {"type": "ack", "channel": channel, "epoch": 1, "seq": 1},
            {"type": "signal", "channel": channel, "data": 1},
            {"type": "close", "channel": channel},
        ):
            await beta.emit(frame)
        await bob.send(channel, "for alpha alone")
        assert await alpha.received(channel, 1) == ["for alpha alone"]
        await alpha.send(channel, "from alpha")
        assert await bob.received(channel, 1) == ["from alpha"]
        await beta.emit({"type": "subscribe", "page": "docB"})
        await beta.frame("subscribed", page="docB")
        leaked = [frame for frame in beta.frames if "alpha" in json.dumps(frame)]
        states = [frame for frame in beta.frames if frame["type"] in ("state", "message")]
        assert leaked == states == []


async def test_a_page_id_of_another_template_is_not_to_be_had(nodes: Pair) -> None:
    async with (
        TemplatePage.of(nodes[0], "alpha", "docC") as alpha,
        TemplatePage.of(nodes[0], "beta", "docD") as beta,
        Page.open(nodes[1]) as bob,
    ):
        channel = await alpha.ask(bob)
        await beta.emit({"type": "subscribe", "page": "docC", "ack": True})
        assert (await beta.frame("error"))["code"] == "bad_page"
        await refused(beta, "GET", "events?page=docC", 400, "bad_page")
        frames = [{"type": "close", "channel": channel}]
        body = {"page": "docC", "frames": frames}
        await refused(beta, "POST", "frames", 409, "no_stream", json=body)
        await bob.send(channel, "still here")
        assert await alpha.received(channel, 1) == ["still here"]


async def test_asking_for_what_another_template_has_open_is_a_conflict(nodes: Pair) -> None:
    async with (
        TemplatePage.of(nodes[0], "alpha", "docE") as alpha,
        TemplatePage.of(nodes[0], "beta", "docF") as beta,
        Page.open(nodes[1]) as bob,
    ):
        await alpha.ask(bob, context="chess_apart")
        asked = {"peerId": nodes[1].peer_id, "context": "chess_apart"}
        await refused(beta, "POST", "request", 409, "conflict", json=asked)


async def test_only_the_nodes_own_page_names_friends_and_renames(nodes: Pair) -> None:
    async with TemplatePage.of(nodes[0], "alpha", "docG") as alpha:
        for method, path, body in (
            ("POST", "/api/self", {"label": "Mallory"}),
            ("POST", "/api/friends", {"address": nodes[1].addrs[0]}),
            ("GET", "/api/invite", None),
        ):
            answer = await alpha.http.request(method, path, json=body)
            assert (answer.status_code, answer.json()["code"]) == (403, "home_only")


async def test_files_of_another_template_are_not_served_at_its_origin(nodes: Pair) -> None:
    async with TemplatePage.of(nodes[0], "alpha", "docH") as alpha:
        for path in (
            "/beta/",
            "/beta/index.html",
            "/../beta/index.html",
            "/%2e%2e/beta/index.html",
        ):
            answer = await alpha.http.get(path)
            assert answer.status_code == 404, path
