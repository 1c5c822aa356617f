# SPDX-License-Identifier: MIT
"""Rooms as a start finds them in the journal, and as a new journal is given them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from goop_realtime.contexts.registry import PLAIN, Context, unserved
from goop_realtime.machine.containment import Contained
from goop_realtime.machine.ending import FAILED
from goop_realtime.model.contract import Contract
from goop_realtime.model.effects import Changed
from goop_realtime.model.failure import Failure
from goop_realtime.model.obstacles import MISMATCH, MISSING
from goop_realtime.rooms import ending, folding, private, seeking, versions
from goop_realtime.rooms.log import RoomLog
from goop_realtime.rooms.outbox import Outbox, Refusals
from goop_realtime.rooms.records import (
    AppendEntry,
    ClaimEpoch,
    DropRoom,
    RoomRecord,
    SaveHandled,
    SaveRefusal,
    SaveRoom,
    SaveRoomOutgoing,
    SetBase,
)
from goop_realtime.rooms.room import Phase, Room
from goop_realtime.rooms.rooms import Shared
from goop_realtime.rooms.stored import StoredRoom
from goop_realtime.types import Refusal


def restore(sh: Shared, stored: Mapping[str, StoredRoom]) -> None:
    """Go on with these rooms, by handle: each is sought again."""
    for handle, one in stored.items():
        with Contained(sh.core, handle):
            _restore(sh, one)


def _restore(sh: Shared, stored: StoredRoom) -> None:
    row = stored.row
    context: Context | None = PLAIN
    if row.context:
        context = sh.core.registry.going_on(row.context, row.contract)
    room = Room(
        me=sh.me,
        id=row.id,
        name=row.name,
        context=context or unserved(row.contract or Contract(name=row.context)),
        context_name=row.context,
        max_peers=row.max_peers,
        listed=row.listed,
        secret=row.secret,
        owners=list(row.owners),
        log=RoomLog(stored.base),
        outbox=Outbox(stored.outbox),
        refusals=Refusals(sh.me, stored.refusals),
        since=row.contract,
        own_epoch=stored.epoch,
        seen=stored.epoch,
    )
    sh.rooms[room.handle] = sh.names[room.name] = room
    for flaw in stored.flaws:
        sh.note(room, "node", "flawed", detail=flaw)
    for entry in stored.entries:
        room.log.append(entry)
    room.handled = room.handled_saved = min(stored.handled, room.log.last)
    if context is None:
        ending.fail(sh, room, not_served(sh, room))
    else:
        revive(sh, room, context)


def not_served(sh: Shared, room: Room) -> Refusal:
    """Why there is no context that the room's log could be folded by."""
    by, plugin = room.context.type.version, room.context.plugin
    served = [one.type.version for one in sh.core.registry.versions(room.context_name)]
    if served and by:
        reason = f"{room.context_name} goes by {by}, and there is {' and '.join(served)} now"
        return Refusal(code=MISMATCH, reason=reason)
    was = plugin and f"; it was {plugin}"
    reason = f"no enabled plugin serves {room.context_name} now{was}"
    return Refusal(code=MISSING, reason=reason)


def revive(sh: Shared, room: Room, context: Context) -> Refusal | None:
    """Go on with a room from its log, with the context as it is now; why that fails."""
    room.context = context
    # Also where the context fails on the log: pages ask what became of their messages.
    room.own = [
        (entry.seq, entry.id)
        for entry in room.log.after(0)
        if entry.kind == "msg" and entry.author == sh.me
    ]
    refusal = versions.take_over(sh, room, context) or folding.go_back(sh, room, room.log.last)
    if refusal is not None:
        ending.fail(sh, room, refusal)
        return refusal
    room.stuck = None
    room.phase, room.kept, room.code, room.reason = Phase.SEEKING, False, "", ""
    room.followed_at = sh.now
    sh.rooms[room.handle] = sh.names[room.name] = room
    room.hear_of(room.fold.last.epoch.number)
    room.last_host = room.fold.last.epoch.host
    private.look_for_lacking(room)
    # Any of what is unread may have been handed out before.
    room.handed_out = room.log.last
    room.was_joined = room.is_member
    seeking.begin(sh, room, lost=room.last_host)
    return None


def everything(sh: Shared) -> Iterator[RoomRecord]:
    """The records from which a start would make these rooms again."""
    for room in sh.rooms.values():
        if room.phase is not Phase.LEFT or room.kept:
            yield from _room(room)


def _room(room: Room) -> Iterator[RoomRecord]:
    handle = room.handle
    room.unsettled = None  # there is nothing older to go back to
    yield SaveRoom(handle, room.row())
    if room.own_epoch:
        yield ClaimEpoch(handle, room.own_epoch)
    if room.log.base is not None:
        yield SetBase(handle, room.log.base)
    for entry in room.log.after(0):
        yield AppendEntry(handle, entry)
    for place, outgoing in room.outbox.placed():
        yield SaveRoomOutgoing(handle, place, outgoing)
    for author, message_id, outcome in room.refusals:
        yield SaveRefusal(handle, author, message_id, outcome)
    yield SaveHandled(handle, room.handled)


def set_back(sh: Shared, handle: str, stored: StoredRoom | None, failure: Failure) -> None:
    """This node failed on a room: it goes on from what is stored of it, and leaves it in words.

    Its pages are told what they would have been told.
    """
    was = sh.rooms.pop(handle, None)
    why = f"this node failed on it: {failure.error!r}"[:300]
    sh.core.note("node", FAILED, handle, detail=why)
    sh.grown.pop(handle, None)
    if was is not None:
        if sh.names.get(was.name) is was:
            del sh.names[was.name]
        for link in ending.links_of(sh, was):
            sh.drop(link, drain=False)
    if stored is None or (was is not None and was.phase is Phase.LEFT):
        sh.out.append(DropRoom(handle))
        sh.out.append(Changed(handle))
        return
    with Contained(sh.core, handle):
        _restore(sh, stored)
        room = sh.rooms[handle]
        ending.end(sh, room, FAILED, why)
