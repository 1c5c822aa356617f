# SPDX-License-Identifier: MIT
"""Pages of a room: what each has been given of its log, and what they have handled.

A page has what this node has, up to where it was told; whatever this node gives up, the page is
told to give up, too. What it had before a restart it says itself: its runs.
"""

from __future__ import annotations

from goop_node.types import Caller, JsonValue
from goop_realtime.machine.pages import Page, View, frame
from goop_realtime.machine.rights import is_person
from goop_realtime.model.effects import Frame
from goop_realtime.model.limits import PAGE_WINDOW
from goop_realtime.rooms.entries import RoomEntry, is_arrival
from goop_realtime.rooms.entry_frames import is_own, member_frame, message_frame
from goop_realtime.rooms.folding import fold_at
from goop_realtime.rooms.page_rewinds import tell_gap
from goop_realtime.rooms.records import SaveHandled
from goop_realtime.rooms.room import Room
from goop_realtime.rooms.rooms import Shared
from goop_realtime.rooms.rows import told, told_place

SAVE_MS = 1000
"""How often it is saved how far pages are."""

Frames = dict[tuple[int, bool], bytes]
"""The ``message`` frames of entries, by number and whether they may have been told before."""


def may_use(sh: Shared, caller: Caller, room: Room) -> bool:
    """Whether what is said in the room is for that caller."""
    if caller.kind == "program":
        return True
    if caller.name not in room.owners and not (is_person(caller) and "" in room.owners):
        return False
    context = room.context.type.name
    return caller.kind == "home" or sh.core.rights.uses(caller, context)


def may_see(sh: Shared, caller: Caller, room: Room) -> bool:
    """Whether the caller may know of the room, and leave it: home leaves what is said to others."""
    return is_person(caller) or may_use(sh, caller, room)


def view_of(sh: Shared, room: Room, page: Page) -> View:
    """The page's view of the room; a new one starts at what no page has handled."""
    view = page.views.get(room.handle)
    if view is None:
        at = max(room.handled, room.log.start)
        view = page.views[room.handle] = View(at, at, redelivered_to=room.handed_out)
    return view


def listeners(sh: Shared, room: Room) -> list[tuple[Page, View]]:
    """The connected pages that follow the room and may use it, with their views."""
    found = []
    for page in sh.core.pages.values():
        if not page.connected:
            continue
        view = page.views.get(room.handle)
        if view is None and page.everything and may_use(sh, page.caller, room):
            view = view_of(sh, room, page)
        if view is not None and not view.barred:
            found.append((page, view))
    return found


def tell_entries(sh: Shared, room: Room) -> None:
    """The log has grown: move on what is new to every page that follows the room.

    What others said before this node came is history: pages begin at its own ``join``.
    """
    if not room.was_joined:
        if not room.joined:
            return
        _arrive(sh, room)
    frames: Frames = {}
    for page, view in listeners(sh, room):
        pump(sh, room, page, view, frames)
    _pass_own(sh, room)


def _arrive(sh: Shared, room: Room) -> None:
    room.was_joined = True
    start = room.log.start
    views = [view for page in sh.core.pages.values() if (view := page.views.get(room.handle))]
    if room.handled > start or any(view.begun for view in views):
        return  # before a restart pages were told of this log: they go on where they are
    seq = max(room.joined_at.get(sh.me, 0), start)
    room.handled = room.handed_out = seq
    for view in views:
        view.sent = view.handled = view.redelivered_to = seq


