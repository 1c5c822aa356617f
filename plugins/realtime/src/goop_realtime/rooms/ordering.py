# SPDX-License-Identifier: MIT
"""Placing entries in a room's log: what a host and its guests do alike."""

from __future__ import annotations

from goop_realtime.model.bounding import bounded
from goop_realtime.model.effects import Outcome
from goop_realtime.rooms import drift, ending, folding, private, receipts
from goop_realtime.rooms.entries import RoomEntry
from goop_realtime.rooms.records import (
    AppendEntry,
    DropRefusal,
    DropRoomOutgoing,
    RoomCommitted,
    SaveRefusal,
)
from goop_realtime.rooms.room import Room
from goop_realtime.rooms.rooms import Shared
from goop_realtime.types import LogEntry, Message, Refusal


def place(sh: Shared, room: Room, entry: RoomEntry, event: LogEntry | None) -> bool:
    """Append a checked entry and take it in; ``event`` is what the Session is told of it.

    False where the context's plugin failed on it: the room has ended here.
    """
    failure = folding.take(sh, room, entry, event)
    if failure is not None:
        ending.fail(sh, room, failure)
        return False
    room.log.append(entry)
    room.hear_of(entry.number)
    sh.out.append(AppendEntry(room.handle, entry))
    sh.grow(room)
    if isinstance(event, Message) and room.context.type.on_commit is not None:
        sh.out.append(RoomCommitted(room.handle, entry))
    if entry.kind == "join":
        room.joined_at.setdefault(entry.author, entry.seq)
    elif entry.kind == "leave":
        room.joined_at.pop(entry.author, None)
        if room.joined:  # else that is long ago, and who has come again has values
            room.newest.keep_only(room.fold.members)
        receipts.settle_handled(sh, room)
    elif entry.kind == "msg" and entry.author == sh.me:
        settle_own(sh, room, entry.id)
        receipts.ordered(sh, room, entry)
    if private.lacks(room, entry):
        room.lacking[entry.seq] = 0
    drift.note_state(sh, room)
    folding.keep_checkpoint(sh, room)
    return True


def settle_own(sh: Shared, room: Room, message_id: str) -> None:
    """A message of our own has its place: it waits no more, and no refusal counts."""
    if room.outbox.take_out(message_id) is not None:
        sh.out.append(DropRoomOutgoing(room.handle, message_id))
    if room.refusals.drop(sh.me, message_id):
        sh.out.append(DropRefusal(room.handle, sh.me, message_id))


def remember_refusal(
    sh: Shared, room: Room, author: str, message_id: str, refusal: Refusal
) -> Outcome:
    """A message is applied nowhere on this branch; that is its answer from here on."""
    said = bounded(refusal)
    outcome = Outcome(code=said.code, reason=said.reason, pointer=said.pointer)
    forgotten = room.refusals.add(author, message_id, outcome)
    if forgotten is not None:
        sh.out.append(DropRefusal(room.handle, author, forgotten))
    sh.out.append(SaveRefusal(room.handle, author, message_id, outcome))
    return outcome


def refuse_own(sh: Shared, room: Room, message_id: str, refusal: Refusal) -> None:
    """A message of our own page, accepted before, was applied nowhere: tell its page.

    ``lost``: a host knows nothing of it any more, and it may have been applied.
    """
    if room.outbox.take_out(message_id) is not None:
        sh.out.append(DropRoomOutgoing(room.handle, message_id))
    if refusal.code == "lost":
        receipts.receipt(sh, room, message_id, "lost")
        return
    outcome = remember_refusal(sh, room, sh.me, message_id, refusal)
    receipts.tell_refused(sh, room, message_id, receipts.refusal_of(outcome))
