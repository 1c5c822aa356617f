# SPDX-License-Identifier: MIT
"""Streams that read no more than may come, and account for what they hold."""

from __future__ import annotations

from typing import Any

from libp2p.network.connection.exceptions import RawConnError
from libp2p.stream_muxer.exceptions import MuxedStreamReset
from libp2p.stream_muxer.yamux.yamux import YamuxStream

from goop_node.p2p import limits


class GuardedStream(YamuxStream):
    """A stream that grants new credit when half of its window is used up, as go-yamux does.

    The library does so at every read, before it hands over what was read. Until its protocol is
    negotiated nothing longer is read than a negotiation needs: the library would gather whatever
    length a peer has announced.
    """

    longest = limits.NEGOTIATION_BYTES
    unfinished = 0
    ends = False
    """Whether what is written is the last, and the end follows at once."""

    async def read(self, n: int | None = -1) -> bytes:
        """As the library's. Raises ``MuxedStreamReset`` where more is asked for than may come."""
        if n is not None and n > self.longest:
            await self.reset()
            raise MuxedStreamReset(f"{n} bytes announced, at most {self.longest} may come")
        conn: Any = self.conn
        with conn.until_the_end():
            data = await super().read(n)
        self.weigh()
        return data

    def keep(self, unfinished: int) -> None:
        """Somebody who read from it keeps so many bytes of what has no end yet."""
        self.unfinished = unfinished
        self.weigh()

    def weigh(self, coming: int = 0) -> None:
        """Bring the connection's account up to date with what this stream holds."""
        conn: Any = self.conn
        conn.account.set(self.stream_id, self.unread + self.unfinished + coming)

    @property
    def unread(self) -> int:
        """Bytes that have come and were not read yet."""
        return len(self.conn.stream_buffers.get(self.stream_id, b""))

    async def _auto_tune_and_send_window_update(self, *, bytes_read: int = 0) -> None:
        owed = self.target_recv_window - (self.recv_window + self.unread)
        if owed >= self._grow_threshold():
            await super()._auto_tune_and_send_window_update(bytes_read=bytes_read)


def negotiated(stream: Any) -> None:
    """A stream's protocol is known: from now on whoever serves it knows what may come."""
    stream.muxed_stream.longest = limits.RPC_BYTES


def guarded(stream: Any) -> GuardedStream:
    """The library names its class where it makes a stream: here it becomes ours."""
    stream.__class__ = GuardedStream
    return stream  # type: ignore[no-any-return]


class BriefReads:
    """A connection from which nothing longer is read than a negotiation needs."""

    def __init__(self, conn: Any) -> None:
        self._conn = conn

    async def read(self, n: int | None = None) -> bytes:
        """As the connection's. Raises ``RawConnError`` where more is asked for than may come."""
        if n is not None and n > limits.NEGOTIATION_BYTES:
            raise RawConnError(f"{n} bytes announced in a negotiation")
        data: bytes = await self._conn.read(n)
        return data

    def __getattr__(self, name: str) -> Any:
        return getattr(self._conn, name)