def pump(sh: Shared, room: Room, page: Page, view: View, frames: Frames) -> None:
    """Give the page what follows, at most ``PAGE_WINDOW`` unacknowledged bytes ahead."""
    if view.sent < room.log.start:
        tell_gap(sh, room, page, view, view.sent)
    before = view.sent
    for entry in room.log.after(view.sent):
        if page.acks and view.flight_bytes >= PAGE_WINDOW:
            break
        if entry.seq in room.lacking and entry.to == sh.me and entry.author in room.fold.members:
            break  # its content is on its way
        view.sent = entry.seq
        if entry.kind != "msg":
            if entry.kind == "leave" or is_arrival(entry):
                frame(sh.core, page, member_frame(sh, room, entry))
        elif _is_for(room, entry) and not is_own(sh, page, entry):
            _tell_message(sh, room, page, view, entry, frames)
            continue
        if not view.flight:
            view.handled = entry.seq
    if view.sent > before:
        view.begun = True
        room.handed_out = max(room.handed_out, view.sent)
        if not page.acks:
            view.handled = view.sent
        advance(sh, room, view.handled)


def _is_for(room: Room, entry: RoomEntry) -> bool:
    return not entry.withheld and room.concerns_us(entry)


def _tell_message(
    sh: Shared, room: Room, page: Page, view: View, entry: RoomEntry, frames: Frames
) -> None:
    again = entry.seq <= view.redelivered_to
    data = frames.get((entry.seq, again))
    if data is None:
        data = frames[entry.seq, again] = message_frame(room, entry, again)
    sh.out.append(Frame(page.id, data, channel=room.handle))
    if page.acks:
        view.flight.append((entry.seq, len(entry.raw)))
        view.flight_bytes += len(entry.raw)


# How the room stands


def tell_room(sh: Shared, room: Room) -> None:
    """Tell every page that follows the room how it stands, behind what the log has for it."""
    sh.note(room, "node", f"room_{told(sh, room, {})['state']}", detail=room.code)
    for page, view in listeners(sh, room):
        tell_room_to(sh, room, page, view)


def tell_room_to(sh: Shared, room: Room, page: Page, view: View, ref: str | None = None) -> None:
    """Tell one page, with the members as they are where it is (``at``).

    ``ref`` is what it called its join.
    """
    fold = fold_at(room, view.sent)
    body: dict[str, JsonValue] = {
        "type": "room",
        "channel": room.handle,
        "id": room.id,
        **told(sh, room, fold.members),
        "at": told_place(fold.last),
        "runs": [list(run) for run in fold.runs],
    }
    if ref is not None:
        body["ref"] = ref
    view.begun |= room.was_joined
    frame(sh.core, page, body)


# What pages have handled


def acknowledge(sh: Shared, room: Room, page: Page, number: int, host: str, seq: int) -> None:
    """The page is done with everything up to there."""
    view, entry = page.views.get(room.handle), room.log.get(seq)
    known = seq <= room.log.start if entry is None else entry.epoch == (number, host)
    if view is None or not known or seq > view.sent:
        sh.note(room, "page", "ack_ignored", detail=f"{number}:{seq}")
        return
    view.done(seq)
    advance(sh, room, view.handled)
    if not view.barred:
        pump(sh, room, page, view, {})


def advance(sh: Shared, room: Room, seq: int) -> None:
    """Some page has handled up to ``seq``: it is unread no more."""
    if seq > room.handled:
        room.handled = seq
        _pass_own(sh, room)
        sh.grow(room)
        if room.hosting is not None:
            room.hosting.stable_due = True


def _pass_own(sh: Shared, room: Room) -> None:
    """The handled cursor passes over what needs no handling: our own messages, and no messages."""
    seq = room.handled
    while (entry := room.log.get(seq + 1)) is not None and (
        entry.author == sh.me or entry.kind != "msg" or not room.concerns_us(entry)
    ):
        seq += 1
    room.handled = seq


def save_handled(sh: Shared, room: Room) -> None:
    """Have it saved how far our pages are, now and then."""
    if (
        not room.final
        and room.handled != room.handled_saved
        and sh.now - room.handled_saved_at >= SAVE_MS
    ):
        room.handled_saved, room.handled_saved_at = room.handled, sh.now
        sh.out.append(SaveHandled(room.handle, room.handled))
