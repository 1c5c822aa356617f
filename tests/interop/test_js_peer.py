# SPDX-License-Identifier: MIT
"""A peer on js-libp2p, written from docs/protocol.md alone, and a page of our node."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from goop_node.testing import NodeProcess, start_node
from tests.interop.driven import Driven
from tests.node.page import Page


async def test_a_page_invites_it(alice: NodeProcess, js_peer: list[str], tmp_path: Path) -> None:
    async with Driven.start(js_peer, tmp_path) as jay, Page.open(alice, ack=True, page="p") as page:
        await jay.meet(alice)
        asked = await page.post("request", 201, peerId=jay.peer_id)
        channel = asked["channelId"]
        assert asked["peerLabel"] == "Jay"
        incoming = await jay.event("incoming", channel=channel)
        assert (incoming["peer"], incoming["context"]) == (alice.peer_id, "")
        await jay.do("accept", channel=channel)
        await page.frame("state", channel=channel, state="connected", peerPage="open")

        await page.send(channel, {"text": "to you"}, id="p-1")
        heard = await jay.event("message", channel=channel)
        assert (heard["data"], heard["from"]) == ({"text": "to you"}, alice.peer_id)
        for stage in ("accepted", "delivered", "handled"):
            await page.frame("receipt", channel=channel, id="p-1", stage=stage)

        said = await jay.do("send", channel=channel, data=["to", "me", 1.5, None, "ü"])
        told = await page.frame("message", channel=channel)
        assert (told["data"], told["from"]) == (["to", "me", 1.5, None, "ü"], jay.peer_id)
        assert told["id"] == said["id"]
        await jay.event("confirmed", channel=channel, id=said["id"])
        at = [told["epoch"], told["seq"]]
        await page.emit({"type": "ack", "channel": channel, "epoch": at[0], "seq": at[1]})
        await jay.event("acked", channel=channel, stage="page", position=at)

        await page.emit({"type": "close", "channel": channel})
        await jay.event("closed", channel=channel, code="closed")
        await page.frame("state", channel=channel, state="disconnected", final=True)


async def test_it_resumes_where_it_was(
    alice: NodeProcess, js_peer: list[str], tmp_path: Path
) -> None:
    async with Driven.start(js_peer, tmp_path) as jay, Page.open(alice) as page:
        await jay.meet(alice)
        channel = (await page.post("request", 201, peerId=jay.peer_id))["channelId"]
        await jay.event("incoming", channel=channel)
        await jay.do("accept", channel=channel)
        await page.frame("state", channel=channel, state="connected")
        await page.send(channel, "before")
        await jay.event("message", channel=channel, data="before")

        await jay.do("cut", channel=channel)
        await jay.do("send", channel=channel, data="meanwhile, there")
        await page.frame("state", channel=channel, suspended=True)
        await page.send(channel, "meanwhile, here")
        await page.frame("state", channel=channel, state="connected")
        await jay.event("message", channel=channel, data="meanwhile, here")
        assert await page.received(channel, 1) == ["meanwhile, there"]
        for n in range(300):
            await page.send(channel, n)
        heard = await jay.count("message", 300, channel=channel)
        assert [event["data"] for event in heard] == list(range(300))


async def test_it_opens_a_channel_itself(
    alice: NodeProcess, js_peer: list[str], tmp_path: Path
) -> None:
    async with Driven.start(js_peer, tmp_path) as jay, Page.open(alice) as page:
        await jay.meet(alice)
        channel = (await jay.do("request", peer=alice.peer_id, timeout=30_000))["channel"]
        incoming = await page.frame("incoming", channel=channel)
        assert (incoming["peerId"], incoming["peerLabel"]) == (jay.peer_id, "Jay")
        await page.post("accept", channelId=channel)
        await jay.event("open", channel=channel, have=0)
        await jay.do("send", channel=channel, data="from the host")
        assert await page.received(channel, 1) == ["from the host"]
        await page.send(channel, "from the guest")
        await jay.event("message", channel=channel, data="from the guest", seq=2)
        while (await jay.event("acked", channel=channel, stage="node"))["position"][1] < 2:
            pass

        await jay.do("cut", channel=channel)
        await jay.event("open", channel=channel, have=2)
        await jay.do("close", channel=channel)
        await page.frame("state", channel=channel, state="disconnected", final=True)


async def test_it_gives_back_what_our_node_lost(js_peer: list[str], tmp_path: Path) -> None:
    """As after a power cut: the newest entry is missing from our journal."""
    node = start_node(tmp_path / "nell")
    try:
        async with Driven.start(js_peer, tmp_path) as jay:
            async with Page.open(node) as page:
                await jay.meet(node)
                channel = (await page.post("request", 201, peerId=jay.peer_id))["channelId"]
                await jay.event("incoming", channel=channel)
                await jay.do("accept", channel=channel)
                await page.frame("state", channel=channel, state="connected")
                for data in ("kept", "lost here"):
                    said = await jay.do("send", channel=channel, data=data)
                    await jay.event("confirmed", id=said["id"])
            node.stop()
            lose_the_newest_entry(node.data)
            node.start()
            await jay.meet(node)
            assert (await jay.event("gave_back", channel=channel))["count"] == 1
            async with Page.open(node, since="start") as page:
                assert await page.received(channel, 2) == ["kept", "lost here"]
    finally:
        node.stop()


def lose_the_newest_entry(data: Path) -> None:
    """Take it out of the journal, and what was noted after it."""
    (file,) = [path for path in data.rglob("*.sqlite3") if "realtime" in path.name]
    with closing(sqlite3.connect(file)) as db, db:
        db.execute("DELETE FROM entries WHERE seq = (SELECT max(seq) FROM entries)")
        db.execute("DELETE FROM cursors")


async def test_it_declines(alice: NodeProcess, js_peer: list[str], tmp_path: Path) -> None:
    async with Driven.start(js_peer, tmp_path) as jay, Page.open(alice) as page:
        await jay.meet(alice)
        channel = (await page.post("request", 201, peerId=jay.peer_id))["channelId"]
        await jay.event("incoming", channel=channel)
        await jay.do("decline", channel=channel, reason="not now")
        await page.frame("state", channel=channel, code="declined", reason="not now", final=True)
