# SPDX-License-Identifier: MIT
"""A peer on js-libp2p, and everything that may keep a channel with it waiting."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path

import pytest

from goop_node.testing import NodeProcess
from tests.interop.driven import Driven
from tests.node.page import Page

MANY = 1000


async def asked_by_us(jay: Driven, page: Page) -> str:
    """Our page asks, it accepts; the channel's id."""
    channel: str = (await page.post("request", 201, peerId=jay.peer_id))["channelId"]
    await jay.event("incoming", channel=channel)
    await jay.do("accept", channel=channel)
    await page.frame("state", channel=channel, state="connected")
    return channel


async def asked_by_it(jay: Driven, page: Page, *, accept: bool = True) -> str:
    """It asks, our page accepts, or only hears of it; the channel's id."""
    asked = await jay.do("request", peer=page.node.peer_id, timeout=30_000)
    channel: str = asked["channel"]
    await page.frame("incoming", channel=channel)
    if accept:
        await page.post("accept", channelId=channel)
        await page.frame("state", channel=channel, state="connected")
    return channel


async def test_nothing_keeps_a_channel_waiting(
    alice: NodeProcess, js_peer: list[str], tmp_path: Path
) -> None:
    async with Driven.start(js_peer, tmp_path) as jay, Page.open(alice) as page:
        await jay.meet(alice)
        ours, theirs = await asked_by_us(jay, page), await asked_by_it(jay, page)
        for channel in (ours, theirs):
            for n in range(MANY):
                await page.send(channel, {"n": n})
            await jay.do("flood", channel=channel, count=MANY)
            heard = await jay.count("message", MANY, channel=channel)
            assert [event["data"]["n"] for event in heard] == list(range(MANY))
            received = await page.received(channel, MANY)
            assert [data["n"] for data in received] == list(range(MANY))
        # It leaves for good, loses a channel, and loses another before we have accepted it.
        await jay.do("close", channel=ours)
        state = await page.frame("state", channel=ours, final=True)
        assert state["code"] == "closed"
        await jay.do("forget", channel=theirs)
        state = await page.frame("state", channel=theirs, final=True)
        assert state["code"] == "lost"
        early = await asked_by_it(jay, page, accept=False)
        await jay.do("forget", channel=early)
        assert (await page.post("accept", 409, channelId=early))["code"] == "expired"


@pytest.mark.soak
@pytest.mark.parametrize("seconds", [8, 15, 30])
async def test_it_stops_in_its_tracks_for_a_while(
    alice: NodeProcess, js_peer: list[str], tmp_path: Path, seconds: int
) -> None:
    async with Driven.start(js_peer, tmp_path) as jay, Page.open(alice) as page:
        await jay.meet(alice)
        answer = await page.http.post("/api/friends", json={"address": jay.addresses[0]})
        assert answer.status_code == 200, answer.text
        channel = await asked_by_us(jay, page)
        jay.process.send_signal(signal.SIGSTOP)
        await page.send(channel, "into the ice")
        await asyncio.sleep(seconds)
        jay.process.send_signal(signal.SIGCONT)
        await jay.event("message", channel=channel, data="into the ice")
        await jay.do("send", channel=channel, data="alive")
        await page.received(channel, 1)
