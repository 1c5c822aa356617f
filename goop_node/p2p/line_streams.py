# SPDX-License-Identifier: MIT
"""A stream of the library as a ``LineStream``, whichever way its bytes take."""

from __future__ import annotations

import logging
from typing import Any

import trio

from goop_node.p2p.data_path.direct_lines import DirectLines
from goop_node.p2p.data_path.library_streams import LibraryStream
from goop_node.p2p.framing import Framing
from goop_node.p2p.guest_ticks import GuestTicks
from goop_node.p2p.lines import Lines
from goop_node.types import StreamHandler

log = logging.getLogger(__name__)


class ServedLines(DirectLines):
    """Lines by plain calls. All that trio does is to wait for their end."""

    def __init__(self, stream: Any, *args: Any) -> None:
        super().__init__(stream.muxed_stream.core, *args)
        self._stream = stream
        self._done = trio.Event()

    def over(self) -> None:
        """See ``DirectLines``."""
        conn = self._stream.muxed_conn
        conn.tell(self._done)
        if self._end_code == "unanswered":
            conn.spoken.discard(self.protocol)

    async def serve(self) -> None:
        """Until the stream ends; then the library's own account of it is closed."""
        try:
            await self._done.wait()
        finally:
            self.lose()
            with trio.move_on_after(1) as scope:
                scope.shield = True
                try:
                    if self._core.end:
                        await self._stream.reset()
                    else:
                        await self._stream.close()
                except Exception as error:
                    log.debug("ending a stream to %s: %r", self.peer_id, error)


def line_stream(
    stream: Any,
    protocol: str,
    max_line: int,
    ticks: GuestTicks,
    *,
    theirs: bool = False,
    proposal: bytes = b"",
) -> Lines | ServedLines:
    """See ``Lines``; whoever has it awaits its ``serve``."""
    peer_id = stream.muxed_conn.peer_id.to_base58()
    if isinstance(stream.muxed_stream, LibraryStream):
        framing = Framing(max_line, theirs=theirs, proposal=proposal)
        return ServedLines(stream, peer_id, protocol, framing, ticks.loop, proposal)
    return Lines(stream, peer_id, protocol, max_line, ticks, theirs=theirs, proposal=proposal)


async def serve_lines(handler: StreamHandler, ticks: GuestTicks, stream: Any) -> None:
    """Hand over a stream that a peer has opened, and serve it. Runs as a trio task."""
    lines = line_stream(stream, handler.protocol, handler.max_line, ticks, theirs=True)
    handler.handle(lines)
    await lines.serve()
