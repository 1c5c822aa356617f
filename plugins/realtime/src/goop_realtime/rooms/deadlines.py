# SPDX-License-Identifier: MIT
"""As time goes by: who seeks asks again, links fall silent, members that are gone are let go."""

from __future__ import annotations

from goop_realtime.machine.containment import Contained
from goop_realtime.machine.liveness import Overdue
from goop_realtime.rooms import (
    aside,
    distributing,
    ending,
    finding,
    following,
    leaving,
    nearby,
    private,
    streams,
    unfollowed,
    views,
)
from goop_realtime.rooms.room import Phase, Room
from goop_realtime.rooms.rooms import Shared

CALM_MS = 500
"""How often a room is looked at that nothing is due in."""
SOON_MS = 20
KEPT_MS = 60_000


def tick(sh: Shared) -> list[Overdue]:
    """Do what is due at ``sh.now``."""
    for room in list(sh.rooms.values()):
        with Contained(sh.core, room.handle):
            _keep(sh, room)
    nearby.keep(sh)
    return []


def _keep(sh: Shared, room: Room) -> None:
    if room.phase is Phase.LEFT:
        if not room.kept and sh.now - room.left_at > ending.TOMBSTONE_MS:
            ending.forget(sh, room)
        return
    streams.keep(sh, room)
    leaving.keep(sh, room)
    if room.phase is Phase.HOST:
        distributing.keep(sh, room)
        aside.keep(sh, room)
    private.keep(sh, room)
    following.keep(sh, room)
    finding.look(sh, room)
    views.save_handled(sh, room)
    unfollowed.keep(sh, room)


def wake_at(sh: Shared, now: int) -> int | None:
    """When to look again (Unix ms); ``None`` when nothing is pending."""
    due = [_due(room, now) for room in sh.rooms.values()]
    if sh.watchers:
        due.append(now + nearby.TELL_MS)
    return max(min(due), now + SOON_MS) if due else None


def look_at(sh: Shared) -> int | None:
    """When guests are next to be told what is stable (Unix ms): no effect says that this is due."""
    due = [
        room.hosting.stable_at
        for room in sh.names.values()
        if room.hosting is not None and room.hosting.stable_due
    ]
    return min(due, default=None)


def _due(room: Room, now: int) -> int:
    if room.phase is Phase.LEFT:
        return room.left_at + ending.TOMBSTONE_MS + 1 if not room.kept else now + KEPT_MS
    if room.seeking is not None:
        skipped = (at for at in room.seeking.skipped.values() if at > now)
        return min((room.seeking.ask_at, *skipped))
    if room.hosting is not None and room.phase is Phase.LEAVING:
        return room.hosting.leaves_at
    if room.hosting is not None and room.hosting.stable_due:
        return min(room.hosting.stable_at, now + CALM_MS)
    return now + CALM_MS
