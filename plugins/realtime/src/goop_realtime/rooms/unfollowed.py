# SPDX-License-Identifier: MIT
"""A room that nobody here follows any more is left, as if its person had said so.

Others see who is there, and nobody is in a room for good only because a tab was closed. What would
be lost by that is kept: a node stays that is alone in the room, that has a message for it on its
way, or a private one that no page has handled.
"""

from __future__ import annotations

from goop_realtime.rooms import leaving
from goop_realtime.rooms.room import Room
from goop_realtime.rooms.rooms import Shared

UNFOLLOWED_MS = 600_000
"""How long a tab may be away: a browser that is started again, a phone in a pocket."""


def keep(sh: Shared, room: Room) -> None:
    """As time goes by: leave what nobody follows."""
    if _is_followed(sh, room):
        room.followed_at = sh.now
    elif sh.now - room.followed_at >= UNFOLLOWED_MS and not _would_lose(room):
        sh.note(room, "node", "room_unfollowed", detail="no page here has it open")
        leaving.leave(sh, room)


def _is_followed(sh: Shared, room: Room) -> bool:
    """Whether a program has joined, or a page has a place in it: it keeps that for a while."""
    return None in room.owners or any(room.handle in page.views for page in sh.core.pages.values())


def _would_lose(room: Room) -> bool:
    """Whether something is here that no other member has, or nobody is told that we go."""
    hosts = room.hosting
    alone = hosts is not None and not any(peer in room.fold.members for peer in hosts.links)
    if alone or not room.joined:
        return True
    unhandled = room.log.after(room.handled)
    return len(room.outbox) > 0 or any(entry.to == room.me for entry in unhandled)
