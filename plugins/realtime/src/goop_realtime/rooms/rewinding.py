# SPDX-License-Identifier: MIT
"""Giving up what this node has above the fork with its host's log, in one step.

Our own messages above it go in front of the outbox, with the same ids: the host has them already,
or orders them anew.
"""

from __future__ import annotations

from collections.abc import Iterable

from goop_realtime.rooms import folding, ordering, page_rewinds, receipts
from goop_realtime.rooms.entries import RoomEntry, RoomOutgoing
from goop_realtime.rooms.fold import Standing
from goop_realtime.rooms.log import Base, RoomLog
from goop_realtime.rooms.records import CutLog, SaveRoomOutgoing, SetBase
from goop_realtime.rooms.room import Room
from goop_realtime.rooms.rooms import Shared
from goop_realtime.types import Refusal


def cut(sh: Shared, room: Room, fork: int) -> Refusal | None:
    """Cut the log above ``fork``, which is not below its start; why the context cannot follow."""
    if fork >= room.log.last:
        return None
    dropped = room.log.cut(fork)
    sh.out.append(CutLog(room.handle, fork))
    refusal = folding.go_back(sh, room, fork)
    if refusal is not None:
        return refusal
    sh.note(room, "link", "rewound", detail=f"{len(dropped)} entries above {fork}")
    _put_back(sh, room, dropped)
    _forget_above(sh, room, fork)
    page_rewinds.rewound(sh, room, fork)
    return None


def begin_at(sh: Shared, room: Room, base: Base, fork: int) -> Refusal | None:
    """Give the log up and go on from the host's ``base``; up to ``fork`` the two were the same."""
    dropped = list(room.log.after(fork))
    sh.out.append(CutLog(room.handle, 0))
    sh.out.append(SetBase(room.handle, base))
    room.log = RoomLog(base)
    room.checkpoints.clear()
    refusal = folding.begin_at(sh, room, base)
    if refusal is not None:
        return refusal
    folding.note_members(room)
    sh.note(room, "link", "snapshot", detail=f"from {fork} to {base.seq}")
    _put_back(sh, room, dropped)
    for outgoing in list(room.outbox):
        standing = room.fold.standing(sh.me, outgoing.id)
        if standing is Standing.PLACED:
            ordering.settle_own(sh, room, outgoing.id)
            receipts.receipt(sh, room, outgoing.id, "delivered")
    for author, message_id, _ in list(room.refusals):
        standing = room.fold.standing(author, message_id)
        if author == sh.me and standing in (Standing.PLACED, Standing.LOST):
            # Refused on another branch; here it has its place, or may have had one long ago.
            ordering.settle_own(sh, room, message_id)
            stage = "delivered" if standing is Standing.PLACED else "lost"
            receipts.receipt(sh, room, message_id, stage)
    _forget_above(sh, room, fork)
    page_rewinds.gap(sh, room, fork)
    return None


def _put_back(sh: Shared, room: Room, dropped: Iterable[RoomEntry]) -> None:
    mine = [
        RoomOutgoing(id=entry.id, at=entry.at, to=entry.to, raw=entry.raw, salt=entry.salt)
        for entry in dropped
        if entry.kind == "msg" and entry.author == sh.me
    ]
    for place, outgoing in room.outbox.put_in_front(mine):
        sh.out.append(SaveRoomOutgoing(room.handle, place, outgoing))


def _forget_above(sh: Shared, room: Room, fork: int) -> None:
    """What was known of entries above the fork is of others now."""
    while room.own and room.own[-1][0] > fork:
        room.own.pop()
    room.delivered, room.judged = min(room.delivered, fork), min(room.judged, fork)
    room.lacking = {seq: at for seq, at in room.lacking.items() if seq <= fork}
    room.states = {seq: state for seq, state in room.states.items() if seq <= fork}
    room.state_told = min(room.state_told, fork)
    room.handled_by_all = min(room.handled_by_all, fork)
    room.others = {peer: min(seq, fork) for peer, seq in room.others.items()}
    room.stable = min(room.stable, fork)
    room.handed_out = min(room.handed_out, fork)
    page_rewinds.unhandle(sh, room, fork)
