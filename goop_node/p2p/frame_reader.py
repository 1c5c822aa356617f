# SPDX-License-Identifier: MIT
"""The muxer's end of a secured connection: each frame is shown before its body is read."""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any

import trio
from libp2p.abc import ISecureConn
from libp2p.stream_muxer.yamux.yamux import HEADER_SIZE, TYPE_DATA, YAMUX_HEADER_FORMAT

WRITE_SECONDS = 15.0
"""How long a connection may not take a frame before it is given up."""


class FrameReader:
    """A secured connection that shows each yamux header to ``judge`` before the body is read."""

    def __init__(self, conn: ISecureConn, judge: Callable[[int, int, int, int], None]) -> None:
        self._conn = conn
        self._judge = judge
        self._header = b""
        self._body = 0
        self.heard = 0
        """How often something came."""
        self.close = conn.close

    async def read(self, n: int | None = None) -> bytes:
        """As the connection's. The muxer asks for the rest of a header or a body, never more."""
        data = await self._conn.read(n)
        self.heard += 1
        if self._body:
            self._body -= len(data)
            return data
        self._header += data
        if len(self._header) == HEADER_SIZE:
            _, kind, flags, stream_id, length = struct.unpack(YAMUX_HEADER_FORMAT, self._header)
            self._header = b""
            self._judge(kind, flags, stream_id, length)
            self._body = length if kind == TYPE_DATA else 0
        return data

    async def write(self, data: bytes) -> None:
        """As the connection's, but in one piece whoever is cancelled meanwhile.

        A frame is numbered when it is encrypted. One that then is not written, since its stream
        was closed at that moment, makes every later one unreadable: the connection is lost.
        """
        deadline = trio.current_time() + WRITE_SECONDS
        with trio.CancelScope(shield=True, deadline=deadline) as scope:
            await self._conn.write(data)
        if scope.cancelled_caught:
            await self._conn.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._conn, name)
