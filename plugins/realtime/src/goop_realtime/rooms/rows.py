# SPDX-License-Identifier: MIT
"""The row of a room: what ``GET /api/realtime/rooms``, a join and the ``room`` frame tell of it."""

from __future__ import annotations

from collections.abc import Mapping

from goop_node.types import JsonValue
from goop_realtime.machine.rows import unordered
from goop_realtime.model.limits import SIGNAL_BYTES
from goop_realtime.rooms.positions import Position
from goop_realtime.rooms.room import Phase, Room
from goop_realtime.rooms.rooms import Shared

Row = dict[str, JsonValue]


def room_row(sh: Shared, room: Room) -> Row:
    """The room as it is now."""
    return {"channelId": room.handle, **told(sh, room, room.fold.members)}


def told(sh: Shared, room: Room, members: Mapping[str, str]) -> Row:
    """The same without its handle, and with those ``members``."""
    limits = sh.core.limits.of(room.context.type.limits)
    opened = bool(room.fold.room)
    row: Row = {
        "room": room.id,
        "context": room.context_name,
        "version": room.context.type.version,
        "state": state_of(room),
        "host": room.host,
        "maxPeers": room.fold.opening.max_peers if opened else room.max_peers,
        "members": listed(members),
        "self": sh.me,
        "limits": {
            "messageBytes": limits.message_bytes,
            "signalBytes": SIGNAL_BYTES,
            "rate": limits.rate,
            "burst": limits.burst,
        },
    }
    row |= unordered(room.context, limits)
    if room.was_joined and not (room.joined or room.final):
        row["suspended"] = True
    if room.hosting is not None and room.hosting.apart:
        row["apart"] = [
            {"peerId": peer, "peerLabel": sh.core.label_of(peer), "reason": reason}
            for peer, (_, reason) in room.hosting.apart.items()
        ]
    if room.code:
        row |= {"code": room.code, "reason": room.reason}
    return row


def listed(members: Mapping[str, str]) -> list[JsonValue]:
    """Members as pages are told them, in the order in which they joined."""
    return [{"peerId": peer, "peerLabel": label} for peer, label in members.items()]


def state_of(room: Room) -> str:
    """What pages call it: ``joining``, ``joined`` or ``left``."""
    if room.phase is Phase.LEFT or room.phase is Phase.LEAVING:
        return "left"
    return "joined" if room.joined or room.was_joined else "joining"


def told_place(at: Position) -> list[JsonValue]:
    """A position as pages are told it."""
    return [at.epoch.number, at.epoch.host, at.seq]
