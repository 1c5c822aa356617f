# SPDX-License-Identifier: MIT
"""What the machine of rooms asks for besides what that of channels does: see ``model/effects.py``.

``channel`` is a room's handle everywhere. Records are committed before anything else of their
batch, in their order: a step may cut the log and go on at the cut.
"""

from __future__ import annotations

from typing import Any

import msgspec

from goop_realtime.model.effects import Outcome
from goop_realtime.rooms.entries import RoomEntry, RoomOutgoing
from goop_realtime.rooms.log import Base

# Records


class SaveRoom(msgspec.Struct, frozen=True):
    """Write the room's row (``RoomRow`` of ``stored.py``)."""

    channel: str
    row: dict[str, Any]


class DropRoom(msgspec.Struct, frozen=True):
    """Forget the room and all that belongs to it."""

    channel: str


class ClaimEpoch(msgspec.Struct, frozen=True):
    """This node becomes host in the epoch ``number``, which it never uses again: the disk has it
    (fsync) before anything else of the batch happens, so that no power cut takes it back."""

    channel: str
    number: int


class AppendEntry(msgspec.Struct, frozen=True, gc=False):
    """Append an entry to the room's log; the same number anew replaces a withheld one."""

    channel: str
    entry: RoomEntry


class CutLog(msgspec.Struct, frozen=True):
    """Forget the entries above ``seq``."""

    channel: str
    seq: int


class SetBase(msgspec.Struct, frozen=True):
    """Forget the entries up to ``base.seq``: what they come to is in the ``base``."""

    channel: str
    base: Base


class SaveRoomOutgoing(msgspec.Struct, frozen=True, gc=False):
    """Put a message into the room's outbox, which is ordered by ``place`` (it may be negative)."""

    channel: str
    place: int
    outgoing: RoomOutgoing


class DropRoomOutgoing(msgspec.Struct, frozen=True, gc=False):
    """Take a message out of the room's outbox."""

    channel: str
    id: str


class SaveRefusal(msgspec.Struct, frozen=True, gc=False):
    """Remember why an author's message was refused."""

    channel: str
    author: str
    id: str
    outcome: Outcome


class DropRefusal(msgspec.Struct, frozen=True, gc=False):
    """Forget that: it was ordered after all, or it is too long ago."""

    channel: str
    author: str
    id: str


class SaveHandled(msgspec.Struct, frozen=True, gc=False):
    """Remember up to where this node's pages have handled the log."""

    channel: str
    seq: int


RoomRecord = (
    SaveRoom
    | DropRoom
    | ClaimEpoch
    | AppendEntry
    | CutLog
    | SetBase
    | SaveRoomOutgoing
    | DropRoomOutgoing
    | SaveRefusal
    | DropRefusal
    | SaveHandled
)
ROOM_RECORDS = (
    SaveRoom,
    DropRoom,
    ClaimEpoch,
    AppendEntry,
    CutLog,
    SetBase,
    SaveRoomOutgoing,
    DropRoomOutgoing,
    SaveRefusal,
    DropRefusal,
    SaveHandled,
)

# Actions, beside ``SendLine``, ``CloseLink``, ``Frame`` and ``Changed`` of ``model/effects.py``


class SendFind(msgspec.Struct, frozen=True, gc=False):
    """Send a peer a line of the finding protocol. It may be lost."""

    peer: str
    data: bytes
    channel: str = ""


class OpenRoomLink(msgspec.Struct, frozen=True):
    """Open a room's stream to a peer; ``Rooms.linked`` or ``Rooms.link_failed`` answers."""

    channel: str
    peer: str


class RoomCommitted(msgspec.Struct, frozen=True, gc=False):
    """Tell the context's plugin of an entry that is stored here; a later host may cut it off."""

    channel: str
    entry: RoomEntry


RoomAction = SendFind | OpenRoomLink | RoomCommitted
RoomEffect = RoomRecord | RoomAction

QUIET_ROOM = frozenset(
    (
        AppendEntry,
        SaveRoomOutgoing,
        DropRoomOutgoing,
        SaveHandled,
        SetBase,
        SendFind,
        RoomCommitted,
    )
)
"""Effects that bring no deadline nearer: see ``QUIET`` of ``model/effects.py``."""
