# SPDX-License-Identifier: MIT
"""For pages that cannot open a WebSocket: frames out as server-sent events, frames in by POST."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec

from goop_node.problems import Problem
from goop_node.types import Caller
from goop_realtime.model.jsonio import encode
from goop_realtime.web.page_session import BAD_PAGE, REASONS, TOO_MANY, PageSession

PING_SECONDS = 15.0
"""A comment at least so often: it keeps what lies between from hanging up."""

_HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
]


class Posted(msgspec.Struct):
    """``POST frames``. Each frame is kept as its text, to be judged like one of a WebSocket."""

    page: str
    frames: list[msgspec.Raw]


class EventStream:
    """One stream of server-sent events of one page, over raw ASGI; an event is a frame."""

    def __init__(self, session: PageSession, receive: Any, send: Any) -> None:
        self._session = session
        self._receive = receive
        self._send = send

    async def run(self, page_id: str) -> None:
        """Serve until either side ends it. Raises ``Problem`` before anything is sent."""
        if not self._session.may_be(page_id):
            raise Problem(400, "bad_page", BAD_PAGE, "/page")
        if not self._session.open(page_id):
            raise Problem(429, REASONS[TOO_MANY], "too many pages are open on this node")
        try:
            await self._send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
            gone = asyncio.create_task(self._gone())
            writer = asyncio.create_task(self._write())
            try:
                await asyncio.wait((gone, writer), return_when=asyncio.FIRST_COMPLETED)
            finally:
                gone.cancel()
                writer.cancel()
                await asyncio.gather(gone, writer, return_exceptions=True)
        finally:
            self._session.leave()

    async def _gone(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass

    async def _write(self) -> None:
        session = self._session
        await self._body(b": open\n\n")
        while not session.over:
            try:
                async with asyncio.timeout(PING_SECONDS):
                    await session.wake.wait()
            except TimeoutError:
                await self._body(b": ping\n\n")
                continue
            frames = session.take()
            await self._body(b"".join(b"data: %b\n\n" % frame for frame in frames))
            session.sent(sum(map(len, frames)))
        end = encode({"code": session.over, "reason": REASONS[session.over]})
        await self._body(b"event: end\ndata: %b\n\n" % end, more=False)

    async def _body(self, data: bytes, *, more: bool = True) -> None:
        await self._send({"type": "http.response.body", "body": data, "more_body": more})


async def take_frames(sessions: dict[str, PageSession], caller: Caller, raw: bytes) -> None:
    """Give posted frames to the session of their page, in order. Raises ``Problem``.

    What is wrong with a single frame is answered by a frame, as on a WebSocket.
    """
    try:
        posted = msgspec.json.decode(raw, type=Posted)
        texts = [bytes(frame).decode() for frame in posted.frames]
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise Problem(400, "bad_request", f'expected {{"page", "frames": […]}}: {error}') from None
    session = sessions.get(posted.page)
    if session is None or session.caller != caller:
        raise Problem(
            409, "no_stream", "open /api/realtime/events?page=… of that page first, then post"
        )
    async with session.posting:  # another post may come while this one leaves others a turn
        for text in texts:
            if session.turn.over:
                await session.turn.pass_on()
            session.turn.take(session.frame, text)
