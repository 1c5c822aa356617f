# SPDX-License-Identifier: MIT
"""uvicorn's HTTP, where every request gets an answer and no client holds its place for nothing.

uvicorn reads what a client sends for as long as it takes, and answers in a bare line what its
parser does not take. Here each part of a request has a deadline, a head has a bound that holds
whatever browsers send, and what is beyond it is refused in words.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Iterable
from typing import Any, cast

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol
from websockets.datastructures import Headers
from websockets.http11 import Request

from goop_node.places import Places
from goop_node.problems import Problem
from goop_node.refusals import HEADERS_TOO_LARGE, refusal
from goop_node.web_sockets import PageProtocol

MAX_HEAD = 1024 * 1024
"""Bytes of a request's line and headers. Chromium keeps 180 cookies of 4 KiB for a site."""

MAX_HEADERS = 2000
"""Lines of a head."""

REQUEST_SECONDS = 30.0
"""How long a fresh connection may be silent: browsers open some before they need them."""

HEAD_SECONDS = 10.0
"""From the first byte of a head to its last."""

BODY_SECONDS = 30.0
"""From the end of the head to the end of the body (at most 256 KiB)."""

READ_SECONDS = 60.0
"""How long a client may read nothing of what waits for it."""

LINGER_SECONDS = 1.0
"""After a refusal: closed at once, what still arrives would take the answer back."""

_SECONDS = {"request": REQUEST_SECONDS, "head": HEAD_SECONDS, "body": BODY_SECONDS}


_LOG = logging.getLogger("goop_node.http")
_LOG.setLevel(logging.ERROR)
"""What a client does wrong it is told, and not the log: anybody could fill that."""

_END_OF_HEAD = re.compile(rb"\n\r?\n")
_CONTROL = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")


def _check(headers: Iterable[tuple[bytes, bytes]]) -> None:
    """Raises ``h11.RemoteProtocolError`` for what the parser lets through."""
    size = 0
    for name, value in headers:
        size += len(name) + len(value) + len(": \r\n")
        if size > MAX_HEAD:
            raise h11.RemoteProtocolError("head too large", error_status_hint=431)
        if _CONTROL.search(value):
            raise h11.RemoteProtocolError("a header has a control character")


class _Parser(h11.Connection):
    """The parser of one connection; ``problem`` says why it stopped."""

    problem: Problem | None = None

    def next_event(self) -> Any:
        """The next part of a request. Raises ``h11.RemoteProtocolError``."""
        try:
            event = super().next_event()
            if isinstance(event, h11.Request):
                _check(event.headers)
            return event
        except h11.RemoteProtocolError as error:
            self.problem = Problem(400, "bad_http", f"this is no HTTP/1.1 request: {error}")
            if error.error_status_hint == 431:
                self.problem = HEADERS_TOO_LARGE
            raise


