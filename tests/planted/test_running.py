# SPDX-License-Identifier: MIT
"""A plugin that fails while nodes run: named with its line, and other channels go on."""

from __future__ import annotations

import asyncio
import gc
import logging
import re
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
import pytest_asyncio

from goop_node.plugins import interrupts
from goop_node.types import Peer, PeerEvent
from goop_realtime.machine import trimming
from goop_realtime.machine.channel import Channel
from tests.planted.failing import (
    CHANGES,
    ENDPOINTS,
    HANDLERS,
    LIFESPANS,
    NEWS,
    OPENING,
    PEER_CHANGED,
    SESSIONS,
    SLOW,
    SNAPSHOTS,
    SOCKET,
    TASK,
    VETO,
)
from tests.planted.pair import Pair, Stream, pair_of, until
from tests.planted.planting import GOOD, Planted

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    # What the framework deprecates is not what is looked at here.
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]

REFUSED = {"plugin_error", "plugin_failed"}
"""What becomes of messages of a channel whose plugin fails."""

EVERY = [
    *LIFESPANS,
    *SESSIONS,
    *OPENING,
    *NEWS,
    *SNAPSHOTS,
    *PEER_CHANGED,
    *HANDLERS,
    *ENDPOINTS,
    SOCKET,
    TASK,
    VETO,
    CHANGES,
    SLOW,
    GOOD,
]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def pair(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Pair]:
    """Two running nodes, each with every plugin of this module."""
    folder = tmp_path_factory.mktemp("planted")
    with interrupts.interruptible():
        async with pair_of(folder, [planted.plant(folder) for planted in EVERY]) as pair:
            yield pair


@pytest.fixture(autouse=True)
def _as_a_command() -> Iterator[None]:
    with interrupts.interruptible():
        yield


async def good_channel(pair: Pair) -> None:
    """A channel of the good plugin opens and carries a message each way."""
    channel = await pair.open("zgood")
    assert isinstance(channel, Channel)
    assert await pair.alice.send(channel, {"from": "alice"}) == "placed"
    assert await pair.bob.send(channel, {"from": "bob"}) == "placed"
    assert pair.bob.status("zgood").status == pair.alice.status("zgood").status == "active"


def assert_named(pair: Pair, planted: Planted) -> None:
    """Alice's node says what failed, and in which line."""
    status = pair.alice.status(planted.name)
    assert status.status == planted.status
    assert planted.words in str(status.error)
    place = f"planted_{planted.name}.py:{planted.line}" if planted.line else ""
    assert status.place.endswith(place)


def ids(planted: Planted) -> str:
    return planted.name


@pytest.mark.parametrize("planted", LIFESPANS, ids=ids)
async def test_a_lifespan_that_fails(pair: Pair, planted: Planted) -> None:
    await until(lambda: pair.alice.status(planted.name).error is not None)
    assert_named(pair, planted)
    await good_channel(pair)


@pytest.mark.parametrize("planted", SESSIONS, ids=ids)
async def test_a_session_that_fails(
    pair: Pair, planted: Planted, caplog: pytest.LogCaptureFixture
) -> None:
    channel = await pair.open(planted.name)
    assert isinstance(channel, Channel)
    for side in (pair.alice, pair.bob):
        for _ in range(5):
            assert await side.send(channel, {"n": 1}) in REFUSED
    assert not channel.final
    assert_named(pair, planted)
    faults = [one for one in caplog.records if one.levelno == logging.ERROR]
    told = [one for one in faults if f"plugin {planted.name}: " in one.message]
    assert 1 <= len(told) <= 3  # by each node, not for each message
    assert f"channel {channel.id}" in told[0].message
    assert "message page-" in told[0].message
    assert len(caplog.text) < 20_000
    await good_channel(pair)


@pytest.mark.parametrize("planted", OPENING, ids=ids)
async def test_a_context_that_cannot_open(pair: Pair, planted: Planted) -> None:
    assert await pair.open(planted.name) == "plugin_error"
    assert_named(pair, planted)
    await good_channel(pair)


@pytest.mark.parametrize("planted", NEWS, ids=ids)
async def test_news_that_a_context_cannot_take(pair: Pair, planted: Planted) -> None:
    channel = await pair.open(planted.name)
    assert isinstance(channel, Channel)
    assert await pair.alice.send(channel, {"n": 1}) == "placed"
    assert await pair.bob.send(channel, {"n": 2}) == "placed"
    await until(lambda: pair.alice.status(planted.name).error is not None)
    assert_named(pair, planted)
    await good_channel(pair)


