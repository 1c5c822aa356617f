# SPDX-License-Identifier: MIT
"""A page without a browser: the endpoints by httpx, the frames by the websockets client."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, Self

import httpx
import websockets

from goop_node.testing import NodeProcess
from tests.limits import HANG


class Page:
    """One WebSocket and the endpoints beside it."""

    def __init__(self, node: NodeProcess, socket: Any, http: httpx.AsyncClient) -> None:
        self.node = node
        self.socket = socket
        self.http = http
        self.frames: list[dict[str, Any]] = []
        self.together = 1
        """The most frames that came in one message of the WebSocket."""
        self._new = asyncio.Condition()

    @classmethod
    @asynccontextmanager
    async def open(cls, node: NodeProcess, **subscribe: Any) -> AsyncIterator[Self]:
        """Connect and subscribe."""
        async with (
            httpx.AsyncClient(base_url=node.url, headers=node.headers, timeout=HANG) as http,
            websockets.connect(
                node.ws_url, additional_headers=node.headers, max_size=None, open_timeout=HANG
            ) as socket,
        ):
            page = cls(node, socket, http)
            reader = asyncio.create_task(page._read())
            await page.emit({"type": "subscribe", **subscribe})
            await page.frame("subscribed")
            try:
                yield page
            finally:
                reader.cancel()
                await asyncio.gather(reader, return_exceptions=True)

    async def _read(self) -> None:
        async for text in self.socket:
            async with self._new:
                found = json.loads(text)
                batch = found if isinstance(found, list) else [found]
                self.frames += batch
                self.together = max(self.together, len(batch))
                self._new.notify_all()

    async def emit(self, body: dict[str, Any]) -> None:
        """Send a frame."""
        await self.socket.send(json.dumps(body))

    async def until(self, found: Callable[[], Any]) -> Any:
        """Wait for frames until ``found()`` is true; its value."""
        async with asyncio.timeout(HANG), self._new:
            while not (value := found()):
                await self._new.wait()
            return value

    async def frame(self, kind: str, **fields: Any) -> dict[str, Any]:
        """Wait for a frame of that type with those fields; it is taken out of ``frames``."""

        def find() -> dict[str, Any] | None:
            for body in self.frames:
                if body["type"] == kind and all(body.get(k) == v for k, v in fields.items()):
                    return body
            return None

        found: dict[str, Any] = await self.until(find)
        self.frames.remove(found)
        return found

    async def post(self, what: str, expect: int = 200, **body: Any) -> dict[str, Any]:
        """POST to ``/api/realtime/<what>``."""
        answer = await self.http.post(f"/api/realtime/{what}", json=body)
        assert answer.status_code == expect, answer.text
        result: dict[str, Any] = answer.json()
        return result

    async def ask(self, peer: Page, **body: Any) -> str:
        """Ask the other page for a channel, which it accepts; the channel's id."""
        asked = await self.post("request", 201, peerId=peer.node.peer_id, **body)
        channel: str = asked["channelId"]
        await peer.frame("incoming", channel=channel)
        await peer.post("accept", channelId=channel)
        await self.frame("state", channel=channel, state="connected")
        return channel

    async def send(self, channel: str, data: Any, **more: Any) -> None:
        """Send a message by frame."""
        await self.emit({"type": "send", "channel": channel, "data": data, **more})

    def messages(self, channel: str) -> list[Any]:
        """The data of the messages that have come."""
        return [
            body["data"]
            for body in self.frames
            if body["type"] == "message" and body["channel"] == channel
        ]

    async def received(self, channel: str, count: int) -> list[Any]:
        """Wait for ``count`` messages; their data in order."""
        await self.until(lambda: len(self.messages(channel)) >= count)
        return self.messages(channel)


async def wait_until_discovered(alice: NodeProcess, bob: NodeProcess) -> None:
    """Wait until each node lists the other as online."""
    for node in (alice, bob):
        await wait_for_somebody(node)


async def wait_for_somebody(node: NodeProcess) -> None:
    """Wait until it lists a peer as online."""
    async with (
        asyncio.timeout(HANG),
        httpx.AsyncClient(base_url=node.url, headers=node.headers, timeout=None) as http,
        http.stream("GET", "/api/peers/events") as events,
    ):
        async for line in events.aiter_lines():
            if line.startswith("data: ") and '"online": true' in line:
                break
