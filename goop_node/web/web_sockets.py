# SPDX-License-Identifier: MIT
"""uvicorn's WebSockets, where they are stricter or louder than RFC 6455 asks for, or slower."""

from __future__ import annotations

import asyncio
from collections.abc import Generator
from typing import Any, cast

from uvicorn.protocols.utils import ClientDisconnected
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import Frame, Opcode
from websockets.http11 import Request
from websockets.protocol import Protocol
from websockets.server import ServerProtocol

from goop_node.web.places import Places

NOT_UTF8 = 1007
READ_AT_ONCE = 16 * 1024
"""Bytes that are parsed in one turn of the loop: they can be thousands of pings, or of empty parts
of a message, and everybody else waits meanwhile."""
TOGETHER = 64 * 1024
"""Bytes that are written at once, without waiting for more."""


class Connection(ServerProtocol):
    """The protocol's state, where a close may come between the parts of a message.

    Only frames come here: the request was read by the HTTP server, by the same bounds as others.
    """

    def parse(self) -> Generator[None]:
        """Read frames."""
        yield from Protocol.parse(self)

    def recv_frame(self, frame: Frame) -> None:
        """Take a frame. RFC 6455 §5.4: control frames may stand between a message's fragments."""
        if frame.opcode is Opcode.CLOSE:
            self.current_size = None
        super().recv_frame(frame)


class PageProtocol(WebSocketsSansIOProtocol):
    """The server's side of a page's WebSocket."""

    def __init__(self, *args: Any, places: Places, **more: Any) -> None:
        super().__init__(*args, **more)
        self.conn = Connection(max_size=self.config.ws_max_size, logger=self.logger)
        self._places = places
        self._plain: asyncio.Transport
        self._early = b""
        self._rest = b""
        """What has come and is not parsed yet."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The connection stands."""
        self._plain = cast(asyncio.Transport, transport)
        super().connection_made(GatheredWrites(self._plain, self.loop))

    def connection_lost(self, exc: Exception | None) -> None:
        """The page has gone."""
        self._places.leave(self._plain)
        super().connection_lost(exc)

    def requested(self, request: Request, early: bytes) -> None:
        """A WebSocket is asked for. ``early`` came behind the request: it waits for the answer."""
        self._early = early
        self._plain.pause_reading()
        self.handle_connect(request)

    def data_received(self, data: bytes) -> None:
        """Take what has come, a part in each turn of the loop."""
        waits = bool(self._rest)
        self._rest += data
        if not waits:
            self._parse_some()

    def _parse_some(self) -> None:
        if self.transport.is_closing():
            return
        part, self._rest = self._rest[:READ_AT_ONCE], self._rest[READ_AT_ONCE:]
        super().data_received(part)
        if self._rest:
            self._plain.pause_reading()
            self.loop.call_soon(self._parse_some)
        elif not self.read_paused:
            self._plain.resume_reading()

    async def run_asgi(self) -> None:
        """Serve the page. That it is broken off when the node stops is no error of it."""
        app = self.app

        async def until_broken_off(scope: Any, receive: Any, send: Any) -> None:
            try:
                await app(scope, receive, send)
            except asyncio.CancelledError:
                raise ClientDisconnected from None  # of others uvicorn logs a traceback

        self.app = until_broken_off
        await super().run_asgi()

    async def receive(self) -> Any:
        """The next message. Who empties the queue goes on reading behind what is not parsed yet."""
        message = await super().receive()
        if self._rest:
            self._plain.pause_reading()
        return message

    async def send(self, message: Any) -> None:
        """Send what the application says; from its acceptance on, frames are read."""
        await super().send(message)
        if message["type"] == "websocket.http.response.body" and not message.get("more_body"):
            self.handshake_complete = True  # refused: for uvicorn that would be an error to log
        if message["type"] == "websocket.accept" and not self.transport.is_closing():
            self._plain.resume_reading()
            if self._early:
                self.data_received(self._early)
                self._early = b""

    def send_receive_event_to_app(self) -> None:
        """Hand a whole message over; one that is no UTF-8 ends the socket, not in the log."""
        if self.curr_msg_data_type == "text" and not all(map(bytes.isascii, self.frames)):
            try:
                b"".join(self.frames).decode()
            except UnicodeDecodeError:
                self.conn.send_close(NOT_UTF8)
                self.handle_parser_exception()
                return
        super().send_receive_event_to_app()


class GatheredWrites(asyncio.Transport):
    """A transport on which the writes of one turn of the loop leave together.

    uvicorn writes every message by itself, and of an answer first the head: the calls into the
    system would cost more than all the rest.
    """

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__()
        self._transport = transport
        self._loop = loop
        self._parts: list[bytes] = []
        self._size = 0

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Write at the end of this turn, or now where much has gathered."""
        if not self._parts:
            self._loop.call_soon(self.flush)
        self._parts.append(bytes(data))
        self._size += len(data)
        if self._size >= TOGETHER:
            self.flush()

    def flush(self) -> None:
        """Write what has gathered."""
        if self._parts:
            data = b"".join(self._parts)
            self._parts.clear()
            self._size = 0
            # The other side may have gone since: uvloop raises where nobody is left to write to.
            if not self._transport.is_closing():
                self._transport.write(data)

    def close(self) -> None:
        """Close behind everything written."""
        self.flush()
        self._transport.close()

    def abort(self) -> None:
        """Close at once, whatever waits to be written."""
        self._parts.clear()
        self._transport.abort()

    def is_closing(self) -> bool:
        """Whether it is closing, or closed."""
        return self._transport.is_closing()

    def pause_reading(self) -> None:
        """Hand over no more data for now."""
        self._transport.pause_reading()

    def resume_reading(self) -> None:
        """Hand over data again."""
        self._transport.resume_reading()

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """What the transport below knows."""
        return self._transport.get_extra_info(name, default)
