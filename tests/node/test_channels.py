# SPDX-License-Identifier: MIT
"""Plain channels between two real nodes, by endpoints and frames alone."""

from __future__ import annotations

from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any

from goop_node.testing import start_node
from tests.node.conftest import Pair, pages
from tests.node.page import Page, wait_until_discovered
from tests.signalling.calls import CALLS


async def test_messages_arrive_in_order_both_ways(pair: Pair) -> None:
    async with pages(pair) as (a, b):
        channel = await a.ask(b)
        for n in range(200):
            await a.send(channel, {"a": n})
            await b.send(channel, {"b": n})
        assert await b.received(channel, 200) == [{"a": n} for n in range(200)]
        assert await a.received(channel, 200) == [{"b": n} for n in range(200)]


async def test_only_a_page_that_says_so_is_sent_several_frames_at_once(pair: Pair) -> None:
    async with Page.open(pair[0]) as a, Page.open(pair[1], batch=True) as b:
        channel = await a.ask(b)
        for n in range(200):
            await a.send(channel, {"a": n})
            await a.send(channel, {"a": -n})
        expected = [{"a": sign * n} for n in range(200) for sign in (1, -1)]
        assert await b.received(channel, 400) == expected
        assert b.together > 1
        assert a.together == 1


async def test_what_browsers_signal_arrives_unchanged(pair: Pair) -> None:
    async with pages(pair) as both:
        for nth, (name, call) in enumerate(CALLS.items()):
            channel = await both[0].ask(both[1], context=f"video_call_{nth}")
            said: tuple[list[Any], list[Any]] = ([], [])
            for who, messages in groupby(call, itemgetter(0)):
                for _, message in messages:
                    said[who].append(message)
                    await both[who].send(channel, message)
                assert await both[1 - who].received(channel, len(said[who])) == said[who], name


async def test_sender_is_the_authenticated_peer(pair: Pair) -> None:
    async with pages(pair) as (a, b):
        channel = await a.ask(b)
        await a.emit({"type": "send", "channel": channel, "data": 1, "from": "12D3KooWnobody"})
        message = await b.frame("message", channel=channel)
        assert message["from"] == pair[0].peer_id


async def test_send_by_http_and_close_behind_it(pair: Pair) -> None:
    async with pages(pair) as (a, b):
        channel = await a.ask(b)
        await b.post("send", channelId=channel, data={"last": True})
        await b.post("close", channelId=channel)
        assert (await a.frame("message", channel=channel))["data"] == {"last": True}
        state = await a.frame("state", channel=channel, final=True)
        assert (state["state"], state["code"]) == ("disconnected", "closed")
        await b.post("send", 409, channelId=channel, data=1)


async def test_declined(pair: Pair) -> None:
    async with pages(pair) as (a, b):
        asked = await a.post("request", 201, peerId=pair[1].peer_id)
        channel = asked["channelId"]
        await b.frame("incoming", channel=channel)
        await b.post("decline", channelId=channel, reason="not now")
        state = await a.frame("state", channel=channel, final=True)
        assert (state["code"], state["reason"]) == ("declined", "not now")
        await b.post("accept", 409, channelId=channel)


async def test_timeout_ends_both_sides(pair: Pair) -> None:
    async with pages(pair) as (a, b):
        asked = await a.post("request", 201, peerId=pair[1].peer_id, timeout=300)
        channel = asked["channelId"]
        assert (await a.frame("state", channel=channel, final=True))["code"] == "timeout"
        await b.frame("incoming_ended", channel=channel)


async def test_withdrawn_request_closes_the_dialog(pair: Pair) -> None:
    async with pages(pair) as (a, b):
        asked = await a.post("request", 201, peerId=pair[1].peer_id)
        await b.frame("incoming", channel=asked["channelId"])
        await a.post("close", channelId=asked["channelId"])
        ended = await b.frame("incoming_ended", channel=asked["channelId"])
        assert ended["code"] == "cancelled"


async def test_unknown_context_and_peer_are_coded(pair: Pair) -> None:
    async with pages(pair) as (a, _):
        problem = await a.post("request", 404, peerId=pair[1].peer_id, context="nosuch")
        assert problem["code"] == "unknown_context"
        problem = await a.post("request", 400, peerId="12D3KooWStranger", params={"n": -(2**53)})
        assert problem["code"] == "unsafe_integer"
        problem = await a.post("request", 404, peerId="12D3KooWStranger")
        assert problem["code"] == "undiscovered"


