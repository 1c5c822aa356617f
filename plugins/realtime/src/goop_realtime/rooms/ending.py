# SPDX-License-Identifier: MIT
"""The end of a room at this node. What was on its way has an unknown outcome, and is told so."""

from __future__ import annotations

from goop_realtime.contexts.channel_session import PluginFailure
from goop_realtime.model.obstacles import FAILED as PLUGIN_FAILED
from goop_realtime.rooms import receipts
from goop_realtime.rooms.lines import Close
from goop_realtime.rooms.links import Link
from goop_realtime.rooms.records import DropRoom
from goop_realtime.rooms.room import Phase, Room
from goop_realtime.rooms.rooms import Shared
from goop_realtime.types import Refusal

TOMBSTONE_MS = 60_000
"""How long a room that was left is remembered, for late questions."""


def end(sh: Shared, room: Room, code: str, reason: str = "", *, keep: bool = False) -> None:
    """This node is in the room no more. ``keep``: what is stored of it is there for another day."""
    if room.phase is Phase.LEFT:
        return
    sh.note(room, "node", f"room_{code}", detail=reason)
    for link in links_of(sh, room):
        sh.write(link, Close(code=code))
        sh.drop(link)
    for outgoing in room.outbox if not keep else ():
        receipts.receipt(sh, room, outgoing.id, "lost")
    room.phase, room.code, room.reason, room.left_at = Phase.LEFT, code, reason, sh.now
    room.link = room.hosting = room.seeking = None
    if sh.names.get(room.name) is room:
        del sh.names[room.name]
    room.kept = keep
    if not keep:
        sh.out.append(DropRoom(room.handle))
    sh.tell(room)
    sh.wake(room)


def give_up(sh: Shared, room: Room) -> None:
    """What was kept of a room that is left is not wanted any more."""
    room.kept, room.left_at = False, sh.now
    sh.out.append(DropRoom(room.handle))


def fail(sh: Shared, room: Room, refusal: Refusal) -> None:
    """This node cannot go on with the room before a plugin is mended."""
    code = PLUGIN_FAILED if isinstance(refusal, PluginFailure) else refusal.code
    end(sh, room, code, refusal.reason, keep=True)


def cut(sh: Shared, link: Link, code: str) -> None:
    """End one stream, and say why."""
    sh.write(link, Close(code=code))
    sh.drop(link)
    gone(sh, link)


def gone(sh: Shared, link: Link) -> None:
    """A stream with a guest is no more: the guest is absent, unless it has come anew."""
    hosting, peer = link.room.hosting, link.peer
    if hosting is not None and hosting.links.get(peer) is link:
        del hosting.links[peer]
        if peer in link.room.fold.members:
            hosting.absent[peer] = sh.now


def links_of(sh: Shared, room: Room) -> list[Link]:
    """Every living stream of the room, also those that are not welcomed yet."""
    return [link for link in sh.links.values() if link.room is room]


def forget(sh: Shared, room: Room) -> None:
    """Nobody asks for it any more."""
    if sh.rooms.get(room.handle) is room:
        del sh.rooms[room.handle]
        for page in sh.core.pages.values():
            page.views.pop(room.handle, None)
