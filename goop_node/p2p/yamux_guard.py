# SPDX-License-Identifier: MIT
"""Yamux that holds a peer to its word: what it may send, how many streams it may open, and
that it is there. This is the way of a connection that stays with the library; see ``data_path/``.

The library only logs that a peer ignores its receive window, buffers what comes, and keeps
what is left on a stream that was reset. Here a breach ends the connection before its bytes
are read, so that no peer makes this node hold more than it granted.
"""

from __future__ import annotations

import logging
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import trio
from libp2p.abc import ISecureConn
from libp2p.peer.id import ID
from libp2p.stream_muxer.exceptions import MuxedStreamEOF
from libp2p.stream_muxer.yamux.yamux import (
    DEFAULT_WINDOW_SIZE,
    FLAG_ACK,
    FLAG_SYN,
    TYPE_DATA,
    TYPE_PING,
    TYPE_WINDOW_UPDATE,
    YAMUX_HEADER_FORMAT,
    Yamux,
    YamuxStream,
)

from goop_node.p2p import limits
from goop_node.p2p.containment import warn
from goop_node.p2p.data_path.liveness import DOUBTED_SECONDS, PING_SECONDS, SILENT_SECONDS
from goop_node.p2p.frame_reader import FrameReader
from goop_node.p2p.guarded_streams import guarded
from goop_node.p2p.held import Budget
from goop_node.p2p.stream_numbers import StreamNumbers
from goop_node.p2p.yamux_batches import FrameBatches

log = logging.getLogger(__name__)

CLEANUP_SECONDS = 2.0


OPENS, TAKES = (
    struct.pack(YAMUX_HEADER_FORMAT, 0, TYPE_WINDOW_UPDATE, flag, 0, 0)[:4]
    for flag in (FLAG_SYN, FLAG_ACK)
)
"""How frames begin that open a stream, and that take one; the negotiation follows."""


class YamuxBreach(Exception):
    """The peer sent what it was never granted."""


