# SPDX-License-Identifier: MIT
"""The lines by which nodes find rooms: who has it, how much of it, and which there are.

One stream between two nodes carries those of all their rooms; any of them may be lost.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from goop_realtime.model.wire import Number, PeerId
from goop_realtime.rooms.entries import MaxPeers, VersionText
from goop_realtime.rooms.fold import MAX_MEMBERS
from goop_realtime.rooms.forms import (
    ContextName,
    EpochForm,
    Hex,
    Nonce,
    Reader,
    RoomId,
    RoomLine,
    RoomName,
)

FIND_PROTOCOL = "/goop-node/room-find/1.0.0"
MAX_FIND_LINE = 32 * 1024
"""Bytes of a line: a list of rooms is the longest."""
MAX_LISTED = 64
"""Rooms in one list."""


class Finding(RoomLine, kw_only=True):
    """How a node stands to a room, as a question (``ask``, under a ``nonce``), an answer, or both.

    ``echo`` is the nonce of the question that is answered; ``proof``, over it, says that the node
    has the room's key.
    """

    room: RoomName
    ask: bool = False
    nonce: Nonce = ""
    echo: Nonce = ""
    proof: Hex = ""


class Seek(Finding, tag="seek", kw_only=True):
    """It wants the room and has no host. It has ``seq`` entries, the newest of ``epoch``; the host
    that it followed last is ``lost`` to it."""

    epoch: EpochForm = (0, "")
    seq: Number = 0
    lost: PeerId = ""


class Host(Finding, tag="host", kw_only=True):
    """It is host in ``epoch``, with so many members ``linked`` and ``seq`` entries.

    ``hash`` is that of its contract, ``version`` that of its context.
    """

    epoch: EpochForm
    seq: Number = 0
    linked: Annotated[int, msgspec.Meta(ge=0, le=MAX_MEMBERS)] = 0
    hash: Hex = ""
    version: VersionText = ""


class Guest(Finding, tag="guest", kw_only=True):
    """It follows ``host``."""

    host: PeerId


class Out(Finding, tag="out", kw_only=True):
    """It has nothing to do with the room."""


class WhichRooms(RoomLine, tag="list", kw_only=True):
    """Asks for the listed rooms of a context (``""`` for none) that the node is host of."""

    context: ContextName = ""


class Listed(msgspec.Struct, rename="camel"):
    """A room in a list. ``id`` is what people join it by; its context goes with the list."""

    id: RoomId
    room: RoomName
    members: Annotated[int, msgspec.Meta(ge=0, le=MAX_MEMBERS)]
    max_peers: MaxPeers


class TheseRooms(RoomLine, tag="rooms", kw_only=True):
    """Answers a ``list``."""

    context: ContextName = ""
    rooms: Annotated[list[Listed], msgspec.Meta(max_length=MAX_LISTED)] = msgspec.field(
        default_factory=list
    )


FindLine = Seek | Host | Guest | Out | WhichRooms | TheseRooms

_reader = Reader(FindLine)


def parse(raw: bytes) -> FindLine | None:
    """A line without newline; ``None`` where its type is unknown. Raises ``MalformedJson``."""
    line: FindLine | None = _reader.read(raw)
    return line
