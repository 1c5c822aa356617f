# SPDX-License-Identifier: MIT
"""The streams of rooms: those of guests are taken, those to hosts opened."""

from __future__ import annotations

from goop_node.clock import now_ms
from goop_node.types import LineStream, Network, NetworkError
from goop_realtime.driver.streams import Steps, Streams
from goop_realtime.engine.door import Engine
from goop_realtime.rooms.forms import serialise
from goop_realtime.rooms.lines import ROOM_PROTOCOL, Close
from goop_realtime.rooms.records import OpenRoomLink

OPEN_MS = 3_000
"""How long a host may take to answer a stream: by then another one is sought."""


class RoomStreams:
    """The room protocol on ``streams``."""

    def __init__(self, network: Network, engine: Engine, streams: Streams, steps: Steps) -> None:
        self._network = network
        self._engine = engine
        self._rooms = engine.rooms
        self._streams = streams
        self._steps = steps

    def inbound(self, stream: LineStream) -> None:
        """A guest's stream: its first line must be a join."""
        link = self._streams.adopt(stream)
        self._streams.read_inbound(
            link,
            stream,
            lambda raw: self._join(link, stream, raw),
            self._rooms.lines,
            self._rooms.link_ended,
        )

    def _join(self, link: int, stream: LineStream, raw: bytes) -> bool:
        self._steps.look()
        if self._rooms.joined(now_ms(), link, stream.peer_id, raw):
            return True
        self._engine.note(now_ms(), "link", "bad_first_line", detail=f"from {stream.peer_id}")
        stream.write(serialise(Close(code="bad_first_line")))
        stream.close()
        return False

    async def open(self, action: OpenRoomLink) -> None:
        """Open a stream to the host of a room."""
        handle, peer = action.channel, action.peer
        try:
            stream = await self._network.open_stream(peer, [ROOM_PROTOCOL], timeout_ms=OPEN_MS)
        except NetworkError as error:
            self._rooms.link_failed(now_ms(), handle, peer, error.code)
            self._steps.look()
            self._steps.step()
            return
        link = self._streams.adopt(stream)
        self._rooms.linked(now_ms(), handle, peer, link)
        self._steps.flush()
        self._streams.read(link, stream, self._rooms.lines, self._rooms.link_ended)
