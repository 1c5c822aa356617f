# SPDX-License-Identifier: MIT
"""Messages in no log: what holds for both of their kinds, and those that are now or never."""

from __future__ import annotations

import msgspec

from goop_node.types import JsonValue
from goop_realtime.contexts.kinds import Kind
from goop_realtime.machine import unlogged
from goop_realtime.machine.pages import Page, frame
from goop_realtime.model.effects import Frame, SendLine
from goop_realtime.model.jsonio import MalformedJson, decode, encode
from goop_realtime.rooms import views
from goop_realtime.rooms.forms import serialise
from goop_realtime.rooms.lines import Ping, Volatile
from goop_realtime.rooms.links import Link
from goop_realtime.rooms.room import Room
from goop_realtime.rooms.rooms import Shared
from goop_realtime.types import Refusal

NOT_CONNECTED = Refusal(code="not_connected", reason="there is no host at the moment")


def raw(encoded: bytes) -> msgspec.Raw:
    """A payload that is encoded already."""
    return msgspec.Raw(encoded)


def within_rate(sh: Shared, link: Link) -> bool:
    """Host: whether a guest says as much as its node may let pass, of all types together."""
    if link.fleeting is None:
        link.fleeting = unlogged.allowance(sh.core, link.room.context)
    return link.fleeting.take(sh.now)


def begin(sh: Shared, link: Link) -> bool:
    """Whether another line may leave now; the first one of a round takes a ping with it."""
    if link.round >= unlogged.ROUND:
        return False
    if link.round == 0:
        sh.write(link, Ping())
    link.round += 1
    return True


def tell_error(sh: Shared, room: Room, page: Page, refusal: Refusal) -> None:
    """Tell a page what is wrong with something that has no id."""
    body: dict[str, JsonValue] = {
        "type": "error",
        "channel": room.handle,
        "code": refusal.code,
        "reason": refusal.reason,
        "pointer": refusal.pointer,
    }
    frame(sh.core, page, body)


# Now or never


def say(
    sh: Shared, room: Room, page: Page, kind: Kind | None, data: JsonValue, to: str
) -> Refusal | None:
    """Pass a page's message on, if there is anybody to pass it on to."""
    if not room.joined:
        return NOT_CONNECTED
    encoded = encode(data)
    _passed(sh, room, kind)
    if not to:
        _tell_pages(sh, room, sh.me, data, but=page.id)
    line = serialise(Volatile(author=sh.me, to=to, data=raw(encoded)))
    if room.hosting is not None:
        _spread(sh, room, line, sh.me, to)
    elif room.link is not None and begin(sh, room.link):
        sh.out.append(SendLine(room.link.id, line, room.handle))
    return None


def received(sh: Shared, link: Link, line: Volatile) -> None:
    """Another member's message: to our pages, and to the others where we are host."""
    room, encoded = link.room, bytes(line.data)
    hosts = room.hosting is not None
    if hosts and (line.author != link.peer or not within_rate(sh, link)):
        sh.note(room, "link", "ignored", detail=f"a volatile message of {line.author}")
        return
    try:
        data = decode(encoded)
    except MalformedJson as error:
        sh.note(room, "link", error.code, detail=error.reason)
        return
    kind = room.context.kind_of(data)
    refusal = unlogged.judge(room.context, "volatile", kind, data, len(encoded))
    if refusal is not None:
        sh.note(room, "link", refusal.code, detail=refusal.reason)
        return
    _passed(sh, room, kind, line.author)
    if not line.to or line.to == sh.me:
        _tell_pages(sh, room, line.author, data)
    if hosts:
        _spread(sh, room, serialise(line), line.author, line.to)


def _passed(sh: Shared, room: Room, kind: Kind | None, author: str = "") -> None:
    sh.core.passed(_what(room), room.handle, "" if kind is None else kind.name, author)


def _what(room: Room) -> str:
    """What pages call it: without types, everything of this kind is a signal."""
    return "volatile" if room.context.messages else "signal"


def _spread(sh: Shared, room: Room, line: bytes, author: str, to: str) -> None:
    for peer, link in room.hosting.links.items() if room.hosting is not None else ():
        if peer != author and (not to or to == peer) and begin(sh, link):
            sh.out.append(SendLine(link.id, line, room.handle))


def _tell_pages(sh: Shared, room: Room, author: str, data: JsonValue, but: str = "") -> None:
    kind = _what(room)
    body: dict[str, JsonValue] = {
        "type": kind,
        "channel": room.handle,
        "from": author,
        "data": data,
    }
    encoded = encode(body)
    newest = f"{room.handle} {author} {kind}"
    for page, view in views.listeners(sh, room):
        if page.id != but and room.joined_at.get(author, view.sent + 1) <= view.sent:
            sh.out.append(Frame(page.id, encoded, newest=newest, channel=room.handle))
