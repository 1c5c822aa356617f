# SPDX-License-Identifier: MIT
"""The end of a step: what it changed in rooms is decided upon, and told to pages and other nodes.

Once for all that a step placed: a batch of messages costs one pass and one acknowledgement.
"""

from __future__ import annotations

from goop_realtime.machine.containment import Contained
from goop_realtime.rooms import (
    distributing,
    finding,
    following,
    hosting,
    latest,
    leaving,
    receipts,
    trimming,
    views,
)
from goop_realtime.rooms.room import Phase, Room
from goop_realtime.rooms.rooms import Shared


def settle(sh: Shared) -> None:
    """Decide and tell, for every room that the step has changed."""
    while sh.grown:
        grown, sh.grown = sh.grown, {}
        for handle in grown:
            room = sh.rooms.get(handle)
            if room is not None:
                with Contained(sh.core, handle):
                    _settle(sh, room)


def _settle(sh: Shared, room: Room) -> None:
    finding.look(sh, room)
    if room.unsigned:
        hosting.sign_placed(sh, room)
    views.tell_entries(sh, room)
    if room.changed:
        room.changed = False
        views.tell_room(sh, room)
    if room.hosting is not None:
        distributing.distribute(sh, room)
        distributing.tell_stable(sh, room, room.hosting)
        leaving.keep(sh, room)
    elif room.phase is Phase.GUEST:
        following.acknowledge(sh, room)
        following.send_outbox(sh, room)
        receipts.tell_delivered(sh, room, room.log.last)
    latest.pass_on(sh, room)
    if room.phase is not Phase.LEFT:
        trimming.trim(sh, room)
