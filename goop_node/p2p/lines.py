# SPDX-License-Identifier: MIT
"""Lines on a libp2p stream: newline framing, coalesced writes, bounded reads.

Two trio tasks serve a stream, a reader and a writer. Their callbacks are plain calls on the
one thread that both loops share. Per line nothing is awaited: whatever is queued when the
writer wakes goes out as one write, and all complete lines of one read come in one call.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial
from typing import Any

import trio

from goop_node.p2p import limits
from goop_node.p2p.framing import Framing, LineTooLong
from goop_node.p2p.guest_ticks import GuestTicks
from goop_node.plugins.callbacks import called

log = logging.getLogger(__name__)

READ_BYTES = 64 * 1024
DRAIN_SECONDS = 2.0


class Lines:
    """A ``LineStream`` (see ``goop_node.types``) over a libp2p stream."""

    def __init__(
        self,
        stream: Any,
        peer_id: str,
        protocol: str,
        max_line: int,
        ticks: GuestTicks,
        *,
        theirs: bool = False,
        proposal: bytes = b"",
    ) -> None:
        """``theirs``: the peer has opened it, so that it has something to say at once.

        ``proposal``: what goes before the first line, and comes back before any of the peer's.
        """
        self.peer_id = peer_id
        self.protocol = protocol
        self._stream = stream
        self._framing = Framing(max_line, theirs=theirs, proposal=proposal)
        self._agreed = trio.Event()
        self._ticks = ticks
        self._out = bytearray(proposal)
        self._writing = 0
        self._wake = trio.Event()
        self._running = trio.Event()
        self._running.set()
        self._started = trio.Event()
        self._closing = False
        self._closed = trio.Event()
        self._ended = False
        self._end_code = ""
        self._scope = trio.CancelScope()
        self._on_lines: Callable[[list[bytes]], None] = lambda lines: None
        self._on_end: Callable[[str], None] = lambda code: None

    # What asyncio sees

    @property
    def queued(self) -> int:
        """Bytes that the muxer has not taken yet."""
        return len(self._out) + self._writing

    def start(self, on_lines: Callable[[list[bytes]], None], on_end: Callable[[str], None]) -> None:
        """Begin reading; see ``LineStream.start``."""
        self._on_lines = on_lines
        self._on_end = on_end
        self._started.set()
        if not self._framing.agreed:
            self._wake_up()
        if self._ended:
            on_end(self._end_code)

    def write(self, line: bytes) -> None:
        """Queue a line."""
        if self._ended or self._closing:
            return
        self._out += line
        self._out += b"\n"
        self._wake_up()

    def pause(self) -> None:
        """Stop reading."""
        if self._running.is_set():
            self._running = trio.Event()

    def resume(self) -> None:
        """Read again."""
        self._running.set()

    def close(self) -> None:
        """Write what is queued, then close; end it at once when the peer takes nothing of it."""
        self._closing = True
        self._closed.set()
        self._wake_up()

    def _wake_up(self) -> None:
        if not self._wake.is_set():
            self._ticks.nudge()
            self._wake.set()

    def reset(self) -> None:
        """End it at once."""
        if not self._ended:
            self._end_code = self._end_code or "closed"
            self._scope.cancel()

    # The trio side

    async def serve(self) -> None:
        """Read and write until the stream ends. Runs as a trio task."""
        graceful = False
        try:
            with self._scope:
                async with trio.open_nursery() as nursery:
                    nursery.start_soon(self._guard, self._read, nursery.cancel_scope)
                    nursery.start_soon(self._limit_drain, nursery.cancel_scope)
                    await self._guard(self._say, None)
                    if not self._end_code:
                        graceful = True
                        self._end_code = "closed"
                    nursery.cancel_scope.cancel()
        finally:
            self._end_code = self._end_code or "lost"
            if not self._framing.agreed:
                self._end_code = "unanswered"
                self._stream.muxed_conn.spoken.discard(self.protocol)
            with trio.move_on_after(1) as scope:
                scope.shield = True
                try:
                    if graceful or self._end_code == "eof":
                        await self._stream.close()
                    else:
                        await self._stream.reset()
                except Exception as error:
                    log.debug("ending a stream to %s: %r", self.peer_id, error)
            self._finish()

    def _finish(self) -> None:
        if self._ended:
            return
        self._ended = True
        self._out.clear()
        self._framing.clear()
        self._stream.muxed_stream.keep(0)
        if self._started.is_set():
            called(partial(self._on_end, self._end_code), f"the end of a stream of {self.protocol}")

    async def _guard(self, work: Callable[[], Any], scope: trio.CancelScope | None) -> None:
        """Turn the library's many exceptions into an end code."""
        try:
            await work()
        except Exception as error:
            name = type(error).__name__
            if "EOF" in name:
                self._end_code = self._end_code or "eof"
            elif "Reset" in name:
                self._end_code = self._end_code or "reset"
            else:
                self._end_code = self._end_code or "lost"
            log.debug("stream to %s: %r", self.peer_id, error)
        if scope is not None and self._end_code:
            scope.cancel()

    async def _read(self) -> None:
        await self._started.wait()
        while True:
            await self._running.wait()
            chunk = await self._next_chunk()
            if not chunk:
                self._end_code = self._end_code or "eof"
                return
            try:
                lines = self._framing.lines(chunk)
            except LineTooLong:
                self._end_code = "line_too_long"
                return
            if self._framing.agreed:
                self._agreed.set()
            self._stream.muxed_stream.keep(self._framing.unfinished)
            if lines:
                what = f"the lines of a stream of {self.protocol}"
                if not called(partial(self._on_lines, lines), what):
                    self._end_code = "reset"
                    return
                self._ticks.give_way()

    async def _next_chunk(self) -> bytes:
        """What comes next; nothing at the end, or when a line takes too long (``too_slow``)."""
        began = trio.current_time()
        data: bytes = b""
        with trio.move_on_after(self._framing.patience) as scope:
            data = await self._stream.read(READ_BYTES)
        self._framing.patience -= trio.current_time() - began
        if scope.cancelled_caught:
            self._end_code = "too_slow"
        return data

    async def _say(self) -> None:
        """Write until it is closed; what was not agreed on is not taken for said."""
        if not self._framing.agreed:
            await self._wake.wait()  # the proposal goes along with a line
        await self._write()
        if not self._framing.agreed:
            await self._stream.close_write()
            await self._agreed.wait()

    async def _write(self) -> None:
        while True:
            if not self._out:
                if self._closing:
                    return
                await self._wake.wait()
                self._wake = trio.Event()
                continue
            data, self._out = bytes(self._out), bytearray()
            self._writing = len(data)
            self._stream.muxed_stream.ends = self._closing
            await self._stream.write(data)
            self._writing = 0

    async def _limit_drain(self, scope: trio.CancelScope) -> None:
        """A peer that does not read holds nothing up that is to end, however far it has got."""
        await self._closed.wait()
        await trio.sleep(DRAIN_SECONDS if self._framing.agreed else limits.AGREEING_SECONDS)
        self._end_code = self._end_code or "closed"
        scope.cancel()
