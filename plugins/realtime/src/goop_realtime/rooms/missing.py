# SPDX-License-Identifier: MIT
"""Who has no connection with this node, though a room of both needs it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from goop_realtime.rooms.find_lines import Guest
from goop_realtime.rooms.room import Room
from goop_realtime.rooms.rooms import Shared

MAX_ASKED = 3
"""How many are asked where one is."""


class Missing(NamedTuple):
    """``peer`` takes part in the room of that ``name``; ``neighbours`` may know where it is."""

    name: str
    peer: str
    neighbours: tuple[str, ...]


def missing(sh: Shared) -> Iterator[Missing]:
    """Everybody that this node should be connected with, and is not."""
    for room in sh.names.values():
        hosts = named_hosts(sh, room)
        here = [peer for peer in (*room.others_listed, *hosts.values()) if peer in sh.connected]
        neighbours = tuple(dict.fromkeys(here))[:MAX_ASKED]
        for peer in dict.fromkeys((*room.others_listed, *hosts)) if neighbours else ():
            if peer not in sh.connected and not sh.core.is_blocked(peer):
                yield Missing(room.name, peer, neighbours)


def named_hosts(sh: Shared, room: Room) -> dict[str, str]:
    """The hosts that guests have named to a seeker which cannot ask them, each with who did."""
    if room.seeking is None:
        return {}
    return {
        line.host: peer
        for peer, line in room.seeking.fresh(sh.now).items()
        if isinstance(line, Guest) and line.host != sh.me and line.host not in sh.connected
    }
