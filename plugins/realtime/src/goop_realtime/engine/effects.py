# SPDX-License-Identifier: MIT
"""What both machines ask for, channels' and rooms' alike; and what is kept of either."""

from __future__ import annotations

from collections.abc import Mapping

from goop_realtime.model import effects
from goop_realtime.model.effects import Effect, Record
from goop_realtime.model.stored import Stored
from goop_realtime.rooms.records import QUIET_ROOM, ROOM_RECORDS, RoomEffect, RoomRecord
from goop_realtime.rooms.stored import StoredRoom

AnyRecord = Record | RoomRecord
AnyEffect = Effect | RoomEffect
ROOM_KINDS = frozenset(ROOM_RECORDS)
RECORD_KINDS = effects.RECORD_KINDS | ROOM_KINDS
QUIET = effects.QUIET | QUIET_ROOM
"""Effects of messages that come and go; whatever else may change when to look again."""

Kept = Stored | StoredRoom
"""What the journal holds of a channel, by its id, or of a room, by its handle."""


def channels_of(kept: Mapping[str, Kept]) -> dict[str, Stored]:
    """The channels of what the journal holds."""
    return {name: one for name, one in kept.items() if isinstance(one, Stored)}


def rooms_of(kept: Mapping[str, Kept]) -> dict[str, StoredRoom]:
    """The rooms of what the journal holds."""
    return {name: one for name, one in kept.items() if isinstance(one, StoredRoom)}
