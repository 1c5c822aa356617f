# SPDX-License-Identifier: MIT
"""The WebSocket of pages: frames in, frames out, bounded both ways."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

from goop_node.types import Caller, JsonValue
from goop_realtime.bridge import Bridge, now_ms
from goop_realtime.jsonio import MalformedJson, decode, encode
from goop_realtime.pages import Page
from goop_realtime.types import Rejection

log = logging.getLogger(__name__)

MAX_FRAME = 80 * 1024
"""Bytes of a frame from a page: a message of 64 KiB and its envelope."""
MAX_QUEUED = 4 * 1024 * 1024
"""Bytes waiting for a page that does not read; beyond, it is cut off and resumes later."""
SLOW = 4008
TOO_MANY = 4029
BATCH = 64 * 1024


class PageSocket:
    """One WebSocket of one page, over raw ASGI."""

    def __init__(self, bridge: Bridge, caller: Caller, receive: Any, send: Any) -> None:
        self._bridge = bridge
        self._engine = bridge.engine
        self._caller = caller
        self._receive = receive
        self._send = send
        self._queue: list[bytes] = []
        self._queued = 0
        self._wake = asyncio.Event()
        self._over: int = 0
        self._page: Page | None = None
        self._count = 0

    async def run(self) -> None:
        """Serve the socket until either side ends it."""
        message = await self._receive()
        if message["type"] != "websocket.connect":
            return
        if len(self._bridge.sinks) >= self._engine.core.limits.sockets:
            self._engine.core.note("page", "too_many_sockets")
            await self._send({"type": "websocket.accept"})
            await self._send(
                {"type": "websocket.close", "code": TOO_MANY, "reason": "too_many_sockets"}
            )
            return
        await self._send({"type": "websocket.accept"})
        self._become(f"s{self._engine.core.random.getrandbits(64):016x}")
        writer = asyncio.create_task(self._write())
        try:
            await self._read()
        finally:
            self._leave()
            writer.cancel()
            await asyncio.gather(writer, return_exceptions=True)

    def _become(self, page_id: str) -> None:
        """Take the identity of a page: a document's own id, or one for this socket."""
        self._leave()
        self._page = self._engine.attach(now_ms(), page_id, self._caller.template)
        self._sink = self._put
        self._bridge.sinks[page_id] = self._sink

    def _leave(self) -> None:
        page = self._page
        if page is not None and self._bridge.sinks.get(page.id) is self._sink:
            del self._bridge.sinks[page.id]
            self._engine.detach(now_ms(), page)
            if not page.views and not page.everything:
                self._engine.core.pages.pop(page.id, None)
            self._bridge.step()

    # Out

    def _put(self, data: bytes) -> None:
        self._queue.append(data)
        self._queued += len(data)
        if self._queued > MAX_QUEUED and not self._over:
            self._over = SLOW
            self._engine.core.note("page", "slow_page", detail=self._page.id if self._page else "")
        self._wake.set()

    async def _write(self) -> None:
        while not self._over:
            await self._wake.wait()
            self._wake.clear()
            queue, self._queue = self._queue, []
            for data in queue:
                await self._send({"type": "websocket.send", "text": data.decode()})
                self._queued -= len(data)
        await self._send({"type": "websocket.close", "code": self._over, "reason": "slow_page"})

    # In

    async def _read(self) -> None:
        while True:
            message = await self._receive()
            if message["type"] == "websocket.disconnect":
                return
            text = message.get("text")
            if text is None:
                self._error("binary_frame", "frames are JSON text, not binary")
                continue
            self._frame(text)

    def _frame(self, text: str) -> None:
        if len(text) > MAX_FRAME:
            self._error("too_large", f"a frame has at most {MAX_FRAME} bytes")
            return
        try:
            body = decode(text)
        except MalformedJson as error:
            self._error(error.code, error.reason)
            return
        kind = body.get("type") if isinstance(body, dict) else None
        handler = _FRAMES.get(kind) if isinstance(kind, str) else None
        if handler is None:
            self._error("unknown_frame", 'expected an object with a known "type"')
            return
        handler(self, body)
        self._bridge.step()

    def _error(self, code: str, reason: str, **more: JsonValue) -> None:
        self._engine.core.note("page", code, str(more.get("channel", "")), detail=reason)
        self._put(encode({"type": "error", "code": code, "reason": reason, **more}))

    def _refused(self, refusal: Rejection, body: dict[str, Any]) -> None:
        kind = "refused" if "id" in body else "error"
        answer = {
            "type": kind,
            "channel": str(body.get("channel", ""))[:80],
            "code": refusal.code,
            "reason": refusal.reason,
            "pointer": refusal.pointer,
        }
        if "id" in body:
            answer["id"] = str(body["id"])[:80]
        self._put(encode(answer))

    def _on_subscribe(self, body: dict[str, Any]) -> None:
        page_id = body.get("page")
        if isinstance(page_id, str) and self._page is not None and page_id != self._page.id:
            if not 0 < len(page_id) <= 64 or not page_id.replace("_", "").isalnum():
                self._error("bad_page", "a page id has 1 to 64 characters of [A-Za-z0-9_]")
                return
            self._become(page_id)
        assert self._page is not None
        self._engine.subscribe(now_ms(), self._page, body)

    def _on_send(self, body: dict[str, Any]) -> None:
        assert self._page is not None
        message_id = body.get("id")
        if message_id is None:
            self._count += 1
            message_id = f"{self._page.id}-{self._count}"
        if "data" not in body:
            self._refused(Rejection(code="bad_request", reason='"data" is missing'), body)
            return
        result = self._engine.send(
            now_ms(), str(body.get("channel", "")), self._page, str(message_id), body["data"]
        )
        if isinstance(result, Rejection):
            self._refused(result, body)

    def _on_signal(self, body: dict[str, Any]) -> None:
        assert self._page is not None
        channel_id = str(body.get("channel", ""))
        refusal = self._engine.signal(now_ms(), channel_id, self._page, body.get("data"))
        if refusal is not None:
            self._refused(refusal, body)

    def _on_ack(self, body: dict[str, Any]) -> None:
        assert self._page is not None
        channel_id = str(body.get("channel", ""))
        self._engine.acked(now_ms(), self._page, channel_id, body.get("epoch"), body.get("seq"))

    def _on_close(self, body: dict[str, Any]) -> None:
        channel_id = str(body.get("channel", ""))
        refusal = self._engine.close(now_ms(), channel_id, self._caller.template)
        if refusal is not None:
            self._refused(refusal, body)


_FRAMES = {
    "subscribe": PageSocket._on_subscribe,
    "send": PageSocket._on_send,
    "signal": PageSocket._on_signal,
    "ack": PageSocket._on_ack,
    "close": PageSocket._on_close,
}
