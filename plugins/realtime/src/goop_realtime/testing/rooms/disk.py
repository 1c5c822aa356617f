# SPDX-License-Identifier: MIT
"""A journal of rooms in plain memory: what the real one does, in a tenth of its time."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass, field
from typing import Any

import msgspec

from goop_realtime.engine.effects import AnyRecord, Kept
from goop_realtime.model.effects import Outcome
from goop_realtime.rooms.entries import RoomEntry, RoomOutgoing
from goop_realtime.rooms.log import Base
from goop_realtime.rooms.records import (
    ROOM_RECORDS,
    AppendEntry,
    ClaimEpoch,
    CutLog,
    DropRefusal,
    DropRoom,
    DropRoomOutgoing,
    RoomRecord,
    SaveHandled,
    SaveRefusal,
    SaveRoom,
    SaveRoomOutgoing,
    SetBase,
)
from goop_realtime.rooms.stored import RoomRow, StoredRoom
from goop_realtime.storage.journal import must_last
from goop_realtime.testing.machine import Disk


@dataclass
class _Room:
    """All that is written of a room."""

    row: dict[str, Any]
    base: Base | None = None
    entries: dict[int, RoomEntry] = field(default_factory=dict)
    outbox: dict[str, tuple[int, RoomOutgoing]] = field(default_factory=dict)
    refusals: dict[tuple[str, str], Outcome] = field(default_factory=dict)
    handled: int = 0
    epoch: int = 0

    def __copy__(self) -> _Room:
        return _Room(
            self.row,
            self.base,
            dict(self.entries),
            dict(self.outbox),
            dict(self.refusals),
            self.handled,
            self.epoch,
        )

    def stored(self) -> StoredRoom:
        """It, as a start gets it."""
        found = StoredRoom(msgspec.convert(self.row, RoomRow))
        found.epoch, found.base, found.handled = self.epoch, self.base, self.handled
        for seq in sorted(self.entries):
            found.take(self.entries[seq])
        found.outbox = sorted(self.outbox.values(), key=lambda one: one[0])
        found.refusals = [(*key, outcome) for key, outcome in self.refusals.items()]
        return found


class RoomDisk(Disk):
    """A file that may be full, locked, lost, or behind in a power cut. Rooms are beside it."""

    def __init__(self) -> None:
        super().__init__()
        self._rooms: dict[str, _Room] = {}
        self.orphans: list[RoomRecord] = []
        """What was to be written of rooms that are not there."""
        self._synced_rooms: dict[str, _Room] | None = None

    def commit(self, records: Sequence[AnyRecord]) -> dict[str, Exception]:
        """Write, or fail as SQLite does."""
        ours = [record for record in records if isinstance(record, ROOM_RECORDS)]
        if len(ours) < len(records) or self.lost or not ours:
            super().commit([one for one in records if not isinstance(one, ROOM_RECORDS)])
        else:
            self.may_fail()
        for record in ours:
            if record.channel not in self._rooms and not isinstance(record, SaveRoom):
                self.orphans.append(record)
                continue
            _WRITERS[type(record)](self._rooms, record)
        if self._synced_rooms is not None and must_last(ours):
            self.stop_syncing()  # what is synced takes all before it to the disk
        return {}

    def load(self, only: str | None = None) -> dict[str, Kept]:
        """Everything, by handle and channel, or ``only`` that one."""
        found = super().load(only)
        for handle, room in self._rooms.items():
            if only is None or handle == only:
                found[handle] = room.stored()
        return found

    def renew(self, records: Sequence[AnyRecord], reason: str) -> dict[str, Exception]:
        """Begin anew, with all there is."""
        self._rooms = {}
        return super().renew(records, reason)

    def stop_syncing(self) -> None:
        """From now on commits only seem to reach the disk."""
        super().stop_syncing()
        self._synced_rooms = {handle: copy(room) for handle, room in self._rooms.items()}

    def lose_everything(self) -> None:
        """Nothing will be found on it after ``fall_back``."""
        super().lose_everything()
        self._synced_rooms = {}

    def fall_back(self) -> bool:
        """Lose every commit since ``stop_syncing``; whether there was that."""
        if self._synced_rooms is not None:
            self._rooms, self._synced_rooms = self._synced_rooms, None
        return super().fall_back()


def _room(rooms: dict[str, _Room], record: SaveRoom) -> None:
    if record.channel in rooms:
        rooms[record.channel].row = record.row
    else:
        rooms[record.channel] = _Room(record.row)


def _append(rooms: dict[str, _Room], record: AppendEntry) -> None:
    rooms[record.channel].entries[record.entry.seq] = record.entry


def _cut(rooms: dict[str, _Room], record: CutLog) -> None:
    room = rooms[record.channel]
    room.entries = {seq: entry for seq, entry in room.entries.items() if seq <= record.seq}
    if room.base is not None and room.base.seq > record.seq:
        room.base = None


def _base(rooms: dict[str, _Room], record: SetBase) -> None:
    room, start = rooms[record.channel], record.base.seq
    room.base = record.base
    room.entries = {seq: entry for seq, entry in room.entries.items() if seq > start}


def _claim(rooms: dict[str, _Room], record: ClaimEpoch) -> None:
    rooms[record.channel].epoch = record.number


def _outgoing(rooms: dict[str, _Room], record: SaveRoomOutgoing) -> None:
    rooms[record.channel].outbox[record.outgoing.id] = (record.place, record.outgoing)


def _no_outgoing(rooms: dict[str, _Room], record: DropRoomOutgoing) -> None:
    rooms[record.channel].outbox.pop(record.id, None)


def _refusal(rooms: dict[str, _Room], record: SaveRefusal) -> None:
    rooms[record.channel].refusals[record.author, record.id] = record.outcome


def _no_refusal(rooms: dict[str, _Room], record: DropRefusal) -> None:
    rooms[record.channel].refusals.pop((record.author, record.id), None)


def _handled(rooms: dict[str, _Room], record: SaveHandled) -> None:
    rooms[record.channel].handled = record.seq


def _drop(rooms: dict[str, _Room], record: DropRoom) -> None:
    rooms.pop(record.channel, None)


_WRITERS: dict[type, Any] = {
    SaveRoom: _room,
    AppendEntry: _append,
    CutLog: _cut,
    SetBase: _base,
    ClaimEpoch: _claim,
    SaveRoomOutgoing: _outgoing,
    DropRoomOutgoing: _no_outgoing,
    SaveRefusal: _refusal,
    DropRefusal: _no_refusal,
    SaveHandled: _handled,
    DropRoom: _drop,
}
