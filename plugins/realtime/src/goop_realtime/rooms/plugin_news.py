# SPDX-License-Identifier: MIT
"""Tells the contexts' plugins of messages in rooms' logs.

Those to one member alone are no plugin's business: no Session has seen them.
"""

from __future__ import annotations

from collections.abc import Iterable

from goop_realtime.machine.plugin_news import Work
from goop_realtime.model.jsonio import decode
from goop_realtime.rooms.entries import RoomEntry
from goop_realtime.rooms.folding import message_of
from goop_realtime.rooms.records import RoomCommitted
from goop_realtime.rooms.room import Room
from goop_realtime.rooms.rooms import Shared
from goop_realtime.types import Applied


def replay(sh: Shared) -> list[Work]:
    """At a start: tell again what the logs hold; a kill may have come before ``on_commit``."""
    return [work for room in sh.rooms.values() for work in _tell(room, room.log.after(0))]


def committed(sh: Shared, news: Iterable[RoomCommitted]) -> list[Work]:
    """Entries are stored; those that the same step has cut off again are not told."""
    batches: dict[str, list[RoomEntry]] = {}
    for item in news:
        batches.setdefault(item.channel, []).append(item.entry)
    work: list[Work] = []
    for handle, batch in batches.items():
        room = sh.rooms.get(handle)
        if room is not None:
            held = [one for one in batch if _holds(room, one)]
            work += _tell(room, held)
    return work


def _holds(room: Room, entry: RoomEntry) -> bool:
    held = room.log.get(entry.seq)
    return entry.seq <= room.log.start or (held is not None and held.epoch == entry.epoch)


def _tell(room: Room, entries: Iterable[RoomEntry]) -> list[Work]:
    session = room.session
    if session is None or room.context.type.on_commit is None:
        return []
    applied = [
        Applied(
            request=session.request,
            epoch=entry.number,
            host=entry.host,
            seq=entry.seq,
            message=message_of(entry, decode(entry.raw)),
        )
        for entry in entries
        if entry.kind == "msg" and not entry.to
    ]
    finish = session.tell_committed(applied)
    return [] if finish is None else [finish]
