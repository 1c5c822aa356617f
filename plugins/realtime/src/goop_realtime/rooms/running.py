# SPDX-License-Identifier: MIT
"""Rooms in the list of what runs, beside channels: see ``machine/running.py``."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from itertools import islice

from goop_node.types import Caller
from goop_realtime.machine.following import Row, Runs
from goop_realtime.machine.running import MOST_UNREAD, summary_of
from goop_realtime.rooms import rows, views
from goop_realtime.rooms.room import Room
from goop_realtime.rooms.rooms import Shared


def running(sh: Shared) -> Iterator[Runs]:
    """The rooms that this node is in, or wants to be in."""
    for room in sh.names.values():
        if not room.final:
            yield Runs(room.handle, partial(_sees, sh, room), partial(row_of, sh, room))


def _sees(sh: Shared, room: Room, caller: Caller) -> bool:
    return views.may_see(sh, caller, room)


def row_of(sh: Shared, room: Room) -> Row:
    """One room in the list. Where a channel names its peer, it names the other members."""
    others = {peer: label for peer, label in room.fold.members.items() if peer != sh.me}
    names = ", ".join(others.values())
    last, summary = room.log.get(room.log.last), None
    if room.session is not None and room.was_joined:
        place = (room.epoch.number, room.log.last)
        summary = summary_of(sh.core, room.handle, room.session, place, names)
    unread = _unread(room)
    sending = len(room.outbox)
    waiting = summary.waiting if summary is not None and not summary.ended else unread > 0
    row: Row = {
        "channelId": room.handle,
        "room": room.id,
        "peerId": "",
        "peerLabel": names,
        "members": rows.listed(room.fold.members),
        "context": room.context_name,
        "app": "",
        "title": room.context.type.title,
        "template": next((one for one in room.owners if one in sh.core.rights.contexts), None),
        "state": _state(room),
        "text": "" if summary is None else summary.text,
        "waiting": waiting and not sending,
        "ended": summary is not None and summary.ended,
        "unread": unread,
        "sending": sending,
        "since": None if last is None else min(last.at, sh.now + sh.core.correction),
    }
    return row | ({"code": room.code, "reason": room.reason} if room.code else {})


def _state(room: Room) -> str:
    if room.joined:
        return "connected"
    return "suspended" if room.was_joined else "connecting"


def _unread(room: Room) -> int:
    """How many messages of others no page of ours has handled."""
    theirs = (
        entry
        for entry in room.log.after(room.handled)
        if entry.kind == "msg" and entry.author != room.me and room.concerns_us(entry)
    )
    return sum(1 for _ in islice(theirs, MOST_UNREAD))
