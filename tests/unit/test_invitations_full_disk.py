# SPDX-License-Identifier: MIT
"""Invitations while a disk takes nothing: none is confirmed that is not stored, both sides are
told in words, and all of it works once there is room again."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

import httpx
import pytest
import pytest_asyncio

from goop_realtime.machine.channel import Channel, Phase
from tests.planted.pair import Pair, Side, pair_of, until
from tests.unit.full_disk import full_journal

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def pair(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Pair]:
    """Two running nodes."""
    async with pair_of(tmp_path_factory.mktemp("full"), []) as pair:
        yield pair


def full(side: Side) -> contextlib.AbstractContextManager[None]:
    """That node's disk takes nothing."""
    return full_journal(side.bridge._committer._journal)  # type: ignore[arg-type]


def channels(side: Side) -> dict[str, Channel]:
    return side.bridge.engine.core.channels


def traced(side: Side, code: str) -> int:
    return sum(row["code"] == code for row in side.bridge.engine.core.trace.rows())


async def ask(pair: Pair) -> httpx.Response:
    """Alice asks Bob."""
    return await pair.alice.http("POST", "/api/realtime/request", {"peerId": "bob", "new": True})


async def asked(pair: Pair) -> str:
    """An invitation that Bob has, by its id."""
    channel_id: str = (await ask(pair)).json()["channelId"]
    await until(lambda: channel_id in channels(pair.bob))
    await until(lambda: pair.alice.channel(channel_id).other.reach == "node")
    return channel_id


async def post(side: Side, action: str, channel_id: str) -> httpx.Response:
    return await side.http("POST", f"/api/realtime/{action}", {"channelId": channel_id})


def assert_refused(answer: httpx.Response) -> None:
    """The person who asked reads that nothing was done."""
    assert (answer.status_code, answer.json()["code"]) == (503, "storage_failed")
    assert "nothing of it was done" in answer.json()["detail"]


async def opened(pair: Pair, channel_id: str) -> bool:
    """Bob accepts, and both are in it, on their disks too."""
    answer = await post(pair.bob, "accept", channel_id)
    await until(lambda: pair.alice.channel(channel_id).phase is Phase.OPEN)
    return answer.status_code == 200 and {
        side.bridge._committer._journal.load()[channel_id].row.phase
        for side in (pair.alice, pair.bob)
    } == {"open"}


async def test_one_that_cannot_be_stored_here_does_not_leave(pair: Pair) -> None:
    before = set(channels(pair.alice)), set(channels(pair.bob))
    with full(pair.alice):
        assert_refused(await ask(pair))
        await pair.bob.http("GET", "/api/realtime/channels")
    assert (set(channels(pair.alice)), set(channels(pair.bob))) == before
    assert await opened(pair, await asked(pair))


async def test_one_that_cannot_be_stored_there_is_not_confirmed_and_is_repeated(
    pair: Pair,
) -> None:
    before = set(channels(pair.bob))
    failed = traced(pair.bob, "storage_failed")
    with full(pair.bob):
        channel_id = (await ask(pair)).json()["channelId"]
        await until(lambda: traced(pair.bob, "storage_failed") > failed)
        assert set(channels(pair.bob)) == before
        assert pair.alice.channel(channel_id).other.reach == ""
        assert pair.alice.channel(channel_id).phase is Phase.ASKING
    rows = (await pair.bob.http("GET", "/api/realtime/trace")).json()
    assert "database or disk is full" in {row.get("detail") for row in rows}
    pair.alice.channel(channel_id).other.repeat_at = 0
    pair.alice.bridge._tick()
    await until(lambda: pair.alice.channel(channel_id).other.reach == "node")
    assert await opened(pair, channel_id)


async def test_an_answer_that_cannot_be_stored_is_none(pair: Pair) -> None:
    channel_id = await asked(pair)
    with full(pair.bob):
        for action in ("accept", "decline"):
            assert_refused(await post(pair.bob, action, channel_id))
            assert pair.bob.channel(channel_id).phase is Phase.ASKED
            assert pair.alice.channel(channel_id).phase is Phase.ASKING
    assert await opened(pair, channel_id)


async def test_a_refusal_reaches_the_opener_once_there_is_room(pair: Pair) -> None:
    channel_id = await asked(pair)
    with full(pair.bob):
        assert_refused(await post(pair.bob, "decline", channel_id))
    assert (await post(pair.bob, "decline", channel_id)).status_code == 200
    await until(lambda: pair.alice.channel(channel_id).close_code == "declined")


async def test_an_invitation_that_cannot_be_taken_back_stands(pair: Pair) -> None:
    channel_id = await asked(pair)
    with full(pair.alice):
        assert_refused(await post(pair.alice, "close", channel_id))
        assert pair.alice.channel(channel_id).phase is Phase.ASKING
        assert pair.bob.channel(channel_id).phase is Phase.ASKED
    assert (await post(pair.alice, "close", channel_id)).status_code == 200
    await until(lambda: pair.bob.channel(channel_id).close_code == "cancelled")


async def test_who_accepts_is_not_let_in_by_an_opener_that_cannot_store_it(pair: Pair) -> None:
    channel_id = await asked(pair)
    failed = traced(pair.alice, "storage_failed")
    with full(pair.alice):
        answer = asyncio.create_task(post(pair.bob, "accept", channel_id))
        await until(lambda: traced(pair.alice, "storage_failed") > failed)
        assert pair.alice.channel(channel_id).phase is Phase.ASKING
        assert pair.bob.channel(channel_id).phase is Phase.JOINING
        assert not answer.done()
    assert (await answer).status_code == 200
    assert await opened(pair, channel_id)
