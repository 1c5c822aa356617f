# SPDX-License-Identifier: MIT
"""A page without a WebSocket: server-sent events and POST, the same frames, the same session."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

from goop_node.testing import NodeProcess
from tests.limits import HANG
from tests.node.conftest import Pair, pages
from tests.node.page import Page


class EventPage(Page):
    """A page over server-sent events and POST."""

    document = ""

    @classmethod
    @asynccontextmanager
    async def over_events(
        cls, node: NodeProcess, document: str, **subscribe: Any
    ) -> AsyncIterator[EventPage]:
        """Open the stream and subscribe."""
        async with (
            httpx.AsyncClient(base_url=node.url, headers=node.headers, timeout=HANG) as http,
            http.stream("GET", "/api/realtime/events", params={"page": document}) as stream,
        ):
            assert stream.status_code == 200
            assert stream.headers["content-type"].startswith("text/event-stream")
            page = cls(node, stream, http)
            page.document = document
            reader = asyncio.create_task(page._read())
            await page.emit({"type": "subscribe", "page": document, "ack": True} | subscribe)
            await page.frame("subscribed")
            try:
                yield page
            finally:
                reader.cancel()
                await asyncio.gather(reader, return_exceptions=True)

    async def _read(self) -> None:
        waiting = b""
        async for part in self.socket.aiter_bytes():
            *events, waiting = (waiting + part).split(b"\n\n")
            async with self._new:
                for event in events:
                    lines = dict(line.split(b": ", 1) for line in event.split(b"\n"))
                    if b"data" in lines:
                        self.frames.append({"type": "end"} | json.loads(lines[b"data"]))
                self._new.notify_all()

    async def emit(self, body: dict[str, Any]) -> None:
        """Post a frame."""
        await self.post("frames", page=self.document, frames=[body])


async def test_a_channel_works_both_ways(pair: Pair) -> None:
    async with EventPage.over_events(pair[0], "evA") as a, Page.open(pair[1]) as b:
        channel = await a.ask(b)
        texts = [{"n": n, "text": "line\nbreak \u2028"} for n in range(50)]
        await a.post(
            "frames",
            page="evA",
            frames=[
                {"type": "send", "channel": channel, "data": data, "id": f"evA-{n + 1}"}
                for n, data in enumerate(texts)
            ],
        )
        assert await b.received(channel, 50) == texts
        assert (await a.frame("receipt", id="evA-50", stage="delivered"))["channel"] == channel
        for data in texts:
            await b.send(channel, data)
        assert await a.received(channel, 50) == texts
        await a.emit({"type": "close", "channel": channel})
        await a.frame("state", channel=channel, final=True)


async def test_frames_are_judged_like_those_of_a_websocket(pair: Pair) -> None:
    async with EventPage.over_events(pair[0], "evB") as a, Page.open(pair[1]) as b:
        channel = await a.ask(b)
        deep: Any = 1
        for _ in range(40):
            deep = [deep]
        bad = [
            {"type": "send", "channel": channel, "data": deep, "id": "evB-1"},
            {"type": "nonsense"},
            {"type": "send", "channel": channel, "data": "x" * 66_000, "id": "evB-2"},
            {"type": "send", "channel": "rt-0000000000000000", "data": 1, "id": "evB-3"},
            [],
        ]
        await a.post("frames", page="evB", frames=bad)
        await a.frame("error", code="too_deep")
        await a.frame("error", code="unknown_frame")
        await a.frame("refused", code="too_large", id="evB-2")
        await a.frame("refused", code="unknown_channel", id="evB-3")
        await a.frame("error", code="unknown_frame")


async def test_posts_without_a_stream_and_what_is_no_page_are_refused(pair: Pair) -> None:
    async with Page.open(pair[0]) as a:
        for body, status, code in (
            ({"page": "nobody", "frames": []}, 409, "no_stream"),
            ({"page": "nobody"}, 400, "bad_request"),
            ({"frames": [1]}, 400, "bad_request"),
        ):
            answer = await a.http.post("/api/realtime/frames", json=body)
            assert (answer.status_code, answer.json()["code"]) == (status, code)
        for query in ("", "?page=", "?page=a-b", "?page=" + "x" * 65):
            answer = await a.http.get("/api/realtime/events" + query)
            assert (answer.status_code, answer.json()["code"]) == (400, "bad_page")
        answer = await a.http.post("/api/realtime/events?page=x")
        assert answer.status_code == 405
        answer = await a.http.get("/api/realtime/events?page=x", headers={"Authorization": ""})
        assert answer.status_code == 401


async def test_a_page_goes_from_one_transport_to_the_other(pair: Pair) -> None:
    async with EventPage.over_events(pair[0], "evC") as a, Page.open(pair[1]) as b:
        channel = await a.ask(b)
        await b.send(channel, 1)
        place = await a.frame("message", channel=channel)
        at = {channel: [place["epoch"], place["seq"]]}
        async with Page.open(pair[0], page="evC", ack=True, after=at, handled=at) as socket:
            await a.frame("end", reason="replaced")
            await b.send(channel, 2)
            assert await socket.received(channel, 1) == [2]
            # What was posted before the switch and arrives after it is taken once all the same.
            frame = {"type": "send", "channel": channel, "data": "late", "id": "evC-1"}
            await socket.emit(frame)
            await a.emit(frame)
            await b.send(channel, "echo")
            await socket.received(channel, 2)
        async with EventPage.over_events(pair[0], "evC", after=at, handled=at) as again:
            assert await again.received(channel, 2) == [2, "echo"]
        assert await b.received(channel, 1) == ["late"]


async def test_what_was_on_its_way_to_an_older_connection_comes_again(pair: Pair) -> None:
    async with (
        Page.open(pair[0], page="evF", ack=True) as old,
        Page.open(pair[1]) as b,
        httpx.AsyncClient(base_url=pair[0].url, headers=pair[0].headers, timeout=HANG) as http,
    ):
        channel = await old.ask(b)
        await b.send(channel, 1)
        await old.received(channel, 1)
        async with http.stream("GET", "/api/realtime/events", params={"page": "evF"}) as stream:
            events = EventPage(pair[0], stream, http)
            reader = asyncio.create_task(events._read())
            await b.send(channel, 2)  # nothing has been subscribed on the stream yet
            assert await events.received(channel, 2) == [1, 2]
            reader.cancel()
            await asyncio.gather(reader, return_exceptions=True)


async def test_another_templates_page_is_not_to_be_had(pair: Pair) -> None:
    async with Page.open(pair[0], page="evD"), httpx.AsyncClient(base_url=pair[0].url) as http:
        host = {"Host": f"home.localhost:{pair[0].port}"}
        navigation = {**host, "Accept": "text/html", "Sec-Fetch-Mode": "navigate"}
        cookie = (await http.get("/", headers=navigation)).headers["set-cookie"].split(";")[0]
        own = {**host, "Cookie": cookie}
        answer = await http.get("/api/realtime/events?page=evD", headers=own)
        assert (answer.status_code, answer.json()["code"]) == (400, "bad_page")
        answer = await http.post(
            "/api/realtime/frames",
            headers={**own, "Origin": f"http://home.localhost:{pair[0].port}"},
            json={"page": "evD", "frames": [{"type": "subscribe"}]},
        )
        assert (answer.status_code, answer.json()["code"]) == (409, "no_stream")


async def test_a_reader_that_stops_is_cut_and_resumes(pair: Pair) -> None:
    async with pages(pair) as (_, b):
        url = httpx.URL(pair[0].url)
        reader, writer = await asyncio.open_connection(url.host, url.port, limit=1024)
        lines = [f"{name}: {value}" for name, value in pair[0].headers.items()]
        head = ["GET /api/realtime/events?page=evE HTTP/1.1", f"Host: 127.0.0.1:{url.port}", *lines]
        writer.write("\r\n".join([*head, "", ""]).encode())
        await reader.readuntil(b": open")
        async with httpx.AsyncClient(base_url=pair[0].url, headers=pair[0].headers) as http:
            frames = [{"type": "subscribe", "page": "evE"}]
            await http.post("/api/realtime/frames", json={"page": "evE", "frames": frames})
            row = await http.post(
                "/api/realtime/request", json={"peerId": pair[1].peer_id, "context": ""}
            )
            channel = row.json()["channelId"]
            await b.frame("incoming", channel=channel)
            await b.post("accept", channelId=channel)
            n = 0

            async def cut() -> bool:
                rows = (await http.get("/api/realtime/trace")).json()
                return any(row["code"] == "slow_page" for row in rows)

            while not await cut():
                for _ in range(20):
                    n += 1
                    await b.post("send", channelId=channel, data="x" * 60_000)
                assert n < 400
        writer.close()
        # A page that does not ack goes on behind what was written for it.
        async with EventPage.over_events(pair[0], "evE", channels=[channel], ack=False) as again:
            await b.send(channel, "and on")
            await again.frame("message", data="and on")


@pytest.mark.parametrize("limit", [1, 7, 500])
async def test_history_comes_in_portions(pair: Pair, limit: int) -> None:
    async with pages(pair) as (a, b):
        channel = await a.ask(b)
        for n in range(20):
            await (a if n % 2 else b).send(channel, n)
            await (b if n % 2 else a).received(channel, n // 2 + 1)
        got: list[dict[str, Any]] = []
        after = "0:0"
        while after:
            query = {"channel": channel, "after": after, "limit": str(limit)}
            part = (await a.http.get("/api/realtime/history", params=query)).json()
            assert len(part["messages"]) <= limit
            assert part["start"] == [0, 0]
            got += part["messages"]
            after = "{}:{}".format(*part["next"]) if part["next"] else ""
        assert [row["data"] for row in got] == list(range(20))
        assert {row["from"] for row in got} == {pair[0].peer_id, pair[1].peer_id}


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ("channel=rt-0000000000000000", 404, "unknown_channel"),
        ("channel={}&after=x", 400, "bad_request"),
        ("channel={}&limit=0", 400, "bad_request"),
        ("channel={}&limit=501", 400, "bad_request"),
        ("", 400, "bad_request"),
    ],
)
async def test_history_says_what_is_wrong(pair: Pair, query: str, status: int, code: str) -> None:
    async with pages(pair) as (a, b):
        channel = await a.ask(b)
        answer = await a.http.get("/api/realtime/history?" + query.format(channel))
        assert (answer.status_code, answer.json()["code"]) == (status, code)


async def test_a_page_may_ask_for_everything_from_the_start(pair: Pair) -> None:
    async with pages(pair) as (a, b):
        channel = await a.ask(b)
        for n in range(5):
            await a.send(channel, n)
        await b.received(channel, 5)
        since = {channel: "start"}
        async with Page.open(pair[1], page="late", ack=True, since=since) as late:
            assert await late.received(channel, 5) == list(range(5))
            assert {row["redelivered"] for row in late.frames if row["type"] == "message"} == {True}
            late.frames.clear()
            await late.emit({"type": "subscribe", "channels": [channel], "since": since})
            assert (await late.frame("subscribed"))["since"] == since
            await a.send(channel, "live")
            assert await late.received(channel, 6) == [*range(5), "live"]
