# SPDX-License-Identifier: MIT
"""A peer on go-libp2p that speaks the group protocol 1.0.0, and a page of our node."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from goop_node.testing import NodeProcess, start_node
from tests.interop.driven import Driven
from tests.limits import HANG
from tests.node.page import Page

pytestmark = pytest.mark.timeout(600)  # the very first build of the Go peer takes a while

SOON = ["-heartbeat", "1s"]
LARGEST = 2**53 - 1
"""The largest integer that is told as it came."""


@asynccontextmanager
async def met(alice: NodeProcess, command: list[str], folder: Path) -> AsyncIterator[Driven]:
    """A Go peer that has discovered our node, and the reverse."""
    async with Driven.start([*command, *SOON], folder) as gopher:
        await gopher.meet(alice)
        yield gopher


async def invited(gopher: Driven, page: Page) -> str:
    """Our page invites the Go peer, which joins at once; the channel's id."""
    asked = await page.post("request", 201, peerId=gopher.peer_id)
    channel: str = asked["channelId"]
    await gopher.event("welcome", channel=channel)
    await page.frame("state", channel=channel, state="connected", delivery="best-effort")
    return channel


async def accepted(gopher: Driven, page: Page) -> str:
    """The Go peer invites our page, which accepts; the channel's id."""
    channel: str = (await gopher.do("connect", peer=page.node.peer_id))["channel"]
    incoming = await page.frame("incoming", channel=channel)
    assert (incoming["peerId"], incoming["peerLabel"]) == (gopher.peer_id, "Gopher")
    assert incoming["context"] == ""
    await page.post("accept", channelId=channel)
    await page.frame("state", channel=channel, state="connected", delivery="best-effort")
    return channel


async def heard(gopher: Driven, channel: str, data: Any) -> dict[str, Any]:
    """Wait until the Go peer's page gets that message."""
    return await gopher.event("msg", channel=channel, payload=data)


async def test_presence_both_ways(alice: NodeProcess, go_peer: list[str], tmp_path: Path) -> None:
    async with met(alice, go_peer, tmp_path) as gopher, Page.open(alice) as page:
        assert await gopher.event("presence", peer=alice.peer_id, label="alice")
        peers = (await page.http.get("/api/peers")).json()
        rows = peers["peers"] if isinstance(peers, dict) else peers
        row = next(row for row in rows if row["peerId"] == gopher.peer_id)
        assert (row["peerLabel"], row["online"]) == ("Gopher", True)


async def test_a_go_peer_is_told_when_our_node_stops(go_peer: list[str], tmp_path: Path) -> None:
    """As it tells others: an entry of its table is gone at once, not when it expires."""
    alice = await asyncio.to_thread(start_node, tmp_path / "alice")
    try:
        async with met(alice, go_peer, tmp_path) as gopher:
            await asyncio.to_thread(alice.stop)
            said = await gopher.event("presence", type="offline", peer=alice.peer_id)
            assert said["label"] == "", "a farewell carries nothing but who and when"
    finally:
        await asyncio.to_thread(alice.stop)


async def test_a_flood_is_lost_between_two_of_them(go_peer: list[str], tmp_path: Path) -> None:
    """What our node must spare its pages: the Go peer drops what comes at once."""
    async with (
        Driven.start([*go_peer, *SOON], tmp_path) as one,
        Driven.start([*go_peer, *SOON], tmp_path) as two,
    ):
        await one.do("dial", address=two.addresses[0])
        channel = (await one.do("connect", peer=two.peer_id))["channel"]
        await two.event("welcome", channel=channel)
        await two.do("flood", channel=channel, count=1000)
        async with asyncio.timeout(HANG):
            while not any(event.get("payload") == "end" for event in one.events):
                await two.do("send", channel=channel, data="end")
        heard = [event["payload"] for event in one.events if event["event"] == "msg"]
        assert 0 < len(heard[: heard.index("end")]) < 1000


async def test_our_page_invites_it(alice: NodeProcess, go_peer: list[str], tmp_path: Path) -> None:
    async with met(alice, go_peer, tmp_path) as gopher, Page.open(alice) as page:
        channel = await invited(gopher, page)
        invite = await gopher.event("invite", channel=channel)
        assert invite["host"] == alice.peer_id
        assert (invite["name"], invite["app_type"]) == (f"rt:{channel}", "realtime")
        await page.send(channel, {"text": "to you", "<b>": [1, None, "ü"]})
        told = await heard(gopher, channel, {"text": "to you", "<b>": [1, None, "ü"]})
        assert told["from"] == alice.peer_id
        await gopher.do("send", channel=channel, data={"text": "to me <&>"})
        frame = await page.frame("message", channel=channel)
        assert (frame["data"], frame["from"]) == ({"text": "to me <&>"}, gopher.peer_id)
        await page.emit({"type": "close", "channel": channel})
        await gopher.event("close", channel=channel)
        await page.frame("state", channel=channel, state="disconnected", final=True)


EACH = 10_000
"""Numbers of messages that a try may use: the first thousand, then what tells its end."""
TRIES = 15
"""How often a busy machine may keep the peer from reading in time; other tests run beside it."""


