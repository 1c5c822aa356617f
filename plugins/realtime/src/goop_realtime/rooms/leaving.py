# SPDX-License-Identifier: MIT
"""Leaving a room. A guest says so to its host; a host hands the room over before it goes."""

from __future__ import annotations

from goop_realtime.rooms import ending, hosting
from goop_realtime.rooms.entries import Leaving
from goop_realtime.rooms.lines import Leave, Moved
from goop_realtime.rooms.links import Link
from goop_realtime.rooms.room import Phase, Room
from goop_realtime.rooms.rooms import Shared

HAND_OVER_MS = 1000
"""How long a leaving host waits for who is next."""


def leave(sh: Shared, room: Room) -> None:
    """Nobody here wants this node to be in the room any more."""
    if room.kept:
        ending.give_up(sh, room)
    if room.final:
        return
    if room.hosting is not None:
        _hand_over(sh, room)
        return
    if room.link is not None and room.link.welcomed:
        sh.write(room.link, Leave())
    ending.end(sh, room, "left")


def _hand_over(sh: Shared, room: Room) -> None:
    """Say who is next: the member that has most of the log. Nothing is ordered behind that."""
    hosts = room.hosting
    if hosts is None:
        return
    following = [
        (-link.acked, peer) for peer, link in hosts.links.items() if peer in room.fold.members
    ]
    heir = min(following)[1] if following else ""
    if not hosting.remove(sh, room, sh.me, Leaving(next=heir)):
        return
    if not heir:
        ending.end(sh, room, "left")
        return
    room.phase = Phase.LEAVING
    hosts.next, hosts.leaves_at = heir, sh.now + HAND_OVER_MS
    sh.note(room, "node", "room_handed_over", detail=f"to {heir}")
    sh.tell(room)


def keep(sh: Shared, room: Room) -> None:
    """A leaving host goes when whoever is next has that, or after a while."""
    hosts = room.hosting
    if room.phase is not Phase.LEAVING or hosts is None:
        return
    link = hosts.links.get(hosts.next)
    if link is None or link.acked >= room.log.last or sh.now >= hosts.leaves_at:
        go(sh, room)


def go(sh: Shared, room: Room) -> None:
    """The room was handed over: this node is not in it any more."""
    hosts = room.hosting
    for link in list(hosts.links.values()) if hosts is not None else ():
        sh.write(link, Moved(to=hosts.next if hosts is not None else ""))
    ending.end(sh, room, "left")


def left(sh: Shared, link: Link, line: Leave) -> None:
    """Host: a guest leaves."""
    room, peer = link.room, link.peer
    sh.drop(link)
    ending.gone(sh, link)
    if room.phase is Phase.HOST and peer in room.fold.members:
        hosting.remove(sh, room, peer, Leaving())
