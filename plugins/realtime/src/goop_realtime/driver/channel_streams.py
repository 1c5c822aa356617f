# SPDX-License-Identifier: MIT
"""The streams of channels, by the numbers that the engine knows them by."""

from __future__ import annotations

from collections.abc import Callable

from goop_node.clock import now_ms
from goop_node.types import LineStream, Network, NetworkError
from goop_realtime.machine.engine import Engine
from goop_realtime.model.effects import CloseLink, OpenLink, SendLine
from goop_realtime.model.jsonio import MalformedJson
from goop_realtime.model.wire import GROUP_PROTOCOL, Line, parse, serialise


class ChannelStreams:
    """Takes the streams of guests and opens those to hosts.

    ``step`` ends the engine's step in this turn of the loop, ``flush`` at once; ``look`` is told
    of what may bring the engine's next deadline nearer.
    """

    def __init__(
        self,
        network: Network,
        engine: Engine,
        *,
        step: Callable[[], None],
        flush: Callable[[], object],
        look: Callable[[], None],
    ) -> None:
        self._network = network
        self._engine = engine
        self._step = step
        self._flush = flush
        self._look = look
        self._streams: dict[int, LineStream] = {}
        self._next_link = 0
        self._closed = False

    def adopt(self, stream: LineStream) -> int:
        """A number for a stream."""
        self._next_link += 1
        self._streams[self._next_link] = stream
        return self._next_link

    def inbound(self, stream: LineStream) -> None:
        """A guest's stream: its first line must be a join."""
        link = self.adopt(stream)
        first = True

        def on_lines(lines: list[bytes]) -> None:
            nonlocal first
            if first:
                first = False
                if not self._join(link, stream, lines.pop(0)):
                    return
            self._received(link, stream, lines)

        stream.start(on_lines, lambda code: self.ended(link, code))

    def _join(self, link: int, stream: LineStream, raw: bytes) -> bool:
        try:
            line = parse(raw)
        except MalformedJson as error:
            line = Line(type="", reason=error.reason)
        if line.type != "join":
            detail = f"from {stream.peer_id}: {line.type or line.reason}"
            self._engine.note(now_ms(), "link", "bad_first_line", line.group, detail=detail)
            if line.group:  # else there is nothing that an answer could be about
                answer = Line(type="close", group=line.group, code="bad_first_line")
                stream.write(serialise(answer))
                stream.close()
            else:
                stream.reset()
            return False
        # Being a member is more than being discovered, which after a restart takes a while.
        self._engine.joined(now_ms(), link, stream.peer_id, line)
        self._step()
        return True

    def _received(self, link: int, stream: LineStream, lines: list[bytes]) -> None:
        if not lines:
            return
        if not self._engine.lines(now_ms(), link, lines):
            stream.reset()
        self._step()

    def ended(self, link: int, code: str) -> None:
        """A stream has ended; why is the ``code``."""
        self._streams.pop(link, None)
        if not self._closed:
            self._engine.link_ended(now_ms(), link, code)
            self._look()
            self._step()

    async def open(self, action: OpenLink) -> None:
        """Open a stream to the host of a channel."""
        try:
            stream = await self._network.open_stream(action.peer, [GROUP_PROTOCOL])
        except NetworkError as error:
            self._engine.link_failed(now_ms(), action.channel, error.code)
            self._look()
            self._step()
            return
        link = self.adopt(stream)
        self._engine.link_opened(now_ms(), action.channel, link)
        self._flush()
        stream.start(
            lambda lines: self._received(link, stream, lines),
            lambda code: self.ended(link, code),
        )

    def write(self, action: SendLine) -> None:
        """Write a line, where the stream is still there."""
        stream = self._streams.get(action.link)
        if stream is not None:
            stream.write(action.data)

    def end(self, action: CloseLink) -> None:
        """End a stream, in good order or at once."""
        stream = self._streams.get(action.link)
        if stream is None:
            return
        if action.drain:
            stream.close()
        else:
            stream.reset()

    def cut_off(self) -> None:
        """End every stream at once."""
        for stream in list(self._streams.values()):
            stream.reset()
        self._streams.clear()

    def close(self) -> None:
        """Stop: every stream ends in good order, and the engine hears of none any more."""
        self._closed = True
        for stream in list(self._streams.values()):
            stream.close()
