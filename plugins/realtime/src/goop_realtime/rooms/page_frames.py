# SPDX-License-Identifier: MIT
"""Frames from pages about rooms. What is refused of one is told by a frame in its turn."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import msgspec

from goop_node.types import JsonValue
from goop_realtime.machine import showing
from goop_realtime.machine.containment import REFUSAL, Contained
from goop_realtime.machine.pages import Page, View, frame
from goop_realtime.machine.rights import UNKNOWN
from goop_realtime.model.effects import Frame
from goop_realtime.model.jsonio import MAX_INTEGER, encode
from goop_realtime.model.wire import MAX_CONTEXT
from goop_realtime.rooms import callers, latest, nearby, page_rewinds, receipts, sending, views
from goop_realtime.rooms.callers import JoinOptions
from goop_realtime.rooms.fold import RunForm, RunsForm
from goop_realtime.rooms.positions import Run, Runs
from goop_realtime.rooms.room import Room, is_room
from goop_realtime.rooms.rooms import Shared
from goop_realtime.types import Refusal

NO_DATA = Refusal(code="bad_request", reason='"data" is missing')
MAX_ASKED = 1000
"""Rooms of one ``subscribe``, and messages of each that are asked for."""


def takes(body: Any) -> bool:
    """Whether a page's frame is for rooms alone."""
    if not isinstance(body, dict):
        return False
    channel = body.get("channel")
    if isinstance(channel, str) and is_room(channel):
        return True
    return body.get("type") in ("join", "leave", "rooms")


def received(sh: Shared, page: Page, body: Any) -> None:
    """A frame of a page, as decoded JSON of any form."""
    kind = body.get("type") if isinstance(body, dict) else None
    handler = _FRAMES.get(kind) if isinstance(kind, str) else None
    if handler is None:
        _refused(sh, page, Refusal(code="unknown_frame", reason="rooms have no such frame"), {})
        return
    refusal = handler(sh, page, body)
    if refusal is not None:
        _refused(sh, page, refusal, body)


def _refused(sh: Shared, page: Page, refusal: Refusal, body: dict[str, Any]) -> None:
    handle = str(body.get("channel", ""))[:80]
    sh.core.note("page", refusal.code, handle, detail=refusal.reason)
    answer: dict[str, JsonValue] = {
        **refusal.more,
        "type": "refused" if "id" in body else "error",
        "channel": handle,
        "code": refusal.code,
        "reason": refusal.reason,
        "pointer": refusal.pointer,
    }
    for name in ("id", "ref"):
        if name in body:
            answer[name] = str(body[name])[:80]
    if body.get("type") == "join":
        answer["room"] = str(body.get("room", ""))[:128]
    # That this node failed on a room is told although nothing else of that step is.
    about = "" if refusal is REFUSAL else handle
    if page.connected:
        sh.out.append(Frame(page.id, encode(answer), channel=about))


def find(sh: Shared, page: Page, body: dict[str, Any]) -> Room | Refusal:
    """The room that a frame is about, where the page may use it."""
    room = sh.rooms.get(str(body.get("channel", "")))
    return room if room is not None and views.may_use(sh, page.caller, room) else UNKNOWN


def _on_join(sh: Shared, page: Page, body: dict[str, Any]) -> Refusal | None:
    options = options_of(body)
    if isinstance(options, Refusal):
        return options
    room = callers.join(sh, str(body.get("room", "")), options, page.caller)
    if isinstance(room, Refusal):
        return room
    view = views.view_of(sh, room, page)
    view.barred = False
    ref = body.get("ref")
    views.tell_room_to(sh, room, page, view, str(ref)[:80] if ref is not None else None)
    return None


def options_of(body: dict[str, Any]) -> JoinOptions | Refusal:
    """What a join, by frame or over HTTP, says beside the room's id."""
    try:
        return msgspec.convert(body, JoinOptions)
    except msgspec.ValidationError as error:
        return Refusal(code="bad_request", reason=str(error)[:300])


def _on_leave(sh: Shared, page: Page, body: dict[str, Any]) -> Refusal | None:
    return callers.leave(sh, str(body.get("channel", "")), page.caller)


def _on_send(sh: Shared, page: Page, body: dict[str, Any]) -> Refusal | None:
    if "data" not in body:
        return NO_DATA
    message_id, to = body.get("id"), str(body.get("to") or "")[:64]
    if message_id is not None:
        message_id = str(message_id)
    handle = str(body.get("channel", ""))
    found = callers.send(sh, handle, page, message_id, body["data"], to)
    return found if isinstance(found, Refusal) else None


def _on_signal(sh: Shared, page: Page, body: dict[str, Any]) -> Refusal | None:
    room = find(sh, page, body)
    if isinstance(room, Refusal):
        return room
    refusal: Refusal | None = REFUSAL
    with Contained(sh.core, room.handle):
        refusal = sending.signal(sh, room, page, body.get("data"))
    # Sent now or never: one too many is nothing that a page could do anything about.
    return None if refusal is sending.TOO_FAST else refusal


