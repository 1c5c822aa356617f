# SPDX-License-Identifier: MIT
"""Yamux that holds a peer to its word: what it may send, how many streams it may open, and
that it is there.

The library only logs that a peer ignores its receive window, buffers what comes, and keeps
what is left on a stream that was reset. Here a breach ends the connection before its bytes
are read, so that no peer makes this node hold more than it granted.
"""

from __future__ import annotations

import logging
import struct
from collections.abc import Awaitable, Callable
from typing import Any
from weakref import WeakSet

import trio
from libp2p.abc import IMuxedConn, ISecureConn
from libp2p.custom_types import TProtocol
from libp2p.peer.id import ID
from libp2p.stream_muxer.muxer_multistream import MuxerMultistream
from libp2p.stream_muxer.yamux.yamux import (
    DEFAULT_WINDOW_SIZE,
    FLAG_SYN,
    HEADER_SIZE,
    PROTOCOL_ID,
    TYPE_DATA,
    TYPE_PING,
    YAMUX_HEADER_FORMAT,
    Yamux,
    YamuxStream,
)

from goop_node.p2p.yamux_batches import FrameBatches

log = logging.getLogger(__name__)

MAX_WINDOW = 1024 * 1024
"""Bytes a stream's receive window may grow to."""
MAX_UNREAD = 32 * 1024 * 1024
"""Bytes of one connection that nobody has read yet."""
WRITE_SECONDS = 15.0
"""How long a connection may not take a frame before it is given up."""
CLEANUP_SECONDS = 2.0
PING_SECONDS = 5.0
"""The pause between two pings."""
SILENT_SECONDS = 10.0
"""How long nothing at all may come behind a ping."""
DOUBTED_SECONDS = 4.0
"""The same, when the peer has just come with another connection."""
MAX_STREAMS = 128
"""Streams that a peer may have open towards us on one connection."""


class YamuxBreach(Exception):
    """The peer sent what it was never granted."""


class LazyCredit(YamuxStream):
    """A stream that grants new credit when half of its window is used up, as go-yamux does.

    The library does so at every read, before it hands over what was read.
    """

    async def _auto_tune_and_send_window_update(self, *, bytes_read: int = 0) -> None:
        buffered = len(self.conn.stream_buffers.get(self.stream_id, b""))
        owed = self.target_recv_window - (self.recv_window + buffered)
        if owed >= self._grow_threshold():
            await super()._auto_tune_and_send_window_update(bytes_read=bytes_read)


def _with_lazy_credit(stream: Any) -> YamuxStream:
    """The library names its class where it makes a stream: here it becomes ours."""
    stream.__class__ = LazyCredit
    return stream  # type: ignore[no-any-return]


