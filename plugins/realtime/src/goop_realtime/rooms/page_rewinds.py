# SPDX-License-Identifier: MIT
"""Pages go back in a room's log: where this node gave up what they were told, where the log begins
behind them, or where something has come that they went on without."""

from __future__ import annotations

from collections.abc import Mapping

from goop_node.types import JsonValue
from goop_realtime.machine.pages import Page, View, frame
from goop_realtime.rooms.entries import RoomEntry
from goop_realtime.rooms.entry_frames import is_own
from goop_realtime.rooms.folding import fold_at
from goop_realtime.rooms.positions import Runs
from goop_realtime.rooms.records import SaveHandled
from goop_realtime.rooms.room import Room
from goop_realtime.rooms.rooms import Shared
from goop_realtime.rooms.rows import listed, told_place


def rewound(sh: Shared, room: Room, fork: int) -> None:
    """This node gave up what is above ``fork``: so do its pages."""
    for page in sh.core.pages.values():
        view = page.views.get(room.handle)
        if view is not None and view.sent > fork:
            rewind_to(sh, room, page, view, fork)


def rewind_to(sh: Shared, room: Room, page: Page, view: View, fork: int) -> None:
    """Tell one page to give up what it has above ``fork``."""
    _restart(view, fork)
    fold = fold_at(room, fork)
    body = _cut_frame("rewound", room, fold.members, fold.runs) | {"to": fork}
    frame(sh.core, page, body)


def come_late(sh: Shared, room: Room, entry: RoomEntry) -> None:
    """The content of a private entry is here: pages that were told what follows go back to it.

    They went on without it while its author was no member. What they have had they know.
    """
    if not room.concerns_us(entry):
        return
    for page in sh.core.pages.values():
        view = page.views.get(room.handle)
        if view is None or is_own(sh, page, entry):
            continue
        if not page.connected:
            view.owed = min(view.owed or entry.seq, entry.seq)
        elif view.sent >= entry.seq:
            had = view.sent
            rewind_to(sh, room, page, view, entry.seq - 1)
            view.redelivered_to = max(view.redelivered_to, had)
    if entry.to == sh.me:
        unhandle(sh, room, entry.seq - 1)


def common(room: Room, view: View, seq: int) -> int:
    """Up to where a page that comes back, and was told the log up to ``seq``, has all of it.

    Content may have come late while it was away. Where nothing is known of the page, that may be
    true of every private message that no page has handled.
    """
    if view.begun:
        owed, view.owed = view.owed, 0
        return min(seq, owed - 1) if owed else seq
    for entry in room.log.after(room.handled):
        if entry.to == room.me and entry.seq <= seq:
            return entry.seq - 1
    return seq


def unhandle(sh: Shared, room: Room, seq: int) -> None:
    """What is above ``seq`` no page of this node has handled, or not as it is there now."""
    if room.handled > seq:
        room.handled = seq
        sh.out.append(SaveHandled(room.handle, seq))


def gap(sh: Shared, room: Room, fork: int) -> None:
    """The log begins anew at this node: pages have nothing above ``fork``, and go on there."""
    for page in sh.core.pages.values():
        view = page.views.get(room.handle)
        if view is not None and (room.was_joined or view.begun):
            tell_gap(sh, room, page, view, min(fork, view.sent))


def tell_gap(sh: Shared, room: Room, page: Page, view: View, fork: int) -> None:
    """Tell one page that it has what is up to ``fork``, and goes on at the log's start."""
    start = room.log.start
    fold = fold_at(room, start)
    body = _cut_frame("gap", room, fold.members, fold.runs)
    body["from"] = told_place(fold.runs.place(fork)) if fork else None
    body["to"] = told_place(fold.last)
    frame(sh.core, page, body)
    sh.note(room, "page", "gap", detail=f"{fork}..{start}")
    again = min(view.redelivered_to, start)
    _restart(view, fork)  # what was on its way above the fork is never acknowledged
    view.sent = view.handled = start
    view.redelivered_to = again


def _restart(view: View, seq: int) -> None:
    view.sent, view.handled = min(view.sent, seq), min(view.handled, seq)
    view.redelivered_to = min(view.redelivered_to, seq)
    while view.flight and view.flight[-1][0] > seq:
        view.flight_bytes -= view.flight.pop()[1]


def _cut_frame(
    kind: str, room: Room, members: Mapping[str, str], runs: Runs
) -> dict[str, JsonValue]:
    told_runs: list[JsonValue] = [list(run) for run in runs]
    return {
        "type": kind,
        "channel": room.handle,
        "runs": told_runs,
        "members": listed(members),
    }
