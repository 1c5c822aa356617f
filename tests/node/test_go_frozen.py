# SPDX-License-Identifier: MIT
"""A 1.0.0 peer that is stopped: its page here knows within 10 s, and nothing is lost by it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.limits import promised
from tests.node.go_wire_peer import GROUP
from tests.node.page import Page
from tests.node.test_go_wire import GROUP_ID, Script, accepted, connect, invite, meeting

KNOWS_SECONDS = 10.0


async def frozen(script: Script, page: Page, channel: str) -> None:
    """Freeze the peer; the page knows in time, and sends all the same."""
    script.freeze()
    with promised(KNOWS_SECONDS, page.node.process.pid):
        state = await page.frame("state", channel=channel, suspended=True)
    assert state["state"] == "disconnected"
    await page.send(channel, "into the ice")


async def goes_on(script: Script, page: Page, channel: str, n: int) -> None:
    """Thaw it: the channel is back on the same membership, with what was said meanwhile."""
    script.thaw()
    await page.frame("state", channel=channel, state="connected")
    assert (await script.line(n, "msg"))["payload"] == "into the ice"
    await script.write(n, {"type": "msg", "group": channel, "payload": "alive"})
    assert (await page.frame("message", channel=channel, data="alive"))["from"] == script.id
    groups = [event for event in script.events if event.get("protocol") == GROUP]
    ends = [event for event in script.events if event["ev"] == "end" and event["n"] == n]
    assert (groups, ends) == ([], [])


@pytest.mark.parametrize("hosted", [True, False], ids=["we host", "it hosts"])
async def test_a_frozen_peer_is_noticed_and_comes_back(tmp_path: Path, hosted: bool) -> None:
    async with meeting(tmp_path) as (script, node, page):
        if hosted:
            channel, n = await connect(script, node, page)
        else:
            channel = GROUP_ID
            await invite(script, node)
            n = await accepted(script, page)
        await frozen(script, page, channel)
        await goes_on(script, page, channel, n)
        await page.post("close", channelId=channel)
        await script.line(n, "close" if hosted else "leave")


async def test_a_channel_closed_while_its_peer_is_silent(tmp_path: Path) -> None:
    async with meeting(tmp_path) as (script, node, page):
        channel, n = await connect(script, node, page)
        await frozen(script, page, channel)
        await page.post("close", channelId=channel)
        script.thaw()
        await script.line(n, "close")
        assert (await script.event(ev="end", n=n))["code"] == "eof"
        await page.frame("state", channel=channel, final=True)