async def test_bad_frames_are_answered_and_harm_nothing(pair: Pair) -> None:
    async with pages(pair) as (a, b):
        channel = await a.ask(b)
        await a.socket.send("{")
        assert (await a.frame("error"))["code"] == "malformed_json"
        await a.socket.send(b"\x00")
        assert (await a.frame("error"))["code"] == "binary_frame"
        await a.socket.send("[" * 100 + "]" * 100)
        assert (await a.frame("error"))["code"] == "too_deep"
        await a.socket.send(f'{{"type": "send", "channel": "{channel}", "data": [{2**53}]}}')
        assert (await a.frame("error"))["code"] == "unsafe_integer"
        await a.emit({"type": "dance"})
        assert (await a.frame("error"))["code"] == "unknown_frame"
        await a.send("rt-0000000000000000", 1)
        assert (await a.frame("error"))["code"] == "unknown_channel"
        await a.send(channel, "x" * 65536)
        assert (await a.frame("error"))["code"] == "too_large"
        await a.send(channel, "fine")
        assert await b.received(channel, 1) == ["fine"]


async def test_too_fast_is_refused_and_nothing_accepted_is_lost(tmp_path: Path) -> None:
    config = tmp_path / "goop.toml"
    # So slow a rate that no machine is too slow to break it.
    config.write_text("[plugins.realtime]\nrate = 0.01\nburst = 480\n", encoding="utf-8")
    alice = start_node(tmp_path / "alice", "--config", str(config))
    bob = start_node(tmp_path / "bob", peer=alice)
    try:
        await wait_until_discovered(alice, bob)
        async with pages((alice, bob)) as (a, b):
            channel = await a.ask(b)
            for n in range(500):
                await a.send(channel, n, id=f"burst-{n + 1}")
            refused = await a.frame("refused", channel=channel)
            assert refused["code"] == "too_fast"
            trace = (await a.http.get("/api/realtime/trace", params={"channel": channel})).json()
            lost = {row["message"] for row in trace if row["code"] == "too_fast"}
            assert f"burst-{480}" not in lost
            expected = [n for n in range(500) if f"burst-{n + 1}" not in lost]
            assert await b.received(channel, len(expected)) == expected
    finally:
        bob.stop()
        alice.stop()


async def test_the_trace_has_what_pages_were_refused(pair: Pair) -> None:
    async with pages(pair) as (a, b):
        peer = b.node.peer_id
        before = len((await a.http.get("/api/realtime/trace")).json())
        await a.post("request", 404, peerId=peer, context="no_such")
        await a.post("request", 422, peerId=peer, context="chess", params={"colour": "puce"})
        for what in ("accept", "decline", "close"):
            await a.post(what, 404, channelId="rt-0000000000000000")
        await a.send("rt-0000000000000000", 1)
        await a.frame("error")
        rows = (await a.http.get("/api/realtime/trace")).json()[before:]
        refused = [row["code"] for row in rows if row["hop"] == "page"]
        assert refused == ["unknown_context", "invalid_params", *["unknown_channel"] * 4]


async def test_receipts_follow_a_message_through_its_stages(pair: Pair) -> None:
    async with pages(pair) as (a, b):
        channel = await a.ask(b)
        await a.emit({"type": "subscribe", "page": "docA", "ack": True})
        await a.frame("subscribed", page="docA")
        await b.emit({"type": "subscribe", "page": "docB", "ack": True})
        await b.frame("subscribed", page="docB")
        await a.send(channel, {"n": 1}, id="docA-1")
        await a.frame("receipt", id="docA-1", stage="accepted")
        await a.frame("receipt", id="docA-1", stage="delivered")
        message = await b.frame("message", channel=channel)
        await b.emit(
            {
                "type": "ack",
                "channel": channel,
                "epoch": message["epoch"],
                "seq": message["seq"],
            }
        )
        await a.frame("receipt", id="docA-1", stage="handled")
        await a.send(channel, {"n": 1}, id="docA-1")
        await a.send(channel, {"n": 2}, id="docA-2")
        assert (await b.frame("message", channel=channel))["data"] == {"n": 2}


async def test_crossing_requests_without_a_context_stay_two_channels(pair: Pair) -> None:
    async with pages(pair) as (a, b):
        first = await a.post("request", 201, peerId=pair[1].peer_id)
        second = await b.post("request", 201, peerId=pair[0].peer_id)
        assert first["channelId"] != second["channelId"]
        await b.frame("incoming", channel=first["channelId"])
        await a.frame("incoming", channel=second["channelId"])