async def test_a_thousand_messages_pass_through_its_ten_places(
    alice: NodeProcess, go_peer: list[str], tmp_path: Path
) -> None:
    async with (
        met(alice, go_peer, tmp_path) as gopher,
        Page.open(alice, page="p", ack=True) as page,
    ):
        channel = await invited(gopher, page)
        tries = [await _thousand(gopher, page, channel, 0)]
        while tries[-1] != list(range(1000)) and len(tries) < TRIES:
            # A process that got no time for 20 ms finds ten lines and more at once: a busy
            # machine, not our pace. Without that pace some hundred arrive.
            assert len(tries[-1]) > 900
            tries.append(await _thousand(gopher, page, channel, len(tries)))
        assert tries[-1] == list(range(1000))
        refused = [frame["id"] for frame in page.frames if frame["type"] == "refused"]
        assert not [one for one in refused if int(one.removeprefix("p-")) % EACH < 1000]


async def _thousand(gopher: Driven, page: Page, channel: str, turn: int) -> list[int]:
    """Send a thousand numbers at once; those that arrived, once all are through.

    A thousand messages may be on their way: what says that this is the end leaves before the next.
    """
    first = turn * EACH
    for n in range(1000):
        await page.send(channel, {"turn": turn, "n": n}, id=f"p-{first + n}")
    count = itertools.count(first + 1000)
    last = ""
    async with asyncio.timeout(HANG):
        while not any(event.get("payload") == {"end": turn} for event in gopher.events):
            last = f"p-{next(count)}"
            await page.send(channel, {"end": turn}, id=last)
            await asyncio.sleep(0.1)
    await page.until(
        lambda: any(frame.get("id") == last for frame in page.frames if _is_over(frame))
    )
    told = [event["payload"] for event in gopher.events if event["event"] == "msg"]
    return [payload["n"] for payload in told if payload.get("turn") == turn]


def _is_over(frame: dict[str, Any]) -> bool:
    """Whether it says that a message waits for nothing any more."""
    return frame["type"] == "refused" or frame.get("stage") == "unsupported"


@pytest.mark.parametrize("style", ["long", "short"])
async def test_it_invites_our_page(
    alice: NodeProcess, go_peer: list[str], tmp_path: Path, style: str
) -> None:
    command = [*go_peer, "-short-invite"] if style == "short" else go_peer
    async with met(alice, command, tmp_path) as gopher, Page.open(alice) as page:
        channel = await accepted(gopher, page)
        await page.send(channel, {"text": "from the guest"})
        told = await heard(gopher, channel, {"text": "from the guest"})
        assert told["from"] == alice.peer_id
        # Numbers pass through float64 there: one that this rounds stays out, the channel goes on.
        await gopher.do("send", channel=channel, data={"n": LARGEST + 2})
        await gopher.do("send", channel=channel, data={"n": LARGEST})
        frame = await page.frame("message", channel=channel)
        assert frame["data"] == {"n": LARGEST}
        await gopher.do("close", channel=channel)
        await page.frame("state", channel=channel, state="disconnected", final=True)


async def test_our_page_declines_and_it_hears_nothing(
    alice: NodeProcess, go_peer: list[str], tmp_path: Path
) -> None:
    async with met(alice, go_peer, tmp_path) as gopher, Page.open(alice) as page:
        channel = (await gopher.do("connect", peer=alice.peer_id))["channel"]
        await page.frame("incoming", channel=channel)
        await page.post("decline", channelId=channel, reason="no")
        await page.frame("incoming_ended", channel=channel, code="declined")
        assert (await gopher.do("members", channel=channel))["members"] == []


@pytest.mark.parametrize("order", ["leave first", "join first"])
async def test_leaving_and_joining_again_ends_in_one_membership_that_hears(
    alice: NodeProcess, go_peer: list[str], tmp_path: Path, order: str
) -> None:
    async with met(alice, go_peer, tmp_path) as gopher, Page.open(alice) as page:
        channel = await invited(gopher, page)
        for turn in range(3):
            await gopher.do("accept", channel=channel, order=order)
            again = await gopher.event("welcome", channel=channel)
            ids = [member["peer_id"] for member in again["payload"]["members"]]
            assert sorted(ids) == sorted([alice.peer_id, gopher.peer_id])
            await gopher.do("send", channel=channel, data={"here": turn})
            await page.frame("message", channel=channel, data={"here": turn})
            await page.send(channel, {"there": turn})
            await heard(gopher, channel, {"there": turn})


async def test_one_join_too_many_is_refused_in_words(
    alice: NodeProcess, go_peer: list[str], tmp_path: Path
) -> None:
    async with (
        met(alice, go_peer, tmp_path) as gopher,
        met(alice, go_peer, tmp_path) as stranger,
        Page.open(alice) as page,
    ):
        channel = await invited(gopher, page)
        with pytest.raises(AssertionError, match="failed"):
            await stranger.do("join", host=alice.peer_id, channel=channel)
        with pytest.raises(AssertionError, match="failed"):
            await gopher.do("join", host=alice.peer_id, channel="rt-0000000000000000")
        await page.send(channel, "still here")
        await heard(gopher, channel, "still here")
