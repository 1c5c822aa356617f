# SPDX-License-Identifier: MIT
"""Versions of a context in a room: what goes together, what nobody says, states taken over.

As in channels (``machine/versions.py``), but any member may become host. So it stands in the log
what each member has, and who is host next knows it, too.
"""

from __future__ import annotations

from goop_node.types import JsonValue
from goop_node.versions import version_of
from goop_realtime.contexts.registry import Context
from goop_realtime.machine import versions
from goop_realtime.model.contract import Contract
from goop_realtime.model.jsonio import encode
from goop_realtime.model.obstacles import MISMATCH, between
from goop_realtime.model.wire import MAX_VERSION
from goop_realtime.rooms import folding
from goop_realtime.rooms.entries import MemberVersion
from goop_realtime.rooms.find_lines import Host
from goop_realtime.rooms.lines import Join, SnapshotForm
from goop_realtime.rooms.log import Base
from goop_realtime.rooms.records import SetBase
from goop_realtime.rooms.room import Room
from goop_realtime.rooms.rooms import Shared
from goop_realtime.types import Refusal

VERSIONS_BYTES = 64 * 1024
"""What all versions of a room's members may come to as JSON: they are part of every snapshot."""


def of(context: Context) -> MemberVersion | None:
    """What our node has of a context, if it is one."""
    if not context.hash:
        return None
    return MemberVersion(context.type.version[:MAX_VERSION], sorted(context.messages))


def of_guest(room: Room, line: Join) -> MemberVersion | None:
    """What somebody who asks to join has; who knows no versions has the same as we."""
    if line.types is None or not room.context.hash:
        return of(room.context)
    return MemberVersion(line.version, sorted({*line.types}))


def refusal(sh: Shared, room: Room, peer: str, line: Join) -> Refusal | None:
    """Why a guest's version cannot take part in the room, if it cannot."""
    context = room.context
    if line.context != room.context_name or not context.goes_with(line):
        return _between(sh, room, peer, line)
    has = of_guest(room, line)
    if has is None:
        return None
    ours, theirs = {*context.messages}, {*has.types}
    version = version_of(has.version)
    if version is not None and not _is_minor(version >= context.version, ours, theirs):
        reason = f"{context.name} {has.version} there and {context.type.version} here are versions "
        reason += "of one major, and neither has all types of messages of the other"
        return Refusal(code=MISMATCH, reason=reason)
    others = [one for who, one in room.fold.versions.items() if who != peer]
    distinct = {encode([one.version, *one.types]) for one in (*others, has)}
    if sum(map(len, distinct)) > VERSIONS_BYTES:
        reason = f"there are too many versions of {context.name} in this room already"
        return Refusal(code=MISMATCH, reason=reason)
    return None


def _is_minor(newer: bool, ours: set[str], theirs: set[str]) -> bool:
    """Whether the newer one of two minor versions has all types of the other."""
    return theirs >= ours if newer else theirs <= ours


def _between(sh: Shared, room: Room, peer: str, line: Join) -> Refusal:
    """The words are for the guest's pages."""
    name = room.context_name or "no context"
    if line.context != room.context_name:
        reason = f"this room is one of {name}, and not of {line.context or 'no context'}"
        return Refusal(code=MISMATCH, reason=reason)
    mine = (sh.core.label_of(sh.me), room.context.type.version[:MAX_VERSION])
    obstacle = between(room.context.name, mine, (sh.core.label_of(peer), line.version))
    return Refusal(code=MISMATCH, reason=obstacle.said)


def unknown_there(room: Room, data: JsonValue) -> Refusal | None:
    """Why a message may not be said: a member's version has no such type."""
    kind = data.get("type") if isinstance(data, dict) else None
    if not isinstance(kind, str) or not room.context.hash:
        return None
    lacks = room.fold.who_lacks(kind)
    if not lacks or lacks == room.me:  # our own version says that by its schemas
        return None
    label, version = room.fold.members[lacks], room.fold.versions[lacks].version
    return Refusal(
        code="unknown_type_there",
        reason=f"{label} has {room.context.name} {version}, which has no message {kind[:40]!r}; "
        "it takes a newer version there",
        pointer="/type",
    )


def needs_state(room: Room, fork: int, line: Join) -> bool:
    """Whether a guest cannot fold what the log has above ``fork``: it has types that the guest's
    version lacks, or another version of ours has judged it."""
    if fork < min(room.judged, room.log.last):
        return True
    has = of_guest(room, line)
    if has is None or {*has.types} >= {*room.context.messages}:
        return False
    for entry in room.log.after(fork):
        said = folding.data_of(entry)
        if isinstance(said, dict) and said.get("type") not in has.types:
            return True
    return False


