# SPDX-License-Identifier: MIT
"""A guest's version of the context cannot follow its host. The room is suspended there in words,
which the host's pages are told, too, and all that is stored of it is kept."""

from __future__ import annotations

from goop_realtime.model.obstacles import MISMATCH, PACE_MS, here
from goop_realtime.model.wire import MAX_REASON
from goop_realtime.rooms import seeking
from goop_realtime.rooms.entries import RoomEntry
from goop_realtime.rooms.lines import Close
from goop_realtime.rooms.links import Link
from goop_realtime.rooms.room import Room
from goop_realtime.rooms.rooms import Shared
from goop_realtime.types import Refusal

APART = 16
"""Of how many nodes a host's pages are told at most."""
APART_MS = 600_000
"""How long, after they have tried to join; no longer than they are connected."""


def stand(sh: Shared, room: Room, peer: str, reason: str) -> None:
    """That host does not take us, or we cannot go on from what it has: it is asked more seldom."""
    room.code, room.reason = MISMATCH, reason
    if room.seeking is not None:
        room.seeking.refused_since = None
    seeking.failed(sh, room, peer, MISMATCH, skip_ms=PACE_MS)
    sh.tell(room)
    sh.wake(room)


def leave_to(sh: Shared, link: Link, new: RoomEntry, refusal: Refusal) -> None:
    """The host's version has ordered what ours does not take: neither this entry is taken nor what
    follows. As long as that one is host it would be the same again."""
    room, label = link.room, sh.core.label_of
    has, mine = room.fold.versions.get(new.host), room.context.type.version
    theirs = f"{room.context.name} {has.version if has is not None else '?'}"
    why = f"{mine} does not take what {label(new.host)} has ordered by {theirs} ({refusal.reason})"
    obstacle = here(MISMATCH, room.context.name, label(sh.me), why)
    tell_host(sh, link, obstacle.said)
    room.stuck = room.epoch
    seeking.begin(sh, room, lost=link.peer)
    stand(sh, room, link.peer, obstacle.reason)


def note(sh: Shared, room: Room, peer: str, reason: str) -> None:
    """Host: a guest's version keeps it out of the room, or the guest says so."""
    hosts = room.hosting
    if hosts is None or (peer not in hosts.apart and len(hosts.apart) >= APART):
        return
    news = hosts.apart.get(peer, (0, ""))[1] != reason
    hosts.apart[peer] = (sh.now, reason)
    if news:
        sh.tell(room)


def forget(sh: Shared, room: Room, peer: str) -> None:
    """Host: that one takes part again, or has not tried for long."""
    if room.hosting is not None and room.hosting.apart.pop(peer, None) is not None:
        sh.tell(room)


def keep(sh: Shared, room: Room) -> None:
    """As time goes by: who does not try any more is not told of."""
    for peer, (since, _) in list(room.hosting.apart.items()) if room.hosting is not None else ():
        if sh.now - since > APART_MS or peer not in sh.connected:
            forget(sh, room, peer)


def tell_host(sh: Shared, link: Link, reason: str) -> None:
    """End the stream to the host, and say why."""
    sh.write(link, Close(code=MISMATCH, reason=reason[:MAX_REASON]))
    sh.drop(link)
