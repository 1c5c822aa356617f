# SPDX-License-Identifier: MIT
"""The lines by which members of a room learn where others are; finding streams carry them."""

from __future__ import annotations

from typing import Annotated

import msgspec

from goop_realtime.model.wire import PeerId
from goop_realtime.rooms.forms import Reader, RoomLine, RoomName

MAX_ADDRESSES = 8

Address = Annotated[str, msgspec.Meta(max_length=400)]


class WhereIs(RoomLine, tag="where", kw_only=True):
    """Asks where ``peer`` is, which takes part in the room."""

    room: RoomName
    peer: PeerId


class IsAt(RoomLine, tag="there", kw_only=True):
    """Answers it: ``peer`` has said that it is at these multiaddrs."""

    peer: PeerId
    addrs: Annotated[list[Address], msgspec.Meta(max_length=MAX_ADDRESSES)]


_reader = Reader(WhereIs | IsAt)


def parse(raw: bytes) -> WhereIs | IsAt | None:
    """A line without newline; ``None`` where it is of another type. Raises ``MalformedJson``."""
    line: WhereIs | IsAt | None = _reader.read(raw)
    return line
