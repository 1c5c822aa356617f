# SPDX-License-Identifier: MIT
"""Two hosts of one room, as after a partition: the smaller one gives way."""

from __future__ import annotations

from goop_realtime.rooms import seeking, versions
from goop_realtime.rooms.find_lines import Host
from goop_realtime.rooms.lines import Moved
from goop_realtime.rooms.room import Room
from goop_realtime.rooms.rooms import Shared


def met(sh: Shared, room: Room, peer: str, line: Host) -> None:
    """Another host of the room has answered."""
    hosts = room.hosting
    if hosts is None or peer == sh.me or not versions.go_together(room, line):
        return  # neither could follow
    ours, theirs = (len(hosts.links), room.log.last), (line.linked, line.seq)
    if ours > theirs or (ours == theirs and sh.me < peer):
        return
    sh.note(room, "node", "room_yields", detail=f"to {peer}")
    room.hear_of(line.epoch[0])
    for link in list(hosts.links.values()):
        sh.write(link, Moved(to=peer))
        sh.drop(link)
    seeking.begin(sh, room, lost=sh.me, hint=peer)