class HttpProtocol(H11Protocol):
    """The server's side of an HTTP connection."""

    def __init__(self, *args: Any, places: Places, **more: Any) -> None:
        super().__init__(*args, **more)
        self.logger = _LOG
        self.conn: _Parser = _Parser(h11.SERVER, MAX_HEAD)
        self.places = places
        self._owes: tuple[str, Any] | None = None
        self._deadline: asyncio.TimerHandle | None = None
        self._stalled: asyncio.TimerHandle | None = None
        self._beginning = b""
        self._lines = 0
        self._last = b""
        self._over = False
        """Refused, or handed over: nothing more is done here."""

    # -- the connection

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A client is there; where all places are taken it is told so."""
        super().connection_made(cast(asyncio.Transport, transport))
        if self.places.enter(self.transport):
            self._look("request")
        else:
            self._over = True
            self.transport.write(refusal(Problem(503, "full", "this node has no place left")))
            self.transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        """The client has gone."""
        self._expect(None)
        self._reads()
        self.places.leave(self.transport)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take what has come."""
        if self._over:
            return
        if self._owes is not None and self._owes[0] == "request":
            self._beginning = data[:4096]
        self._unset_keepalive_if_required()
        if self.conn.their_state is h11.IDLE and self._has_too_many_lines(data):
            self._refuse(HEADERS_TOO_LARGE)
            return
        try:
            self.conn.receive_data(data)
        except h11.RemoteProtocolError:
            self.transport.abort()  # more, behind its own end
            return
        self.handle_events()
        self._look("head")
        if self._owes is not None:
            self.places.holds(self.transport, len(data))

    def _has_too_many_lines(self, data: bytes) -> bool:
        """Whether the head is one that takes a second to parse."""
        data = self._last + data
        end = _END_OF_HEAD.search(data)
        self._lines += data.count(b"\n", len(self._last), end.start() if end else len(data))
        too_many = self._lines > MAX_HEADERS
        self._last = b"" if end else data[-2:]
        if end:
            self._lines = 0
        return too_many

    def eof_received(self) -> None:
        """The client sends no more; what it still wants to read it gets."""

    def on_response_complete(self) -> None:
        """A response is through: the next request."""
        super().on_response_complete()
        self._look("head" if self.conn.trailing_data[0] else "request")

    # -- what the client owes

    def _look(self, idle: str) -> None:
        """See what the client owes by now; ``idle`` where that is no body."""
        state = self.conn.their_state
        if self._over or self.transport.is_closing():
            return
        if state is h11.IDLE:
            self._expect((idle, self.cycle))
        elif state is h11.SEND_BODY:
            self._expect(("body", self.cycle))
        else:
            self._expect(None)

    def _expect(self, owed: tuple[str, Any] | None) -> None:
        if owed == self._owes:
            return
        self._owes = owed
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
        if owed is None:
            self.places.works(self.transport)
        else:
            self.places.waits(self.transport)
            self._deadline = self.loop.call_later(_SECONDS[owed[0]], self._too_late, owed[0])

    def _too_late(self, owed: str) -> None:
        if owed == "request":
            self.transport.close()
        else:
            seconds = int(_SECONDS[owed])
            self._refuse(Problem(408, "too_slow", f"the {owed} did not arrive in {seconds} s"))

    def pause_writing(self) -> None:
        """The client reads more slowly than we write."""
        super().pause_writing()
        if self._stalled is None:
            self.places.waits(self.transport)
            self._stalled = self.loop.call_later(READ_SECONDS, self.transport.abort)

    def resume_writing(self) -> None:
        """The client has read."""
        super().resume_writing()
        self._reads()

    def _reads(self) -> None:
        if self._stalled is not None:
            self._stalled.cancel()
            self._stalled = None
            if self._owes is None:
                self.places.works(self.transport)

    # -- refusals

    def send_400_response(self, msg: str) -> None:
        """Refuse what the parser does not take."""
        self._refuse(self.conn.problem or Problem(400, "bad_http", msg))

    def _refuse(self, problem: Problem) -> None:
        """Answer in the application's place, and be done with this client."""
        cycle = self.cycle
        if cycle is not None and not cycle.response_complete:
            if cycle.response_started:
                self.transport.close()
                return
            cycle.disconnected = True
            cycle.message_event.set()
        self._expect(None)
        self._unset_keepalive_if_required()
        self._over = True
        self.places.waits(self.transport)
        self.transport.write(refusal(problem, to_person=b"text/html" in self._beginning))
        if self.transport.can_write_eof():
            self.transport.write_eof()
        self.transport.resume_reading()
        self._deadline = self.loop.call_later(LINGER_SECONDS, self.transport.close)

    # -- WebSockets

    def _should_upgrade(self) -> bool:
        """Whether a WebSocket is asked for. What else is offered is ignored (RFC 9110 §7.8)."""
        fields = dict(self.headers)
        has_body = b"transfer-encoding" in fields or fields.get(b"content-length", b"0") != b"0"
        return self._get_upgrade() == b"websocket" and not has_body

    def handle_websocket_upgrade(self, event: h11.Request) -> None:
        """Hand the connection over, with the request as it was read here.

        A second reading of it, by other bounds, could leave it without an answer.
        """
        if not self.places.enter_socket(self.transport):
            self._refuse(Problem(503, "full", "this node has no place left for WebSockets"))
            return
        self._expect(None)
        self._over = True
        self.connections.discard(self)
        headers = Headers()
        for name, value in self.headers:
            headers[name.decode("ascii")] = value.decode("latin-1")
        request = Request(
            event.target.decode("ascii"),
            headers,
            event.method.decode("ascii"),
            f"HTTP/{event.http_version.decode('ascii')}",
        )
        socket = PageProtocol(
            config=self.config,
            server_state=self.server_state,
            app_state=self.app_state,
            places=self.places,
        )
        self.transport.set_protocol(socket)
        socket.connection_made(self.transport)
        socket.requested(request, self.conn.trailing_data[0])
