# SPDX-License-Identifier: MIT
"""A peer on js-libp2p, written from docs/protocol.md alone, and a page of our node."""

from __future__ import annotations

from pathlib import Path

from goop_node.testing import NodeProcess
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


async def test_it_declines(alice: NodeProcess, js_peer: list[str], tmp_path: Path) -> None:
    async with Driven.start(js_peer, tmp_path) as jay, Page.open(alice) as page:
        await jay.meet(alice)
        channel = (await page.post("request", 201, peerId=jay.peer_id))["channelId"]
        await jay.event("incoming", channel=channel)
        await jay.do("decline", channel=channel, reason="not now")
        await page.frame("state", channel=channel, code="declined", reason="not now", final=True)
