# SPDX-License-Identifier: MIT
"""A Go peer, and everything that may keep a channel with it waiting: nothing does for good."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from goop_node.testing import NodeProcess, start_node
from goop_node.testing.ports import free_port
from tests.interop.driven import Driven
from tests.interop.line import Line
from tests.interop.test_go_peer import SOON, accepted, heard, invited, met
from tests.limits import HANG, promised
from tests.node.page import Page

pytestmark = pytest.mark.timeout(600)

MANY = 1000
GONE_SECONDS = 2.0
LOADED = 4.0
"""What a busy machine may add to a time that a person is promised."""
_numbers = itertools.count()


async def talks(gopher: Driven, page: Page, channel: str) -> None:
    """Both hear each other on the channel, without anybody's doing.

    What a Go peer says while there is no link is lost, and so is what its queue has no place for:
    it says it until it is heard.
    """
    words: list[str] = []
    async with asyncio.timeout(HANG):
        while not any(word in page.messages(channel) for word in words):
            words.append(f"word {next(_numbers)}")
            with contextlib.suppress(AssertionError):  # it may be no member at the moment
                await gopher.do("send", channel=channel, data=words[-1])
            await asyncio.sleep(0.1)
        await page.send(channel, {"heard": words[-1]})
        await heard(gopher, channel, {"heard": words[-1]})


async def ends(page: Page, channel: str, code: str, seconds: float) -> None:
    """The channel is final in time, for that reason."""
    with promised(seconds + LOADED, page.node.process.pid):
        state = await page.frame("state", channel=channel, final=True)
    assert state["code"] == code


@asynccontextmanager
async def apart(
    alice: NodeProcess, command: list[str], folder: Path
) -> AsyncIterator[tuple[Driven, Line]]:
    """A Go peer and our node that reach each other over a line only."""
    async with Line.open() as line:
        port = free_port()
        told = await line.carry(port)
        address, _, peer_id = alice.addrs[0].rpartition("/p2p/")
        door = await line.carry(int(address.rpartition("/")[2]))
        listen = ["-listen", f"/ip4/127.0.0.1/tcp/{port}", "-told", f"/ip4/127.0.0.1/tcp/{told}"]
        async with Driven.start([*command, *SOON, *listen], folder) as gopher:
            await gopher.meet(alice, f"/ip4/127.0.0.1/tcp/{door}/p2p/{peer_id}")
            yield gopher, line


async def befriend(gopher: Driven, page: Page) -> None:
    """Our node remembers where the peer is: these peers do not say it."""
    answer = await page.http.post("/api/friends", json={"address": gopher.addresses[0]})
    assert answer.status_code == 200, answer.text


@pytest.mark.parametrize(
    "hosted", [True, pytest.param(False, marks=pytest.mark.soak)], ids=["we host", "it hosts"]
)
async def test_many_messages_in_both_directions_at_once(
    alice: NodeProcess, go_peer: list[str], tmp_path: Path, hosted: bool
) -> None:
    async with met(alice, go_peer, tmp_path) as gopher, Page.open(alice) as page:
        channel = await (invited if hosted else accepted)(gopher, page)

        for n in range(MANY):
            await page.send(channel, {"n": n})
        # Twice as many as our pages may leave unhandled, while ours still leave one by one.
        await gopher.do("flood", channel=channel, count=2 * MANY)
        await talks(gopher, page, channel)
        if hosted:  # as a host it drops what its queue has no place for
            assert [m["n"] for m in page.messages(channel) if "n" in m] == list(range(2 * MANY))


OUTAGES = [13, *(pytest.param(seconds, marks=pytest.mark.soak) for seconds in (8, 15, 30))]


@pytest.mark.parametrize("seconds", OUTAGES)
async def test_the_line_is_away_for_a_while(
    alice: NodeProcess, go_peer: list[str], tmp_path: Path, seconds: int
) -> None:
    async with apart(alice, go_peer, tmp_path) as (gopher, line), Page.open(alice) as page:
        await befriend(gopher, page)
        channels = [await invited(gopher, page), await accepted(gopher, page)]
        for channel in channels:
            await talks(gopher, page, channel)
        await line.away(seconds)
        for channel in channels:
            await talks(gopher, page, channel)


@pytest.mark.soak
async def test_the_line_forgets_its_connections(
    alice: NodeProcess, go_peer: list[str], tmp_path: Path
) -> None:
    """We notice soon and are back; the peer notices a minute later, and then the older of our
    memberships ends there, in which it takes the newer one along."""
    async with apart(alice, go_peer, tmp_path) as (gopher, line), Page.open(alice) as page:
        await befriend(gopher, page)
        channels = [await invited(gopher, page), await accepted(gopher, page)]
        line.forget()
        for _ in range(20):
            await asyncio.sleep(5)
            for channel in channels:
                await talks(gopher, page, channel)


@pytest.mark.soak
@pytest.mark.parametrize("seconds", [8, 15, 30])
async def test_it_stops_in_its_tracks_for_a_while(
    alice: NodeProcess, go_peer: list[str], tmp_path: Path, seconds: int
) -> None:
    async with met(alice, go_peer, tmp_path) as gopher, Page.open(alice) as page:
        await befriend(gopher, page)
        channels = [await invited(gopher, page), await accepted(gopher, page)]
        gopher.process.send_signal(signal.SIGSTOP)
        await asyncio.sleep(seconds)
        gopher.process.send_signal(signal.SIGCONT)
        for channel in channels:
            await talks(gopher, page, channel)


@pytest.mark.soak
async def test_our_node_starts_anew_while_it_is_stopped(go_peer: list[str], tmp_path: Path) -> None:
    node = start_node(tmp_path / "nell")
    try:
        async with met(node, go_peer, tmp_path) as gopher:
            async with Page.open(node) as page:
                await befriend(gopher, page)
                channels = [await invited(gopher, page), await accepted(gopher, page)]
            gopher.process.send_signal(signal.SIGSTOP)
            await asyncio.to_thread(node.kill)
            await asyncio.to_thread(node.start)
            await asyncio.sleep(8)
            gopher.process.send_signal(signal.SIGCONT)
            async with Page.open(node) as page:
                for channel in channels:
                    await talks(gopher, page, channel)
    finally:
        node.stop()


@pytest.mark.parametrize("manner", [pytest.param("in words", marks=pytest.mark.soak), "curtly"])
async def test_it_ends_a_group_without_us(
    alice: NodeProcess, go_peer: list[str], tmp_path: Path, manner: str
) -> None:
    """Before we accept, and later, as a host that lost its groups: the person is told soon."""
    async with met(alice, go_peer, tmp_path) as gopher, Page.open(alice) as page:
        if manner == "curtly":
            await gopher.do("curt")
        asked = (await gopher.do("connect", peer=alice.peer_id))["channel"]
        await page.frame("incoming", channel=asked)
        lost = await accepted(gopher, page)
        await gopher.do("close", channel=asked)
        with promised(GONE_SECONDS + LOADED, alice.process.pid, gopher.process.pid):
            assert (await page.post("accept", 409, channelId=asked))["code"] == "expired"
        await gopher.do("forget", channel=lost)
        await ends(page, lost, "lost", GONE_SECONDS)


async def test_its_page_leaves_for_good(
    alice: NodeProcess, go_peer: list[str], tmp_path: Path
) -> None:
    async with met(alice, go_peer, tmp_path) as gopher, Page.open(alice) as page:
        ours, other = await invited(gopher, page), await accepted(gopher, page)
        await gopher.do("accept", channel=ours)
        await talks(gopher, page, ours)
        await gopher.do("close", channel=ours)
        await ends(page, ours, "closed", 3)
        await talks(gopher, page, other)


@pytest.mark.soak
async def test_it_joins_again_and_again_while_both_talk(
    alice: NodeProcess, go_peer: list[str], tmp_path: Path
) -> None:
    async with met(alice, go_peer, tmp_path) as gopher, Page.open(alice) as page:
        channel = await invited(gopher, page)
        for turn in range(12):
            for n in range(20):
                await page.send(channel, {"turn": turn, "n": n})
            await gopher.do("flood", channel=channel, count=50)
            await gopher.do(
                "accept", channel=channel, order=["leave first", "join first"][turn % 2]
            )
        await talks(gopher, page, channel)


@pytest.mark.soak
async def test_pages_that_come_and_go_while_both_talk(
    alice: NodeProcess, go_peer: list[str], tmp_path: Path
) -> None:
    async with met(alice, go_peer, tmp_path) as gopher:
        async with Page.open(alice) as page:
            channel = await invited(gopher, page)
        for turn in range(5):
            async with Page.open(alice, ack=turn % 2 == 0, page=f"p{turn}") as page:
                await asyncio.gather(
                    gopher.do("flood", channel=channel, count=300),
                    *(page.send(channel, {"turn": turn, "n": n}) for n in range(300)),
                )
        async with Page.open(alice) as page:
            await page.until(lambda: len(page.messages(channel)) > 0)
            await talks(gopher, page, channel)