class GuardedYamux(Yamux):
    """The library's yamux behind a reader that judges each frame by its header."""

    def __init__(
        self,
        secured_conn: ISecureConn,
        peer_id: ID,
        is_initiator: bool | None,
        budget: Budget,
        share: Callable[[], int],
    ) -> None:
        """``share`` is how many streams a peer may have open towards us just now."""
        watched: Any = FrameReader(secured_conn, self._judge)
        super().__init__(watched, peer_id, is_initiator)
        self.account = budget.open(self._drop)
        self._share = share
        self._numbers = StreamNumbers(odd=not self.is_initiator_value)
        self._waits: set[trio.CancelScope] = set()
        self._dropped = 0
        self._watched: FrameReader = watched
        self._batches = FrameBatches(watched)
        self._due = b""
        self.spoken: set[str] = set()
        """Protocols that the peer has agreed on, on this connection."""
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
            self.account.close()
            self.event_closed.set()
            self.event_started.set()
            for scope in list(self._waits):
                scope.cancel()

    @contextmanager
    def until_the_end(self) -> Iterator[None]:
        """Somebody waits for what this connection brings. Raises ``MuxedStreamEOF`` when it ends
        meanwhile.

        The library wakes readers by an event for each number of a stream, and those who open one by
        places that become free. Who is forgotten there would wait for good, and keep the whole
        connection.
        """
        with trio.CancelScope() as scope:
            if self.event_closed.is_set():
                scope.cancel()
            self._waits.add(scope)
            try:
                yield
            finally:
                self._waits.discard(scope)
        if scope.cancelled_caught:
            raise MuxedStreamEOF("the connection has ended")

    async def _write_frame(self, data: bytes) -> None:
        if self._goes_along(data):
            self._due += data
            return
        due, self._due = self._due, b""
        await self._batches.write(due + data)

    def _goes_along(self, frame: bytes) -> bool:
        """Whether another frame of the same stream follows at once, with which this one can go."""
        if frame[:4] in (OPENS, TAKES):
            return True
        stream: Any = self.streams.get(int.from_bytes(frame[4:8]))
        is_data = frame[1] == TYPE_DATA and len(frame) <= limits.NEGOTIATION_BYTES
        return is_data and stream is not None and guarded(stream).ends

    async def _measure_rtt_loop(self) -> None:
        """Ping, and give a connection up that brings nothing any more.

        A peer whose machine lost its power, or its network, ends nothing: its old connection
        would stand beside the new one for minutes, and take what is meant for the peer.
        """
        while True:
            await trio.sleep(PING_SECONDS)
            await self._prove(SILENT_SECONDS)

    def hang_up(self) -> None:
        """Nothing: the socket is the library's, and is closed with all of its."""

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
        """A stream of ours. Raises ``MuxedStreamEOF`` when the connection ends, or has ended."""
        with self.until_the_end():
            return guarded(await super().open_stream())

    async def accept_stream(self) -> YamuxStream:
        """The next stream that the peer opens; what is beyond its share is reset."""
        while True:
            stream = guarded(await super().accept_stream())
            theirs = sum(not known.is_initiator for known in self.streams.values())
            if theirs <= min(limits.MAX_STREAMS, self._share()):
                return stream
            log.debug("%s has %d streams open, one more is refused", self.peer_id, theirs)
            await stream.reset()

    def _judge(self, kind: int, flags: int, stream_id: int, length: int) -> None:
        """Raise ``YamuxBreach`` for a frame whose bytes must not be read."""
        if kind in (TYPE_DATA, TYPE_WINDOW_UPDATE) and flags & FLAG_SYN:
            why = self._numbers.take(stream_id)
            if why:
                self._break(why)
        if kind != TYPE_DATA:
            return
        stream = self.streams.get(stream_id)
        if stream is None:
            # New, or closed by us while this was under way: then it is read and dropped.
            granted = DEFAULT_WINDOW_SIZE if flags & FLAG_SYN else limits.MAX_WINDOW
        else:
            stream.target_recv_window = min(stream.target_recv_window, limits.MAX_WINDOW // 2)
            granted = stream.recv_window
        if length > granted:
            self._break(f"{length} bytes on stream {stream_id}, {granted} were granted")
        if stream is not None:
            guarded(stream).weigh(length)
        elif flags & FLAG_SYN:
            self.account.set(stream_id, length)
        if self._dropped > limits.MAX_DROPPED:
            self._break(f"more than {limits.MAX_DROPPED} streams were dropped for what they held")

    def _drop(self, stream_id: int) -> None:
        """Let go of what a stream holds, and of the stream."""
        self._dropped += 1
        self.stream_buffers.get(stream_id, bytearray()).clear()
        stream = self.streams.get(stream_id)
        if stream is not None and self._nursery is not None:
            log.debug("a stream of %s holds too much, it is reset", self.peer_id)
            self._nursery.start_soon(self._reset, stream)

    async def _reset(self, stream: YamuxStream) -> None:
        with suppress(Exception):
            await stream.reset()

    def _break(self, why: str) -> None:
        warn(str(self.peer_id), f"connection to {self.peer_id} ended: {why}")
        raise YamuxBreach(why)

    def _finalize_stream_locked(self, stream: YamuxStream, *, fully_closed: bool) -> None:
        """Nobody reads what is left on a stream that was reset: it goes with the stream."""
        if stream.reset_received:
            left = self.stream_buffers.get(stream.stream_id)
            if left:
                left.clear()
        super()._finalize_stream_locked(stream, fully_closed=fully_closed)
        if stream.stream_id not in self.streams:
            self.account.set(stream.stream_id, 0)

    def _sweep_stale_streams(self, now: float | None = None) -> int:
        known = set(self.streams)
        reclaimed = super()._sweep_stale_streams(now)
        for stream_id in known - set(self.streams):
            self.account.set(stream_id, 0)
        return reclaimed
