# SPDX-License-Identifier: MIT
"""Reading HTTP/1.1 within bounds that hold whatever browsers send (pure)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import h11

from goop_node.problems import Problem
from goop_node.web.refusals import HEADERS_TOO_LARGE

MAX_HEAD = 1024 * 1024
"""Bytes of a request's line and headers. Chromium keeps 180 cookies of 4 KiB for a site."""

MAX_TARGET = 8192
"""Bytes of the address in a request's line: paths are looked up part by part."""

MAX_LINES = 2000
"""Lines of a head: a million bytes in short ones would take a second to parse."""

_END_OF_HEAD = re.compile(rb"\n\r?\n")
_CONTROL = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")


class Parser(h11.Connection):
    """The parser of one connection; ``problem`` says why it stopped."""

    problem: Problem | None = None

    def __init__(self) -> None:
        super().__init__(h11.SERVER, MAX_HEAD)
        self._lines = 0
        self._last = b""

    def receive_data(self, data: bytes) -> None:
        """Take what has come. Raises ``h11.RemoteProtocolError``."""
        if self.their_state is h11.IDLE:
            self._count_lines(data)
        super().receive_data(data)

    def next_event(self) -> Any:
        """The next part of a request. Raises ``h11.RemoteProtocolError``."""
        state = self.their_state
        try:
            event = super().next_event()
            if isinstance(event, h11.Request):
                if len(event.target) > MAX_TARGET:
                    raise h11.RemoteProtocolError("address too long", error_status_hint=414)
                _check(event.headers)
            return event
        except h11.RemoteProtocolError as error:
            self.problem = Problem(400, "bad_http", f"this is no HTTP/1.1: {str(error)[:200]}")
            if error.error_status_hint == 431 and state is h11.IDLE:
                self.problem = HEADERS_TOO_LARGE
            if error.error_status_hint == 414:
                words = f"an address has at most {MAX_TARGET} bytes"
                self.problem = Problem(414, "address_too_long", words)
            raise

    def _count_lines(self, data: bytes) -> None:
        data = self._last + data
        end = _END_OF_HEAD.search(data)
        self._lines += data.count(b"\n", len(self._last), end.start() if end else len(data))
        if self._lines > MAX_LINES:
            self.problem = HEADERS_TOO_LARGE
            raise h11.RemoteProtocolError("too many headers", error_status_hint=431)
        self._last = b"" if end else data[-2:]
        if end:
            self._lines = 0


def _check(headers: Sequence[tuple[bytes, bytes]]) -> None:
    """Raises ``h11.RemoteProtocolError`` for what the library lets through."""
    size = 0
    lengths = {name for name, _ in headers} & {b"content-length", b"transfer-encoding"}
    if len(lengths) > 1:  # which one holds is where requests are smuggled (RFC 9112 §6.3)
        raise h11.RemoteProtocolError("a body has one length")
    for name, value in headers:
        size += len(name) + len(value) + len(": \r\n")
        if size > MAX_HEAD:
            raise h11.RemoteProtocolError("head too large", error_status_hint=431)
        if _CONTROL.search(value):
            raise h11.RemoteProtocolError("a header has a control character")
