# SPDX-License-Identifier: MIT
"""What this node's person may see of all rooms and their logs."""

from __future__ import annotations

from goop_node.types import JsonValue
from goop_realtime.contexts.recording import Place, Recorded, Recording
from goop_realtime.machine.rights import UNKNOWN
from goop_realtime.model.jsonio import decode
from goop_realtime.rooms.entries import RoomEntry
from goop_realtime.rooms.folding import data_of, event_of
from goop_realtime.rooms.positions import Position
from goop_realtime.rooms.room import Room
from goop_realtime.rooms.rooms import Shared
from goop_realtime.rooms.rows import listed, state_of
from goop_realtime.types import Refusal, Snapshot


def logs(sh: Shared) -> list[dict[str, JsonValue]]:
    """Every room, as ``machine/seen.py`` has channels; ``room`` is what people join it by."""
    return [_log_row(sh, room) for room in sh.rooms.values()]


def _log_row(sh: Shared, room: Room) -> dict[str, JsonValue]:
    log = room.log
    newest = log.get(log.last)
    others = {peer: label for peer, label in room.fold.members.items() if peer != sh.me}
    row: dict[str, JsonValue] = {
        "id": room.handle,
        "kind": "room",
        "room": room.id,
        "context": room.context_name,
        "version": room.context.type.version,
        "plugin": room.context.plugin,
        "phase": str(room.phase),
        "state": state_of(room),
        "ended": room.final,
        "peers": listed(others),
        "host": room.host,
        "delivery": "log",
        "entries": len(log),
        "bytes": log.size,
        "first": log.start + 1,
        "last": log.last,
        "waiting": len(room.outbox),
        "at": 0 if newest is None else newest.at,
    }
    return row | {"code": room.code, "reason": room.reason} if room.code else row


def recording(sh: Shared, handle: str, after: int) -> Recording | Refusal:
    """What the room's Session was opened from, and the entries above the number ``after``."""
    room = sh.rooms.get(handle)
    if room is None:
        return UNKNOWN
    base, runs = room.log.base, room.fold.runs
    snapshot = None
    if base is not None and base.fold.room:
        place = runs.place(base.seq)
        snapshot = Snapshot(epoch=place.epoch.number, seq=base.seq, state=base.state)
    refusal = None
    if not room.context.served:
        refusal = Refusal(code=room.code or "plugin_missing", reason=room.reason)
    held = list(room.log.after(after))
    return Recording(
        context=room.context,
        request=room.request,
        room=True,
        snapshot=snapshot,
        start=_place(runs.place(room.log.start)),
        last=_place(room.fold.last),
        judged=0,
        obstacle=refusal,
        entries=(_recorded(room, entry) for entry in held),
    )


def _place(at: Position) -> Place:
    return Place(at.epoch.number, at.seq, at.epoch.host)


def _recorded(room: Room, entry: RoomEntry) -> Recorded:
    ours = entry.kind == "msg" and not entry.withheld and room.concerns_us(entry)
    return Recorded(
        place=_place(entry.position),
        kind=entry.kind,
        author=entry.author,
        at=entry.at,
        id=entry.id,
        to=entry.to,
        data=decode(entry.raw) if ours else None,
        event=event_of(entry, data_of(entry)),
    )