class GuardedYamux(Yamux):
    """The library's yamux behind a reader that judges each frame by its header."""

    def __init__(
        self,
        secured_conn: ISecureConn,
        peer_id: ID,
        is_initiator: bool | None = None,
        on_close: Callable[[], Awaitable[Any]] | None = None,
    ) -> None:
        watched: Any = FrameReader(secured_conn, self._judge)
        super().__init__(watched, peer_id, is_initiator, on_close)
        self._watched: FrameReader = watched
        self._batches = FrameBatches(watched)
        self._doubted = False

    async def start(self) -> None:
        """Serve the connection to its end. The library leaves one that fails open, and who waits
        for its beginning waiting."""
        try:
            await super().start()
        except trio.Cancelled:
            raise
        except BaseException:
            with trio.move_on_after(CLEANUP_SECONDS) as scope:
                scope.shield = True
                await self._cleanup_on_error()
            raise
        finally:
            self.event_closed.set()
            self.event_started.set()

    async def _write_frame(self, data: bytes) -> None:
        await self._batches.write(data)

    async def _measure_rtt_loop(self) -> None:
        """Ping, and give a connection up that brings nothing any more.

        A peer whose machine lost its power, or its network, ends nothing: its old connection
        would stand beside the new one for minutes, and take what is meant for the peer.
        """
        while True:
            await trio.sleep(PING_SECONDS)
            await self._prove(SILENT_SECONDS)

    def doubt(self) -> None:
        """The peer has come with another connection: see soon whether this one still lives."""
        if self._nursery is not None and self.is_established and not self._doubted:
            self._doubted = True
            self._nursery.start_soon(self._dispel)

    async def _dispel(self) -> None:
        await self._prove(DOUBTED_SECONDS)
        self._doubted = False

    async def _prove(self, patience: float) -> None:
        """Ping once, and close the connection when nothing at all comes behind it."""
        self._ping_id += 1
        self._ping_event = answered = trio.Event()
        heard = self._watched.heard
        ping = struct.pack(YAMUX_HEADER_FORMAT, 0, TYPE_PING, FLAG_SYN, 0, self._ping_id)
        try:
            await self._write_frame(ping)
        except Exception as error:
            log.debug("no ping to %s: %r", self.peer_id, error)
            return
        self._ping_sent_time = trio.current_time()
        for _ in range(2):
            # Twice: after a stop of our own process time is up before anything is read.
            with trio.move_on_after(patience / 2):
                await answered.wait()
            if self._watched.heard != heard:
                return
        log.debug("%s is silent, the connection is given up", self.peer_id)
        await self._watched.close()

    async def open_stream(self) -> YamuxStream:
        """A stream of ours."""
        return _with_lazy_credit(await super().open_stream())

    async def accept_stream(self) -> YamuxStream:
        """The next stream that the peer opens; what is beyond ``MAX_STREAMS`` is reset."""
        while True:
            stream = _with_lazy_credit(await super().accept_stream())
            theirs = sum(not known.is_initiator for known in self.streams.values())
            if theirs <= MAX_STREAMS:
                return stream
            log.debug("%s has %d streams open, one more is refused", self.peer_id, theirs)
            await stream.reset()

    def _judge(self, kind: int, flags: int, stream_id: int, length: int) -> None:
        """Raise ``YamuxBreach`` for a frame whose bytes must not be read."""
        if kind != TYPE_DATA:
            return
        stream = self.streams.get(stream_id)
        if stream is None:
            # New, or closed by us while this was under way: then it is read and dropped.
            granted = DEFAULT_WINDOW_SIZE if flags & FLAG_SYN else MAX_WINDOW
        else:
            stream.target_recv_window = min(stream.target_recv_window, MAX_WINDOW // 2)
            granted = stream.recv_window
        if length > granted:
            self._break(f"{length} bytes on stream {stream_id}, {granted} were granted")
        if self.stream_buffers.get(stream_id):
            self._make_room(length)

    def _make_room(self, length: int) -> None:
        """Where too much lies unread, let go of what closed streams left; else it is a breach."""
        if self._unread() + length <= MAX_UNREAD:
            return
        for stream_id, stream in self.streams.items():
            if stream.closed:
                self.stream_buffers[stream_id].clear()
        if self._unread() + length > MAX_UNREAD:
            self._break(f"more than {MAX_UNREAD} bytes lie unread")

    def _unread(self) -> int:
        return sum(map(len, self.stream_buffers.values()))

    def _break(self, why: str) -> None:
        log.warning("connection to %s ended: %s", self.peer_id, why)
        raise YamuxBreach(why)

    def _finalize_stream_locked(self, stream: YamuxStream, *, fully_closed: bool) -> None:
        """Nobody reads what is left on a stream that was reset: it goes with the stream."""
        if stream.reset_received:
            left = self.stream_buffers.get(stream.stream_id)
            if left:
                left.clear()
        super()._finalize_stream_locked(stream, fully_closed=fully_closed)


class GuardedMuxers(MuxerMultistream):
    """Negotiates yamux, and no other muxer: the library would take its own class for it."""

    def __init__(self) -> None:
        super().__init__({TProtocol(PROTOCOL_ID): GuardedYamux})
        self._open: WeakSet[GuardedYamux] = WeakSet()

    async def new_conn(self, conn: ISecureConn, peer_id: ID) -> IMuxedConn:
        """The multiplexed connection over ``conn``."""
        protocol, _ = await self._selector.select(conn, conn.is_initiator, self.negotiate_timeout)
        guarded = GuardedYamux(conn, peer_id, conn.is_initiator)
        for known in self._open:
            if known.peer_id == peer_id:
                known.doubt()
        self._open.add(guarded)
        return self._annotate_connection(guarded, conn, protocol)


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
