# SPDX-License-Identifier: MIT
"""The judgement at the end of a life in rooms: one host, one log, and what became of all that
was said.

What must hold at rest is numbered as in ``ARCHITECTURE.md``.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from goop_realtime.model.jsonio import encode
from goop_realtime.model.message_ids import parsed
from goop_realtime.rooms.entries import RoomEntry
from goop_realtime.rooms.positions import Position
from goop_realtime.rooms.room import Phase, Room
from goop_realtime.testing.astray import in_first_form
from goop_realtime.testing.rooms.node import RoomNode
from goop_realtime.testing.rooms.page import RoomPage
from goop_realtime.testing.rooms.play import Playing, playing
from goop_realtime.testing.seen import demand

if TYPE_CHECKING:
    from goop_realtime.testing.life import Life
    from goop_realtime.testing.page import SimPage
    from goop_realtime.testing.rooms.watch import RoomWatch


def judge(life: Life) -> None:
    """What every room, message and page has come to."""
    play = playing(life)
    watch = play.world.watch
    for handle in play.handles.values():
        inside = play.inside(handle)
        if not inside:
            continue
        _one_room(handle, inside)
        _everybody(play, handle, inside)
        _accounted(play, watch, handle, inside)
        _private(handle, inside)
        _newest(handle, inside)
        _pages(life, handle, inside)
        _own(watch, handle, life.pages.values(), inside[0][1].fold.last)


def _one_room(handle: str, inside: list[tuple[RoomNode, Room]]) -> None:
    """R1: one host, and the same log, state and members everywhere."""
    hosts = [node.peer_id for node, room in inside if room.phase is Phase.HOST]
    demand(len(hosts) == 1, f"{handle} has the hosts {hosts}")
    _, first = inside[0]
    for node, room in inside:
        who = f"{node.peer_id} of {handle}"
        demand(room.fold.last == first.fold.last, f"{who} ends at {room.fold.last}")
        members, others = list(room.fold.members), list(first.fold.members)
        demand(members == others, f"at {who} {members} are members, elsewhere {others}")
        demand(set(members) == {one.peer_id for one, _ in inside}, f"{who} lists {members}")
        demand(room.fold.form() == first.fold.form(), f"{who} has another fold")
        demand(_state(room) == _state(first), f"{who} has the state {_state(room)!r}")


def _state(room: Room) -> bytes:
    state: Any = room.session.snapshot() if room.session is not None else None
    return encode(in_first_form(state))


def _everybody(play: Playing, handle: str, inside: list[tuple[RoomNode, Room]]) -> None:
    """R5: whoever wants to be in is in, unless the room is full."""
    for node, room_id in play.wanted:
        room = node.room(handle) if play.handles[room_id] == handle else None
        if room is not None and room.final:
            told = f"{node.peer_id} is outside: {room.code}, {room.reason}"
            demand(room.code in ("full", "contract_mismatch"), told)
        # One that knows nothing of the room has lost its newest commits, or it is long ago.


def _accounted(
    play: Playing, watch: RoomWatch, handle: str, inside: list[tuple[RoomNode, Room]]
) -> None:
    """R2: what a member has accepted is in the log once, or its page was told."""
    ordered = watch.past(handle).ids(inside[0][1].fold.last)
    names = {node.peer_id for node, _ in inside}
    for (where, message_id), who in watch.accepted.items():
        if where != handle or message_id in ordered or who in watch.seen.lossy:
            continue
        if who in names and (where, message_id) not in watch.refused:
            # On a branch that is lost, what all its members had is not held any more.
            known = watch.gone | watch.trimmed
            demand((where, message_id) in known, f"{message_id} of {who} is in no log")


def _pages(life: Life, handle: str, inside: list[tuple[RoomNode, Room]]) -> None:
    """R3: a page has all that its node has since it began. R2: what it was told is true."""
    for node, room in inside:
        for page in node.pages.values():
            if not isinstance(page, RoomPage) or not page.alive or handle not in page.views:
                continue
            view = page.views[handle]
            start = max(view.start, room.log.start)
            held = list(room.log.after(start))
            expected = [one.position for one in held if _is_news(node, page, one)]
            # Its own node's private messages are no news: content may come when it is further.
            others = {one.position for one in held if one.to and one.author == node.peer_id}
            given = [one.position for one in view.given if one.position.seq > start]
            given = [position for position in given if position not in others]
            demand(given == expected, f"{page.id} has {given[-5:]}, its node {expected[-5:]}")
            demand(not view.asked, f"{page.id} was not answered about {view.asked}")


def _is_news(node: RoomNode, page: RoomPage, entry: RoomEntry) -> bool:
    """Whether a page of that node has to be told of an entry."""
    if entry.kind != "msg":
        return False
    if entry.to:
        return entry.to == node.peer_id and not entry.withheld
    return entry.author != node.peer_id or parsed(entry.id).page != page.id


def _own(watch: RoomWatch, handle: str, pages: Iterable[SimPage], last: Position) -> None:
    """R2: every message of a living page is in the log, or the page knows better."""
    ordered = watch.past(handle).ids(last)
    for page in pages:
        view = page.views.get(handle) if isinstance(page, RoomPage) else None
        if view is None or not page.alive or view.state == "left":
            continue
        for message_id, own in view.own.items():
            refused = own.fate not in ("", "lost", "left", "full")
            if message_id in ordered:
                demand(not (refused and own.heard), f"{page.id} thinks {message_id} is {own.fate}")
            else:
                demand(bool(own.fate), f"{page.id} waits for {message_id}: {own.stage}")


def _newest(handle: str, inside: list[tuple[RoomNode, Room]]) -> None:
    """R6: the same newest values everywhere, and pages know them."""
    _, first = inside[0]
    members = {node.peer_id for node, _ in inside}
    expected = {key: one.data for key, one in first.newest.values.items()}
    demand({key.author for key in expected} <= members, f"values of others: {expected.keys()}")
    for node, room in inside:
        found = {key: one.data for key, one in room.newest.values.items()}
        demand(found == expected, f"{node.peer_id} has {found}, others {expected}")
        for page in node.pages.values():
            view = page.views.get(handle) if isinstance(page, RoomPage) else None
            if view is None or not page.alive or not page.connected:
                continue
            told = {
                (key.author, key.key): one.data
                for key, one in room.newest.values.items()
                if one.page != page.id
            }
            known = {key: view.newest.get(key) for key in told}
            demand(known == told, f"{page.id} was told {known}, its node has {told}")


def _private(handle: str, inside: list[tuple[RoomNode, Room]]) -> None:
    """R7: the content of a private message is with its author and its addressee."""
    rooms = {node.peer_id: room for node, room in inside}
    for who, room in rooms.items():
        for entry in room.log.after(room.log.start):
            if not entry.withheld or who not in (entry.to, entry.author):
                continue
            other = rooms.get(entry.author if who == entry.to else entry.to)
            here = other.log.get(entry.seq) if other is not None else None
            demand(here is None or here.withheld, f"{who} lacks the content of {entry.id}")
