# SPDX-License-Identifier: MIT
"""The WebSocket of pages."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

from goop_realtime.web.page_session import REASONS, TOO_MANY, PageSession

READ_TOGETHER = 64
"""Frames that are taken at once: of more, the nodes on a message's way would wait for each other;
of fewer, each would cost more."""
MAX_BATCH = 64 * 1024
"""Bytes of frames that share one message of the WebSocket; a longer frame goes alone."""


class PageSocket:
    """One WebSocket of one page, over raw ASGI."""

    def __init__(self, session: PageSession, receive: Any, send: Any) -> None:
        self._session = session
        self._receive = receive
        self._send = send

    async def run(self) -> None:
        """Serve the socket until either side ends it."""
        message = await self._receive()
        if message["type"] != "websocket.connect":
            return
        await self._send({"type": "websocket.accept"})
        if not self._session.open():
            await self._close(TOO_MANY)
            return
        writer = asyncio.create_task(self._write())
        try:
            await self._read()
        finally:
            self._session.leave()
            writer.cancel()
            await asyncio.gather(writer, return_exceptions=True)

    async def _write(self) -> None:
        session = self._session
        while not session.over:
            await session.wake.wait()
            frames = session.take()
            for text, size in batches(frames) if session.batch else alone(frames):
                await self._send({"type": "websocket.send", "text": text})
                session.sent(size)
        await self._close(session.over)

    async def _close(self, code: int) -> None:
        await self._send({"type": "websocket.close", "code": code, "reason": REASONS[code]})

    async def _read(self) -> None:
        turn = self._session.turn
        while True:
            for _ in range(READ_TOGETHER):
                message = await self._receive()
                if message["type"] == "websocket.disconnect":
                    return
                text = message.get("text")
                if text is None:
                    self._session.refuse_binary()
                else:
                    turn.take(self._session.frame, text)
                    if turn.over:
                        await turn.pass_on()
            # What they caused goes on its way while the next ones are read.
            await asyncio.sleep(0)


def alone(frames: list[bytes]) -> Iterator[tuple[str, int]]:
    """Each frame as a message of its own; its text, and the bytes of the frame."""
    for frame in frames:
        yield frame.decode(), len(frame)


def batches(frames: list[bytes]) -> Iterator[tuple[str, int]]:
    """What has gathered as JSON arrays of frames; their texts, and the bytes of their frames.

    For each message a browser wakes a process and begins a task, which costs it far more than
    reading the frame.
    """
    start = 0
    while start < len(frames):
        size, end = len(frames[start]), start + 1
        while end < len(frames) and size + len(frames[end]) <= MAX_BATCH:
            size += len(frames[end])
            end += 1
        if end == start + 1:
            yield frames[start].decode(), size
        else:
            yield f"[{b','.join(frames[start:end]).decode()}]", size
        start = end