@pytest.mark.parametrize("planted", SNAPSHOTS, ids=ids)
async def test_a_state_that_cannot_be_had(
    pair: Pair, planted: Planted, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trimming, "KEPT_ENTRIES", 2)
    channel = await pair.open(planted.name)
    assert isinstance(channel, Channel)
    for _ in range(12):
        assert await pair.alice.send(channel, {"n": 1}) == "placed"
        last = channel.log.last[1]
        await until(lambda last=last: channel.other.has == last)  # type: ignore[misc]
        channel.handled = channel.other.handled = last
        trimming.trim(pair.alice.bridge.engine.core, channel)
    assert_named(pair, planted)
    assert len(channel.log) == 12  # nothing is cut off behind which no state is known
    assert await pair.bob.send(channel, {"n": 2}) == "placed"
    await good_channel(pair)


@pytest.mark.parametrize("planted", PEER_CHANGED, ids=ids)
async def test_an_observer_that_fails(pair: Pair, planted: Planted) -> None:
    peer = Peer(peer_id="carol", label="", online=True, connected=False, last_seen_ms=0)
    for callback in pair.alice.memory.callbacks:
        callback(PeerEvent(kind="found", peer=peer))
    assert_named(pair, planted)
    await good_channel(pair)


@pytest.mark.parametrize("planted", HANDLERS, ids=ids)
async def test_a_stream_handler_that_fails(pair: Pair, planted: Planted) -> None:
    ended: list[str] = []
    stream: Stream = await pair.bob.memory.open_stream("alice", [f"/{planted.name}"])
    stream.start(lambda lines: None, ended.append)
    await until(lambda: bool(ended))
    assert ended == ["reset"]
    assert_named(pair, planted)
    await good_channel(pair)


@pytest.mark.parametrize("planted", ENDPOINTS, ids=ids)
async def test_an_endpoint_that_fails(pair: Pair, planted: Planted) -> None:
    answer = await pair.alice.http("GET", f"/api/{planted.name}")
    assert (answer.status_code, answer.json()["code"]) == (500, "internal")
    assert_named(pair, planted)
    assert (await pair.alice.http("GET", "/api/zgood/hello")).text == "hello"
    rows = (await pair.alice.http("GET", "/api/status")).json()["plugins"]
    row: dict[str, Any] = next(one for one in rows if one["name"] == planted.name)
    assert planted.words in row["error"]
    assert row["place"].endswith(f":{planted.line}")


async def test_a_task_for_which_nobody_waits(pair: Pair) -> None:
    asyncio.get_running_loop().set_exception_handler(pair.alice.node.loop_failed)
    assert (await pair.alice.http("GET", f"/api/{TASK.name}")).status_code == 200

    def is_told() -> bool:
        gc.collect()
        return pair.alice.status(TASK.name).error is not None

    await until(is_told)
    assert_named(pair, TASK)
    await good_channel(pair)


async def test_a_websocket_that_fails(pair: Pair) -> None:
    assert (await pair.alice.socket("/api/socket"))[-1]["type"] == "websocket.close"
    assert_named(pair, SOCKET)
    await good_channel(pair)


async def test_a_veto_that_is_none_refuses(pair: Pair) -> None:
    assert await pair.open("zgood_veto") == "plugin_error"
    assert_named(pair, VETO)
    await good_channel(pair)


async def test_what_a_plugin_changes_is_its_own(pair: Pair) -> None:
    channel = await pair.open("changes")
    assert isinstance(channel, Channel)
    assert await pair.alice.send(channel, 1) == "placed"
    assert await pair.bob.send(channel, 2) == "placed"
    assert channel.request.initial_state == {"n": []}
    state = channel.session.snapshot()
    assert state["n"][-2:] == [1, 2]
    session: Any = channel.session._session
    assert session.told == [(1, 1), (2, 2)], "the Session stands behind what was committed"
    state["n"].clear()
    assert channel.session.snapshot()["n"][-2:] == [1, 2]


async def test_a_slow_session_is_named(pair: Pair, caplog: pytest.LogCaptureFixture) -> None:
    channel = await pair.open("slow")
    assert isinstance(channel, Channel)
    for _ in range(2):
        assert await pair.alice.send(channel, 1) == "placed"
        assert await pair.bob.send(channel, 2) == "placed"
    told = [one.getMessage() for one in caplog.records if "plugin slow: " in one.getMessage()]
    assert len(told) == 2  # once by each node
    for words in told:
        assert re.search(r"check\(\) of the context slow took \d+ ms", words)
        assert f"channel {channel.id}" in words
    assert pair.alice.status("slow").status == "active"


async def test_a_fault_is_told_once_a_minute_and_counted(
    pair: Pair, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    for _ in range(200):
        pair.alice.node.failed("zzz", ValueError("again"), doing="something")
    told = [one for one in caplog.records if "again" in one.message]
    assert len(told) == 1
