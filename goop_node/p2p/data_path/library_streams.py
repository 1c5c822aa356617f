# SPDX-License-Identifier: MIT
"""A stream as the library knows it: its tasks wait on trio, while the bytes come by plain calls."""

from __future__ import annotations

from types import TracebackType
from typing import TYPE_CHECKING, NoReturn

import trio
from libp2p.abc import IMuxedStream
from libp2p.stream_muxer.exceptions import (
    MuxedStreamClosed,
    MuxedStreamEOF,
    MuxedStreamError,
    MuxedStreamReset,
)

from goop_node.p2p import limits
from goop_node.p2p.data_path.streams import Stream

if TYPE_CHECKING:
    from goop_node.p2p.data_path.muxer import DirectYamux

STALLED_SECONDS = 5.0
"""How long a peer may take nothing of a stream on which something waits for it."""


class LibraryStream(IMuxedStream):
    """Whoever reads or writes it hears of its end, and of the connection's."""

    def __init__(self, conn: DirectYamux, core: Stream) -> None:
        self.core = core
        self.muxed_conn: DirectYamux = conn
        self.stream_id = core.number
        self.is_initiator = core.ours
        self.longest = limits.NEGOTIATION_BYTES
        """Nothing longer is read at a time: the library gathers whatever length is announced."""
        self._news = trio.Event()
        core.on_input = core.on_output = self._changed

    @property
    def unread(self) -> int:
        """Bytes that have come and were not read yet."""
        return len(self.core.came)

    async def read(self, n: int | None = -1) -> bytes:
        """At most ``n`` bytes, at least one.

        Raises ``MuxedStreamEOF`` and ``MuxedStreamReset``, that also where more is asked for than
        may come.
        """
        core = self.core
        if n is not None and n > self.longest:
            core.abort()
            raise MuxedStreamReset(f"{n} bytes announced, at most {self.longest} may come")
        await trio.lowlevel.checkpoint()
        while not core.came:
            if core.end or core.at_end:
                self._raise_end()
            await self._wait()
        return core.read(-1 if n is None else n)

    async def write(self, data: bytes) -> None:
        """Returns when all of it has left. Raises ``MuxedStreamError``, also where the peer takes
        nothing for a while."""
        core = self.core
        if core.end:
            raise MuxedStreamReset("the stream has ended")
        if core.finishing:
            raise MuxedStreamClosed("the stream is closed for sending")
        core.write(data)
        await trio.lowlevel.checkpoint()
        left, until = len(core.out), trio.current_time() + STALLED_SECONDS
        while core.out and not core.end:
            with trio.move_on_at(until):
                await self._wait()
            now = trio.current_time()
            if core.send_window or len(core.out) < left:
                left, until = len(core.out), now + STALLED_SECONDS
            elif now >= until:
                raise MuxedStreamError("the peer takes nothing")
        if core.end:
            raise MuxedStreamReset("the stream has ended")

    async def close(self) -> None:
        """Nothing more is written; what comes can still be read."""
        self.core.finish()
        await trio.lowlevel.checkpoint()

    async def reset(self) -> None:
        """End it at once."""
        self.core.abort()
        await trio.lowlevel.checkpoint()

    def is_closed(self) -> bool:
        """Whether both directions have ended."""
        return bool(self.core.end) or self.core.over

    def set_deadline(self, ttl: int) -> NoReturn:
        """Not in use. Raises ``NotImplementedError``."""
        raise NotImplementedError("streams have no deadline of their own")

    def get_remote_address(self) -> tuple[str, int] | None:
        """The peer's, as the connection's."""
        return self.muxed_conn.get_remote_address()

    async def __aenter__(self) -> LibraryStream:
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc_val: BaseException | None,
        exc_tb: TracebackType | None,
    ) -> None:
        await self.close()

    def _changed(self) -> None:
        self.muxed_conn.tell(self._news)

    async def _wait(self) -> None:
        # A reader and a writer may wait for the same event: it is replaced when it has come.
        if self._news.is_set():
            self._news = trio.Event()
        await self._news.wait()

    def _raise_end(self) -> NoReturn:
        if self.core.end and self.core.end != "lost":
            raise MuxedStreamReset("the stream was reset")
        raise MuxedStreamEOF("the peer has finished, or the connection has ended")