def unreadable(room: Room, line: Join) -> Refusal | None:
    """Why a guest's version cannot go on from our state, if it cannot."""
    theirs, context = version_of(line.version), room.context
    if context.type.upgrade is None or theirs is None or theirs >= context.version:
        return None
    reason = f"the state of this room is of {context.name} {context.type.version}, "
    return Refusal(code=MISMATCH, reason=f"{reason}which {line.version} cannot read")


def go_together(room: Room, line: Host) -> bool:
    """Whether this node could follow another host of the room, as far as that has said."""
    theirs = version_of(line.version)
    if theirs is None or not room.context.hash:
        return line.hash == room.context.hash
    return theirs.major == room.context.version.major


def differs(room: Room, host: str) -> bool:
    """Whether a host has ordered by another version than ours."""
    return room.fold.versions.get(host) != of(room.context)


# States and logs


def snapshot_of(room: Room, base: Base) -> SnapshotForm:
    """The state, with which version it is of."""
    found = SnapshotForm(base.fold, base.state)
    if room.context.hash:
        found.version = room.context.type.version[:MAX_VERSION]
        found.reshaped = room.context.type.upgrade is not None
    return found


def read(sh: Shared, room: Room, snapshot: SnapshotForm) -> Base | Refusal:
    """What a host's snapshot is to our version."""
    since = Contract(
        name=room.context.name,
        version=snapshot.version or room.context.type.version[:MAX_VERSION],
        reshaped=bool(snapshot.reshaped),
    )
    state = versions.upgraded(sh.core, room.handle, room.context, snapshot.state, since)
    return state if isinstance(state, Refusal) else Base(snapshot.fold, state)


def take_over(sh: Shared, room: Room, context: Context) -> Refusal | None:
    """Go on by ``context`` with a log that went by another version; why that cannot be.

    Where it can, what is stored says so in the same step; of another major version only when this
    node hosts the room, or is welcomed (``settle``): until then it may go back.
    """
    since, base = room.goes_by, room.log.base
    state = None if base is None else base.state
    state = versions.upgraded(sh.core, room.handle, context, state, since)
    if isinstance(state, Refusal):
        return state
    judged, theirs = since.judged, version_of(since.version)
    if theirs is not None and theirs > context.version:
        unknown = _unknown(room, context)
        if unknown is not None:
            return Refusal(code=MISMATCH, reason=unknown.reason)
        judged = 0
    elif since.version != context.type.version:
        judged = room.log.last
    room.context, room.since, room.judged = context, None, min(judged, room.log.last)
    if theirs is not None and theirs.major != context.version.major and room.log.last:
        room.unsettled = room.unsettled or since
    changed = base is not None and state != base.state
    if base is not None and changed:
        room.log.base = Base(base.fold, state)
    if room.unsettled is None:
        _store(sh, room, base=changed, row=room.goes_by != since)
    return None


def settle(sh: Shared, room: Room) -> None:
    """The room goes by this node's version: so does what is stored from now on."""
    if room.unsettled is not None:
        room.unsettled = None
        _store(sh, room)


def _store(sh: Shared, room: Room, *, base: bool = True, row: bool = True) -> None:
    if base and room.log.base is not None:
        sh.out.append(SetBase(room.handle, room.log.base))
    if row:
        sh.save(room)


def _unknown(room: Room, context: Context) -> Refusal | None:
    """Why an older version cannot read what a newer one has ordered."""
    for entry in room.log.after(0):
        if entry.kind == "msg" and not entry.to and context.messages:
            found = context.check_message(folding.data_of(entry))
            if found is not None:
                return found
    return None


def suit(sh: Shared, room: Room, version: str) -> None:
    """A host goes by ``version``: go by that major, too, if this node has it.

    Where there is a log already, that is where ours is an older one whose state can be taken over.
    """
    theirs = version_of(version)
    if theirs is None or not room.context.hash or theirs.major == room.context.version.major:
        return
    for context in sh.core.registry.versions(room.context_name):
        if context.version.major != theirs.major:
            continue
        if not room.log.last:
            room.context = context
            sh.save(room)
        elif context.version > room.context.version and context.type.upgrade is not None:
            room.since = room.goes_by
            refused = take_over(sh, room, context) or folding.go_back(sh, room, room.log.last)
            if refused is not None:
                sh.note(room, "plugin", refused.code, detail=refused.reason)
