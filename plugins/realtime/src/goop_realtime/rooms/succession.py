# SPDX-License-Identifier: MIT
"""Who of those that seek a room becomes its host (pure)."""

from __future__ import annotations

from collections.abc import Mapping

from goop_realtime.rooms.find_lines import Guest, Out, Seek
from goop_realtime.rooms.positions import Epoch
from goop_realtime.rooms.room import Room
from goop_realtime.rooms.rooms import Shared
from goop_realtime.rooms.seeking import GRACE_MS, Seeking, Standing

CLAIM_MS = 1000
"""How long nobody claims who has not heard of all others."""
BETTER_MS = 2 * GRACE_MS
"""How long a better seeker is waited for: it would have become host by then, if it could."""
RESET_MS = 500
"""How long a host is waited for that all others have lost, too."""


def is_better(room: Room, peer: str, line: Seek) -> bool:
    """Whether that seeker comes before this node: longer log, greater epoch, smaller id."""
    last = room.fold.last
    theirs, ours = (line.seq, Epoch(*line.epoch)), (last.seq, last.epoch)
    return theirs > ours or (theirs == ours and peer < room.me)


def may_claim(sh: Shared, room: Room, seeking: Seeking, fresh: Mapping[str, Standing]) -> bool:
    """Whether this node becomes host now; no host has answered."""
    waited = sh.now - seeking.since
    for peer, line in fresh.items():
        if isinstance(line, Guest) and line.host != sh.me:
            return False
        if isinstance(line, Seek) and is_better(room, peer, line) and waited < BETTER_MS:
            return False
    if _is_minority(room, seeking, fresh) and waited < GRACE_MS:
        return False
    return waited >= CLAIM_MS or _all_heard(room, seeking, fresh, waited)


def _is_minority(room: Room, seeking: Seeking, fresh: Mapping[str, Standing]) -> bool:
    """Whether at most half of the members, without the lost host, is here.

    Who has nothing to do with the room any more is no member in that.
    """
    voters = {room.me, *room.fold.members}
    voters -= {peer for peer, line in fresh.items() if isinstance(line, Out)}
    if seeking.lost != room.me:
        voters.discard(seeking.lost)
    here = {room.me, *(peer for peer, line in fresh.items() if isinstance(line, Seek))}
    return len(voters) > 1 and 2 * len(voters & here) <= len(voters)


def _all_heard(room: Room, seeking: Seeking, fresh: Mapping[str, Standing], waited: int) -> bool:
    """Whether there is nobody else to wait for."""
    others = room.others_listed
    missing = [peer for peer in others if not isinstance(fresh.get(peer), Seek | Out)]
    if others and not missing:
        return True
    if not (seeking.reset and waited >= RESET_MS and missing in ([], [seeking.lost])):
        return False
    return all(
        not isinstance(line, Seek) or line.lost == seeking.lost
        for peer, line in fresh.items()
        if peer in others and peer != seeking.lost
    )
