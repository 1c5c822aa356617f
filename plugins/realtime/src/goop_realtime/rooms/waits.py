# SPDX-License-Identifier: MIT
"""What waits in rooms, told to the core's watchdog: each has a bound that no rule of rooms reaches.

What is waited for longer is a bug, or a node that does not keep to the rules; where that is safe
the wait begins anew: by another stream, or by looking for a host again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from goop_realtime.machine.liveness import Wait
from goop_realtime.machine.unlogged import ROUND
from goop_realtime.machine.waits import ANSWER_MS, LATE_MS, OPENING_MS, PAGE_MS
from goop_realtime.rooms import ending, leaving, private, seeking, streams
from goop_realtime.rooms.links import Link
from goop_realtime.rooms.room import Phase, Room
from goop_realtime.rooms.rooms import Shared

SEEKING_MS = 60_000
"""Of all that a seeker waits for, others that are better keep it waiting longest: 20 s each."""


def waiting(sh: Shared) -> Iterator[Wait]:
    """Everything in rooms that waits at ``sh.now``."""
    for room in sh.rooms.values():
        if room.phase is not Phase.LEFT:
            yield from _in_room(sh, room)
    for link in sh.links.values():
        yield from _on_link(sh, link)


def _in_room(sh: Shared, room: Room) -> Iterator[Wait]:
    wanted, hosts = room.seeking, room.hosting
    if wanted is not None and room.phase is Phase.JOINING and room.link is None:
        yield Wait(
            room.handle,
            "a stream to its host",
            wanted.joins_since,
            OPENING_MS,
            lambda: seeking.failed(sh, room, wanted.joins, "unreachable"),
        )
    elif wanted is not None and not room.code:  # else people are told why there is no host
        lost = wanted.lost
        yield Wait(
            room.handle,
            "a host to join, or to become it",
            wanted.since,
            SEEKING_MS,
            lambda: seeking.begin(sh, room, lost=lost),
        )
    if hosts is not None and room.phase is Phase.LEAVING:
        yield Wait(
            room.handle,
            "whoever is next to take it over",
            hosts.leaves_at,
            LATE_MS,
            lambda: leaving.go(sh, room),
        )
    lacks = private.first_missing(room) if room.lacking else 0
    if lacks:
        yield Wait(room.handle, "the content of a private message", lacks, PAGE_MS)


def _on_link(sh: Shared, link: Link) -> Iterator[Wait]:
    room, number, peer = link.room, link.id, link.peer

    def again(code: str) -> Callable[[], None]:
        def cut() -> None:
            ending.cut(sh, link, "slow")  # which says nothing against the other side
            streams.ended(sh, link, code, reset=False)

        return cut

    ours = room.link is link
    if not link.welcomed:
        what = "the host's welcome" if ours else f"a proof of {peer}"
        yield Wait(room.handle, what, number, ANSWER_MS, again("no_welcome"))
    elif ours and not link.caught_up:
        sign = (number, room.log.last)
        yield Wait(room.handle, "what the host has", sign, ANSWER_MS, again("stalled"))
    elif ours and link.ids:
        first = (number, next(iter(link.ids)))
        yield Wait(room.handle, "the host to order it", first, ANSWER_MS, again("no_confirm"))
    elif not ours and link.acked < room.log.last:
        sign = (number, link.acked)
        yield Wait(room.handle, f"{peer} to have it", sign, ANSWER_MS, again("no_ack"))
    if link.owed and link.round >= ROUND:
        yield Wait(room.handle, f"a pong of {peer}", (number, link.heard_at), ANSWER_MS)
