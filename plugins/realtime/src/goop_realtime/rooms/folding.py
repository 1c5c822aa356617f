# SPDX-License-Identifier: MIT
"""Taking a room's entries into its fold and its Session, and going back to where they were.

Neither runs backwards. Now and then what both come to is kept as a checkpoint: a log is trimmed to
one, and what is cut off is undone from one.
"""

from __future__ import annotations

import msgspec

from goop_node.types import JsonValue
from goop_realtime.contexts.channel_session import ChannelSession, PluginFailure
from goop_realtime.model.jsonio import MalformedJson, decode, encode
from goop_realtime.model.limits import STATE_BYTES
from goop_realtime.rooms.entries import Joining, Leaving, RoomEntry, is_arrival
from goop_realtime.rooms.fold import Fold
from goop_realtime.rooms.log import Base
from goop_realtime.rooms.room import Room
from goop_realtime.rooms.rooms import Shared
from goop_realtime.types import Joined, Left, LogEntry, Message, Refusal, Snapshot

CHECKPOINT_ENTRIES = 256
CHECKPOINT_BYTES = 512 * 1024
"""How far apart they are."""
CHECKPOINTS = 16
"""How many are kept; of more every second one goes."""


def message_of(entry: RoomEntry, data: JsonValue) -> Message:
    """A message with its place, as contexts are told it."""
    return Message(
        sender=entry.author, data=data, id=entry.id, sent_at_ms=entry.at, host=entry.host
    )


def event_of(entry: RoomEntry, data: JsonValue = None) -> LogEntry | None:
    """What a Session is told of an entry: ``data`` is a message's; nothing of private ones, and of
    members that have another version now."""
    if entry.kind == "msg":
        if entry.to:
            return None
        return message_of(entry, data)
    if entry.kind == "join":
        said = msgspec.json.decode(entry.raw, type=Joining)
        if said.again:
            return None
        return Joined(peer=entry.author, label=said.label, at_ms=entry.at, host=entry.host)
    if entry.kind == "leave":
        lost = msgspec.json.decode(entry.raw, type=Leaving).lost
        return Left(peer=entry.author, lost=lost, at_ms=entry.at, host=entry.host)
    return None


def data_of(entry: RoomEntry) -> JsonValue:
    """What a message says, where a Session has to know. Raises ``MalformedJson``."""
    return decode(entry.raw) if entry.kind == "msg" and not entry.to else None


def judge(room: Room, event: LogEntry | None) -> Refusal | None:
    """Why the context does not take what comes next, if it does not."""
    if event is None or room.session is None:
        return None
    if isinstance(event, Message) and room.context.messages:
        refusal = room.context.check_message(event.data)
        if refusal is not None:
            return refusal
    return room.session.check(event)


def take(sh: Shared, room: Room, entry: RoomEntry, event: LogEntry | None) -> Refusal | None:
    """Take the next entry in; what the context's plugin failed with, or refused a room with."""
    room.fold.take(entry)
    if entry.kind == "open":
        found = sh.core.open_session(room.context, room.request, None)
        if isinstance(found, Refusal):
            return found
        room.session = found
    elif event is not None and room.session is not None:
        return room.session.apply(event)
    return None


def keep_checkpoint(sh: Shared, room: Room) -> None:
    """Keep what the log comes to, if the last time is long enough ago."""
    log = room.log
    kept = room.checkpoints[-1].seq if room.checkpoints else log.start
    if log.last - kept < CHECKPOINT_ENTRIES and log.bytes_between(kept, log.last) < (
        CHECKPOINT_BYTES
    ):
        return
    base = base_of(sh, room)
    if isinstance(base, Refusal):
        sh.note(room, "plugin", base.code, detail=f"no state to keep: {base.reason}")
        return
    room.checkpoints.append(base)
    if len(room.checkpoints) > CHECKPOINTS:
        del room.checkpoints[::2]


def base_of(sh: Shared, room: Room) -> Base | Refusal:
    """What the whole log comes to, as it may travel."""
    state: JsonValue | PluginFailure = None
    if room.session is not None and not room.session.keeps_nothing:
        state = room.session.snapshot()
        if isinstance(state, PluginFailure):
            return state
        size = len(encode(state))
        if size > STATE_BYTES:
            reason = f"a state of {size} bytes; at most {STATE_BYTES} travel"
            return Refusal(code="too_large", reason=reason)
    return Base(room.fold.form(), state)


def begin_at(sh: Shared, room: Room, base: Base | None) -> Refusal | None:
    """Fold and Session as they were at ``base``, or at the very beginning."""
    room.fold, room.session = Fold() if base is None else Fold.of(base.fold), None
    if base is None or not base.fold.room:
        return None
    snapshot = Snapshot(epoch=room.fold.last.epoch.number, seq=base.seq, state=base.state)
    found = sh.core.open_session(room.context, room.request, snapshot)
    if isinstance(found, ChannelSession):
        room.session = found
        return None
    return found


def go_back(sh: Shared, room: Room, seq: int) -> Refusal | None:
    """Fold and Session as they were behind ``seq``, which is not below the log's start."""
    while room.checkpoints and room.checkpoints[-1].seq > seq:
        room.checkpoints.pop()
    base = room.checkpoints[-1] if room.checkpoints else room.log.base
    refusal = begin_at(sh, room, base)
    for entry in room.log.after(base.seq if base else 0):
        if refusal is not None or entry.seq > seq:
            break
        try:
            refusal = take(sh, room, entry, event_of(entry, data_of(entry)))
        except MalformedJson as error:
            refusal = Refusal(code=error.code, reason=error.reason)
    note_members(room)
    return refusal


def note_members(room: Room) -> None:
    """Since which entries the members are on the list, as far as the log says that."""
    joins = {entry.author: entry.seq for entry in room.log.after(0) if is_arrival(entry)}
    room.joined_at = {peer: joins.get(peer, 0) for peer in room.fold.members}


def fold_at(room: Room, seq: int) -> Fold:
    """What the log comes to where a page is."""
    return room.fold if seq >= room.log.last else room.log.fold_at(max(seq, room.log.start))
