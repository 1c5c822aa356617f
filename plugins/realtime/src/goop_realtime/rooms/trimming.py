# SPDX-License-Identifier: MIT
"""Trimming a room's log: behind what all members have stored, and within a bound however slow
somebody is. Whoever has less is given fold and state instead."""

from __future__ import annotations

from goop_realtime.model.limits import KEPT_BYTES, KEPT_ENTRIES
from goop_realtime.rooms import ending
from goop_realtime.rooms.records import SetBase
from goop_realtime.rooms.room import Room
from goop_realtime.rooms.rooms import Shared
from goop_realtime.types import Refusal

LOG_BYTES = 8 * 1024 * 1024
"""The most that a log may hold."""
LOG_ENTRIES = 20_000


def trim(sh: Shared, room: Room) -> None:
    """Forget what nobody needs any more, where that is worth it."""
    log = room.log
    if len(log) < 2 * KEPT_ENTRIES and log.size <= 2 * KEPT_BYTES:
        return
    forced = log.size > LOG_BYTES or len(log) > LOG_ENTRIES
    floor = log.last - len(log) // 2 if forced else _floor(sh, room)
    base = next((one for one in reversed(room.checkpoints) if one.seq <= floor), None)
    if base is None and forced and room.checkpoints:
        base = room.checkpoints[0]  # older ones were given up: few are kept
    if base is not None:
        log.trim(base)
        room.checkpoints = [one for one in room.checkpoints if one.seq > base.seq]
        room.own = [one for one in room.own if one[0] > log.start]
        sh.out.append(SetBase(room.handle, base))
    elif forced:
        reason = "its log has grown beyond all bounds, and there is no state to go on from"
        ending.fail(sh, room, Refusal(code="too_large", reason=reason))


def _floor(sh: Shared, room: Room) -> int:
    """Up to where nobody is likely to ask: our own pages may be a little behind, too."""
    log = room.log
    kept = log.last - KEPT_ENTRIES
    views = (page.views.get(room.handle) for page in sh.core.pages.values() if page.connected)
    behind = min((view.handled for view in views if view and not view.barred), default=kept)
    return min(room.stable, kept, max(behind, log.last - LOG_ENTRIES // 4))
