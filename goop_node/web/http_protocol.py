# SPDX-License-Identifier: MIT
"""uvicorn's HTTP, where every request gets an answer and no client holds its place for nothing.

uvicorn reads what a client sends for as long as it takes, and answers in a bare line what its
parser does not take. Here each part of a request has a deadline, a head has a bound that holds
whatever browsers send, and what is beyond it is refused in words.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import re
from collections.abc import Callable
from http import HTTPStatus
from typing import Any, cast

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol
from websockets.datastructures import Headers
from websockets.http11 import Request
from websockets.server import ServerProtocol

from goop_node.problems import GivenUp, Problem
from goop_node.web.http_parser import Parser
from goop_node.web.places import Places
from goop_node.web.refusals import refusal
from goop_node.web.web_sockets import GatheredWrites, PageProtocol

REQUEST_SECONDS = 30.0
"""How long a fresh connection may be silent: browsers open some before they need them."""

HEAD_SECONDS = 10.0
"""From the first byte of a head to its last."""

BODY_SECONDS = 30.0
"""From the end of the head to the end of the body (at most 256 KiB)."""

READ_SECONDS = 60.0
"""How long a client may take to read the 256 KiB at most that wait for it."""

LINGER_SECONDS = 5.0
"""How long the rest of a request is read and dropped: see ``_Transport``."""

HANDSHAKE = 8192
"""Bytes of the headers that say how a WebSocket is to be: they are parsed further."""
_HANDSHAKE = re.compile(rb"connection|upgrade|sec-websocket-.*")

_SECONDS = {"request": REQUEST_SECONDS, "head": HEAD_SECONDS, "body": BODY_SECONDS}


_LOG = logging.getLogger("goop_node.http")
_LOG.setLevel(logging.ERROR)
_LOG.addFilter(lambda record: not _is_told(record))
"""What a client does wrong it is told, and not the log: anybody could fill that."""


def _is_told(record: logging.LogRecord) -> bool:
    """Whether it tells of a request that the node itself gave up: at its end, or with a word."""
    error = record.exc_info[1] if record.exc_info is not None else None
    while error is not None:
        if isinstance(error, (asyncio.CancelledError, GivenUp)):
            return True
        error = error.__cause__
    return False


class _Transport:
    """The transport of a connection, which is not closed while the client is still sending.

    What arrives at a closed socket is answered with a reset, and that takes back what the
    client has not read yet: it would never see why its request was refused (RFC 9112 §9.6).
    """

    def __init__(self, transport: asyncio.Transport, close: Callable[[], None]) -> None:
        self._transport = transport
        self.close = close

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)


class HttpProtocol(H11Protocol):
    """The server's side of an HTTP connection."""

    def __init__(self, *args: Any, places: Places, **more: Any) -> None:
        super().__init__(*args, **more)
        self.logger = _LOG
        self.conn: Parser = Parser()
        self.places = places
        self._socket: asyncio.Transport
        self._out: GatheredWrites
        self._owes: tuple[str, Any] | None = None
        self._deadline: asyncio.TimerHandle | None = None
        self._stalled: asyncio.TimerHandle | None = None
        self._beginning = b""
        self._over = False
        """Refused, or handed over: nothing more is done here."""

    # -- the connection

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A client is there; where all places are taken it is told so."""
        self._socket = cast(asyncio.Transport, transport)
        self._out = GatheredWrites(self._socket, self.loop)
        super().connection_made(cast(asyncio.Transport, _Transport(self._out, self._close)))
        if self.places.enter(self._socket):
            self._look("request")
        else:
            self._over = True
            self._socket.write(refusal(Problem(503, "full", "this node has no place left")))
            self._socket.close()

    def connection_lost(self, exc: Exception | None) -> None:
        """The client has gone."""
        self._expect(None)
        self._reads()
        if self._deadline is not None:
            self._deadline.cancel()
        self.places.leave(self._socket)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take what has come."""
        if self._over:
            return
        if self._owes is not None and self._owes[0] == "request":
            self._beginning = data[:4096]
        self._unset_keepalive_if_required()
        try:
            self.conn.receive_data(data)
        except h11.RemoteProtocolError:
            self.send_400_response("")
            return
        self.handle_events()
        self._look("head")
        if self._owes is not None:
            self.places.holds(self._socket, len(data))

    def on_response_complete(self) -> None:
        """A response is through: the next request."""
        if self._over:
            return
        super().on_response_complete()
        self._look("head" if self.conn.trailing_data[0] else "request")

    def shutdown(self) -> None:
        """The server stops: what is short may come to its end, a stream or a file ends here."""
        cycle = self.cycle
        if cycle is not None and cycle.response_started and not cycle.response_complete:
            cycle.disconnected = True
            cycle.message_event.set()
            self._socket.abort()
        elif self._over:
            self._socket.close()
        else:
            super().shutdown()

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
            self.places.works(self._socket)
        else:
            self.places.waits(self._socket)
            self._deadline = self.loop.call_later(_SECONDS[owed[0]], self._too_late, owed[0])

    def _too_late(self, owed: str) -> None:
        if owed == "request":
            self._socket.close()
        elif owed == "body" and self.cycle.response_complete:
            self._linger()
        else:
            seconds = int(_SECONDS[owed])
            self._refuse(Problem(408, "too_slow", f"the {owed} did not arrive in {seconds} s"))

    def pause_writing(self) -> None:
        """The client reads more slowly than we write."""
        super().pause_writing()
        if self._stalled is None:
            self.places.waits(self._socket)
            self._stalled = self.loop.call_later(READ_SECONDS, self._socket.abort)

    def resume_writing(self) -> None:
        """The client has read."""
        super().resume_writing()
        self._reads()

    def _reads(self) -> None:
        if self._stalled is not None:
            self._stalled.cancel()
            self._stalled = None
            if self._owes is None:
                self.places.works(self._socket)

    # -- refusals

    def send_400_response(self, msg: str) -> None:
        """Refuse what the parser does not take."""
        self._refuse(self.conn.problem or Problem(400, "bad_http", msg))

    def _refuse(self, problem: Problem) -> None:
        """Answer in the application's place, and be done with this client."""
        cycle = self.cycle
        if cycle is not None and not cycle.response_complete:
            if cycle.response_started:
                self._socket.abort()
                return
            cycle.disconnected = True
            cycle.message_event.set()
        self._socket.write(refusal(problem, self._beginning))
        self._linger()

    def _close(self) -> None:
        """Close, behind the request's end."""
        if self.conn.their_state is h11.SEND_BODY and not self._over:
            self._linger()
        else:
            self._out.close()

    def _linger(self) -> None:
        """Say no more, and drop what still comes."""
        self._out.flush()
        self._expect(None)
        self._unset_keepalive_if_required()
        self._over = True
        if self._socket.is_closing():
            return
        self.places.waits(self._socket)
        if self._socket.can_write_eof():
            with contextlib.suppress(OSError):  # the client has gone already
                self._socket.write_eof()
        self.flow.resume_reading()
        self._deadline = self.loop.call_later(LINGER_SECONDS, self._socket.abort)

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
        if sum(len(value) for name, value in self.headers if _HANDSHAKE.match(name)) > HANDSHAKE:
            self._refuse(Problem(400, "bad_handshake", f"more than {HANDSHAKE} bytes of options"))
            return
        headers = Headers()
        for name, value in self.headers:
            headers[name.decode("ascii")] = value.decode("latin-1")
        request = Request(
            event.target.decode("ascii"),
            headers,
            event.method.decode("ascii"),
            f"HTTP/{event.http_version.decode('ascii')}",
        )
        answer = ServerProtocol().accept(request)
        if answer.status_code != HTTPStatus.SWITCHING_PROTOCOLS:
            words = bytes(answer.body).decode().strip()
            self._refuse(Problem(answer.status_code, "bad_handshake", words))
            return
        if not self.places.enter_socket(self._socket):
            self._refuse(Problem(503, "full", "this node has no place left for WebSockets"))
            return
        self._expect(None)
        self._reads()
        self._over = True
        self.connections.discard(self)
        socket = PageProtocol(
            config=self.config,
            server_state=self.server_state,
            app_state=self.app_state,
            places=self.places,
        )
        self._socket.set_protocol(socket)
        socket.connection_made(self._socket)
        socket.requested(request, self.conn.trailing_data[0])