def _on_ack(sh: Shared, page: Page, body: dict[str, Any]) -> Refusal | None:
    room = find(sh, page, body)
    number, host, seq = body.get("epoch"), body.get("host"), body.get("seq")
    if isinstance(room, Room) and _is_number(number) and _is_number(seq):
        with Contained(sh.core, room.handle):
            views.acknowledge(sh, room, page, int(number or 0), str(host), int(seq or 0))
    return None


def _on_snapshot(sh: Shared, page: Page, body: dict[str, Any]) -> Refusal | None:
    return showing.asked(sh.core, page, body, partial(callers.shown, sh))


def _on_rooms(sh: Shared, page: Page, body: dict[str, Any]) -> Refusal | None:
    """Tell which rooms of a context are open; with ``watch`` again whenever that changes."""
    context = str(body.get("context") or "")[:MAX_CONTEXT]
    refusal = nearby.barred(sh, page.caller, context)
    if refusal is None:
        nearby.watch(sh, page.id, context, on=body.get("watch") is not False)
        nearby.tell_to(sh, page.id, context)
    return refusal


def _is_number(value: Any) -> bool:
    return type(value) is int and 0 <= value <= MAX_INTEGER


def subscribe(sh: Shared, page: Page, body: dict[str, Any]) -> None:
    """Follow rooms (all of the page's template without ``channels``), and go on where it is."""
    wanted = body.get("channels")
    if isinstance(wanted, list):
        places = body.get("after")
        named = [*wanted, *(places if isinstance(places, dict) else ())][: 2 * MAX_ASKED]
        handles = list(dict.fromkeys(one for one in named if isinstance(one, str) and is_room(one)))
    else:
        handles = [one.handle for one in sh.rooms.values() if views.may_use(sh, page.caller, one)]
    for handle in handles:
        room = sh.rooms.get(handle)
        if room is None or not views.may_use(sh, page.caller, room):
            gone: dict[str, JsonValue] = {"type": "room", "channel": handle, "state": "left"}
            frame(sh.core, page, gone | {"code": "lost"})
            continue
        with Contained(sh.core, handle):
            _follow(sh, page, room, body)


def _follow(sh: Shared, page: Page, room: Room, body: dict[str, Any]) -> None:
    view = views.view_of(sh, room, page)
    view.barred = False
    _go_on(sh, page, room, view, body)
    views.tell_room_to(sh, room, page, view)
    asked = _of(body, "pending", room.handle)
    for message_id in asked[:MAX_ASKED] if isinstance(asked, list) else ():
        if isinstance(message_id, str):
            receipts.answer_pending(sh, room, message_id)
    views.pump(sh, room, page, view, {})
    latest.tell_all(sh, room, page, view)


def _go_on(sh: Shared, page: Page, room: Room, view: View, body: dict[str, Any]) -> None:
    """The page says what it has of the log: what this node has not, it gives up."""
    if not isinstance(body.get("after"), dict):
        return
    after = _of(body, "after", room.handle)
    if after is None:
        # It was told nothing: whatever was written to it before has not arrived.
        began = max(room.handled, room.joined_at.get(sh.me, 0), room.log.start)
        _restart(view, min(view.sent, began), min(view.handled, began))
        return
    try:
        runs = Runs(Run(*run) for run in msgspec.convert(after, RunsForm))
    except msgspec.ValidationError as error:
        frame(sh.core, page, {"type": "error", "code": "bad_request", "reason": str(error)[:300]})
        return
    fork, theirs = page_rewinds.common(room, view, room.fold.runs.fork(runs)), runs.last.seq
    view.begun = True
    _restart(view, fork, _handled(room, fork, _of(body, "handled", room.handle)))
    if fork < room.log.start:
        page_rewinds.tell_gap(sh, room, page, view, fork)
    elif fork < theirs:
        page_rewinds.rewind_to(sh, room, page, view, fork)
    view.redelivered_to = room.handed_out
    views.advance(sh, room, view.handled)


def _restart(view: View, sent: int, handled: int) -> None:
    view.sent, view.handled = sent, handled
    view.flight.clear()
    view.flight_bytes = 0


def _handled(room: Room, fork: int, told: Any) -> int:
    """Up to where a page says that it has handled the log, of what it has in common with ours."""
    try:
        place: tuple[int, str, int] = msgspec.convert(told, RunForm)
    except msgspec.ValidationError:
        return min(room.handled, fork)
    return min(place[2], room.fold.runs.fork(Runs([Run(*place)])), fork)


def _of(body: dict[str, Any], key: str, handle: str) -> Any:
    value = body.get(key)
    return value.get(handle) if isinstance(value, dict) else None


_FRAMES: dict[str, Callable[[Shared, Page, dict[str, Any]], Refusal | None]] = {
    "join": _on_join,
    "leave": _on_leave,
    "send": _on_send,
    "signal": _on_signal,
    "ack": _on_ack,
    "rooms": _on_rooms,
    "snapshot": _on_snapshot,
}
