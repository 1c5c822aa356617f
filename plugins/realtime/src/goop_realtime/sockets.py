# SPDX-License-Identifier: MIT
"""The WebSocket of pages."""

from __future__ import annotations

import asyncio
from typing import Any

from goop_realtime.page_session import REASONS, TOO_MANY, PageSession


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
            for data in session.take():
                await self._send({"type": "websocket.send", "text": data.decode()})
                session.sent(len(data))
        await self._close(session.over)

    async def _close(self, code: int) -> None:
        await self._send({"type": "websocket.close", "code": code, "reason": REASONS[code]})

    async def _read(self) -> None:
        while True:
            message = await self._receive()
            if message["type"] == "websocket.disconnect":
                return
            text = message.get("text")
            if text is None:
                self._session.refuse_binary()
            else:
                self._session.frame(text)
