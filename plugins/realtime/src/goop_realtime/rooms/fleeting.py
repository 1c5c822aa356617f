# SPDX-License-Identifier: MIT
"""Messages in no log: what holds for both of their kinds, and those that are now or never."""

from __future__ import annotations

from dataclasses import replace

import msgspec

from goop_node.types import JsonValue
from goop_realtime.contexts.registry import Kind
from goop_realtime.machine.pages import Page, frame
from goop_realtime.model.effects import Frame, SendLine
from goop_realtime.model.jsonio import MalformedJson, decode, encode
from goop_realtime.model.limits import SIGNAL_BYTES, Bucket
from goop_realtime.rooms import views
from goop_realtime.rooms.forms import serialise
from goop_realtime.rooms.lines import Ping, Volatile
from goop_realtime.rooms.links import Link
from goop_realtime.rooms.room import Room
from goop_realtime.rooms.rooms import Shared
from goop_realtime.types import Limits, Refusal

ROUND = 64
"""Lines that may be on their way at a time: a ping goes with the first, its pong ends the round."""
TOO_FAST = Refusal(code="too_fast", reason="more messages a second than this context allows")
NOT_CONNECTED = Refusal(code="not_connected", reason="there is no host at the moment")


def raw(encoded: bytes) -> msgspec.Raw:
    """A payload that is encoded already."""
    return msgspec.Raw(encoded)


def limits_of(own: Limits, kind: Kind | None) -> tuple[int, float, int]:
    """Bytes of one message, messages a second, and how many at once."""
    if kind is None:
        return min(SIGNAL_BYTES, own.message_bytes), own.rate, own.burst
    return kind.limits(own)


def judge(
    room: Room, delivery: str, kind: Kind | None, data: JsonValue, size: int
) -> Refusal | None:
    """Why a message may not travel like that; without types everything is volatile."""
    if room.context.messages:
        if kind is None or kind.delivery != delivery:
            return Refusal(code="unknown_type", reason=f"no message of this type is {delivery}")
    elif delivery != "volatile":
        return Refusal(code="unknown_type", reason="a room without types has no newest messages")
    bound = limits_of(room.context.type.limits, kind)[0]
    if size > bound:
        return Refusal(
            code="too_large", reason=f"the message has {size} bytes, at most {bound} fit"
        )
    return room.context.check_message(data) if room.context.messages else None


def paced(sh: Shared, room: Room, kind: Kind | None) -> Refusal | None:
    """Refuse what our pages say too fast, of one type."""
    name = "" if kind is None else kind.name
    bucket = room.paces.get(name)
    if bucket is None:
        _, rate, burst = limits_of(sh.core.limits.of(room.context.type.limits), kind)
        bucket = room.paces[name] = Bucket(rate, burst)
    return None if bucket.take(sh.now) else TOO_FAST


def within_rate(sh: Shared, link: Link) -> bool:
    """Host: whether a guest says as much as its node may let pass, of all types together."""
    if link.fleeting is None:
        room = link.room
        limits, own = room.context.type.limits, sh.core.limits
        wide = replace(
            limits, rate=max(limits.rate, own.rate or 0), burst=max(limits.burst, own.burst or 0)
        )
        bounds = [limits_of(wide, kind) for kind in (None, *room.context.kinds.values())]
        rate, burst = sum(one[1] for one in bounds), sum(one[2] for one in bounds)
        link.fleeting = Bucket(2 * rate, 2 * burst + ROUND)
    return link.fleeting.take(sh.now)


def begin(sh: Shared, link: Link) -> bool:
    """Whether another line may leave now; the first one of a round takes a ping with it."""
    if link.round >= ROUND:
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
    refusal = judge(room, "volatile", kind, data, len(encoded))
    if refusal is not None:
        sh.note(room, "link", refusal.code, detail=refusal.reason)
        return
    if not line.to or line.to == sh.me:
        _tell_pages(sh, room, line.author, data)
    if hosts:
        _spread(sh, room, serialise(line), line.author, line.to)


def _spread(sh: Shared, room: Room, line: bytes, author: str, to: str) -> None:
    for peer, link in room.hosting.links.items() if room.hosting is not None else ():
        if peer != author and (not to or to == peer) and begin(sh, link):
            sh.out.append(SendLine(link.id, line, room.handle))


def _tell_pages(sh: Shared, room: Room, author: str, data: JsonValue, but: str = "") -> None:
    kind = "volatile" if room.context.messages else "signal"
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
