# SPDX-License-Identifier: MIT
"""The streams of channels: those of guests are taken, those to hosts opened."""

from __future__ import annotations

from goop_node.clock import now_ms
from goop_node.types import LineStream, Network, NetworkError
from goop_realtime.driver.streams import Steps, Streams
from goop_realtime.engine.door import Engine
from goop_realtime.model.effects import OpenLink
from goop_realtime.model.jsonio import MalformedJson
from goop_realtime.model.wire import GROUP_PROTOCOL, Line, parse, serialise


class ChannelStreams:
    """The group protocol, 1.1.0, on ``streams``."""

    def __init__(self, network: Network, engine: Engine, streams: Streams, steps: Steps) -> None:
        self._network = network
        self._engine = engine
        self._streams = streams
        self._steps = steps

    def inbound(self, stream: LineStream) -> None:
        """A guest's stream: its first line must be a join."""
        link = self._streams.adopt(stream)
        self._streams.read_inbound(
            link,
            stream,
            lambda raw: self._join(link, stream, raw),
            self._engine.lines,
            self._engine.link_ended,
        )

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
        return True

    def ended(self, link: int, code: str) -> None:
        """A stream has ended; why is the ``code``."""
        self._streams.ended(link, code, self._engine.link_ended)

    async def open(self, action: OpenLink) -> None:
        """Open a stream to the host of a channel."""
        try:
            stream = await self._network.open_stream(action.peer, [GROUP_PROTOCOL], early=True)
        except NetworkError as error:
            self._engine.link_failed(now_ms(), action.channel, error.code)
            self._steps.look()
            self._steps.step()
            return
        link = self._streams.adopt(stream)
        self._engine.link_opened(now_ms(), action.channel, link)
        self._steps.flush()
        self._streams.read(link, stream, self._engine.lines, self._engine.link_ended)
