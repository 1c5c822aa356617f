# SPDX-License-Identifier: MIT
"""What callers want done with rooms: found for them where they may, contained, and noted."""

from __future__ import annotations

from typing import Annotated

import msgspec

from goop_node.config.values import is_template_name
from goop_node.types import Caller, JsonValue
from goop_realtime.contexts.registry import PLAIN, Context
from goop_realtime.machine.containment import REFUSAL, Contained
from goop_realtime.machine.pages import Page, View, frame
from goop_realtime.machine.rights import UNKNOWN, owner_of
from goop_realtime.machine.shown import Shown
from goop_realtime.rooms import (
    fleeting,
    keys,
    leaving,
    restoring,
    rows,
    seeking,
    sending,
    streams,
    views,
)
from goop_realtime.rooms.entries import MaxPeers
from goop_realtime.rooms.forms import ContextName, RoomId
from goop_realtime.rooms.outbox import Refusals
from goop_realtime.rooms.room import DEFAULT_MAX_PEERS, Room, handle_of
from goop_realtime.rooms.rooms import Shared
from goop_realtime.types import OpenRequest, Refusal

MAX_ROOMS = 64
"""Rooms that a node is in at a time."""
MAX_PEERS = 64
MAX_KEY = 256


class JoinOptions(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """How somebody wants to join a room.

    ``max_peers`` counts where the room has to be made; ``context`` is a full name, for a room whose
    id names none; ``app`` is the template that asks, for programs.
    """

    max_peers: MaxPeers | None = None
    key: Annotated[str, msgspec.Meta(max_length=MAX_KEY)] | None = None
    listed: bool = True
    context: ContextName | None = None
    app: Annotated[str, msgspec.Meta(max_length=64)] | None = None


def join(sh: Shared, room_id: str, options: JoinOptions, caller: Caller) -> Room | Refusal:
    """Somebody wants to be in a room: the room, which this node may still be joining."""
    found: Room | Refusal = REFUSAL
    with Contained(sh.core, ""):
        found = _join(sh, room_id, options, caller)
    if isinstance(found, Refusal):
        sh.core.note("page", found.code, detail=found.reason)
    return found


def _join(sh: Shared, room_id: str, options: JoinOptions, caller: Caller) -> Room | Refusal:
    try:
        msgspec.convert(room_id, RoomId)
    except msgspec.ValidationError:
        return Refusal(
            code="bad_request",
            reason="a room's id has 1 to 128 of the characters A-Z a-z 0-9 _ . ~ -",
            pointer="/room",
        )
    place = _place(sh, room_id, options, caller)
    if isinstance(place, Refusal):
        return place
    name, context, context_name = place
    secret = ""
    if options.key:
        name = keys.name_of(name, options.key)
        secret = keys.secret_of(name, options.key)
    owner = owner_of(caller)
    room = sh.names.get(name)
    if room is not None and room.final:
        leaving.go(sh, room)  # it was handed over: this is another beginning
        room = None
    if room is None:
        room = sh.rooms.get(handle_of(name))
        if room is None or not room.kept:
            return _make(sh, room_id, name, context, context_name, options, secret, owner)
        goes_by = sh.core.registry.going_on(context_name, room.goes_by)
        if context_name and goes_by is None:
            return restoring.not_served(sh, room)
        refusal = restoring.revive(sh, room, goes_by or context)
        if refusal is not None:
            return refusal
    if owner not in room.owners:
        room.owners.append(owner)
        sh.save(room)
    return room


def _place(
    sh: Shared, room_id: str, options: JoinOptions, caller: Caller
) -> tuple[str, Context, str] | Refusal:
    """What nodes call the room, and its context with its full name."""
    core = sh.core
    app = caller.name if caller.kind == "template" else options.app or ""
    if app and not is_template_name(app):
        return Refusal(code="invalid_app", reason="app is a template's name", pointer="/app")
    served = core.registry.find(room_id)
    if options.context:
        context = core.registry.find(options.context)
        if context is None:
            reason = f"no enabled plugin serves the context {options.context[:80]!r}"
            return Refusal(code="unknown_context", reason=reason, pointer="/context")
        if context.type.max_peers <= 2:
            reason = f"{context.name} is for channels of two"
            return Refusal(code="unknown_context", reason=reason, pointer="/context")
        if not core.rights.uses(caller, context.name):
            return core.rights.needed(caller, context.name)
        return f"{app or 'home'}/{room_id}", context, options.context
    if served is not None and served.type.max_peers > 2 and core.rights.uses(caller, served.name):
        return room_id, served, room_id
    return f"{app or 'home'}/{room_id}", PLAIN, ""


def _make(
    sh: Shared,
    room_id: str,
    name: str,
    context: Context,
    context_name: str,
    options: JoinOptions,
    secret: str,
    owner: str | None,
) -> Room | Refusal:
    if len(sh.names) >= MAX_ROOMS:
        return Refusal(code="busy", reason=f"this node is in {MAX_ROOMS} rooms already")
    bound = MAX_PEERS if context is PLAIN else min(context.type.max_peers, MAX_PEERS)
    me = sh.me
    request = OpenRequest(
        channel=handle_of(name),
        context=context_name,
        opener=me,
        peers=(me,),
        version=str(context.version) if context.hash else "",
    )
    refusal = sh.core.authorize(request)
    if refusal is not None:
        return refusal
    room = Room(
        me=me,
        id=room_id,
        name=name,
        context=context,
        context_name=context_name,
        max_peers=min(options.max_peers or DEFAULT_MAX_PEERS, bound),
        listed=options.listed,
        secret=secret,
        owners=[owner],
        refusals=Refusals(me),
        followed_at=sh.now,
    )
    for page in sh.core.pages.values():
        page.views.pop(room.handle, None)  # of the room before, if it was left
    sh.rooms[room.handle] = sh.names[name] = room
    sh.save(room)
    seeking.begin(sh, room)
    return room


def find(sh: Shared, handle: str, caller: Caller) -> Room | Refusal:
    """The room, where the caller may use it."""
    room = sh.rooms.get(handle)
    return room if room is not None and views.may_use(sh, caller, room) else UNKNOWN


def shown(sh: Shared, handle: str, caller: Caller) -> Shown | Refusal:
    """The Session of a room that this node is in, if the caller may use it."""
    room = find(sh, handle, caller)
    if isinstance(room, Refusal):
        return room
    if room.kept:
        return Refusal(code=room.code, reason=room.reason)
    if room.final:
        return sending.LEFT
    if room.session is None:
        return fleeting.NOT_CONNECTED
    return Shown(room.handle, room.context, room.session, rows.told_place(room.fold.last))


def leave(sh: Shared, handle: str, caller: Caller) -> Refusal | None:
    """Somebody leaves the room for this node."""
    room = sh.rooms.get(handle)
    if room is None or not views.may_see(sh, caller, room):
        return UNKNOWN
    with Contained(sh.core, handle):
        leaving.leave(sh, room)
        return None
    return REFUSAL


def forget_template(sh: Shared, template: str) -> None:
    """Leave the rooms that are of that template alone."""
    for room in list(sh.rooms.values()):
        if room.context.folder == template or {*room.owners} == {template}:
            with Contained(sh.core, room.handle):
                leaving.leave(sh, room)


def send(
    sh: Shared, handle: str, page: Page, message_id: str | None, data: JsonValue, to: str
) -> str | Refusal:
    """Somebody says something to all members, or to one."""
    room = find(sh, handle, page.caller)
    if isinstance(room, Refusal):
        return room
    with Contained(sh.core, handle):
        return sending.send(sh, room, page, message_id, data, to)
    return REFUSAL


def rights_changed(sh: Shared) -> None:
    """The person has granted or revoked something: who may not use a room hears no more of it."""
    for page in sh.core.pages.values():
        for room in sh.rooms.values():
            view = page.views.get(room.handle)
            barred = not views.may_use(sh, page.caller, room)
            if view is not None and barred != view.barred:
                view.barred = barred
                _tell_right(sh, page, room, view)


def _tell_right(sh: Shared, page: Page, room: Room, view: View) -> None:
    """Tell a page that it may not use a room any more, or may again."""
    if not view.barred:
        views.tell_room_to(sh, room, page, view)
        sh.grow(room)
        return
    needed = sh.core.rights.needed(page.caller, room.context.name)
    body: dict[str, JsonValue] = {**needed.more, "type": "error", "channel": room.handle}
    frame(sh.core, page, body | {"code": needed.code, "reason": needed.reason})


def standing_changed(sh: Shared, peer: str) -> None:
    """The person has blocked somebody: this node has no stream with them any more."""
    if not sh.core.is_blocked(peer):
        return
    for link in [link for link in sh.links.values() if link.peer == peer]:
        with Contained(sh.core, link.room.handle):
            sh.drop(link, drain=False)
            streams.ended(sh, link, "blocked", reset=False)
