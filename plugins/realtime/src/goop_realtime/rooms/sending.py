# SPDX-License-Identifier: MIT
"""What pages say in a room. Size, rate, form and the outbox's bound are enforced here: what is
accepted is never refused for space further on.
"""

from __future__ import annotations

from goop_node.types import JsonValue
from goop_realtime.contexts import plugin_code
from goop_realtime.contexts.channel_session import PluginFailure
from goop_realtime.contexts.kinds import Kind
from goop_realtime.machine import unlogged
from goop_realtime.machine.pages import Page
from goop_realtime.model.jsonio import encode
from goop_realtime.model.limits import Bucket
from goop_realtime.model.message_ids import MessageId, is_of_a_page, parsed
from goop_realtime.rooms import fleeting, hosting, latest, ordering, receipts, versions
from goop_realtime.rooms.entries import SALT_BYTES, RoomOutgoing
from goop_realtime.rooms.fold import Standing
from goop_realtime.rooms.records import SaveRoomOutgoing
from goop_realtime.rooms.room import Phase, Room
from goop_realtime.rooms.rooms import Shared
from goop_realtime.types import Refusal

BAD_ID = Refusal(code="bad_id", reason="a message id is PAGE-COUNTER", pointer="/id")
LEFT = Refusal(code="closed", reason="this node has left the room")
TOO_FAST = unlogged.TOO_FAST
NO_SUCH_MEMBER = Refusal(
    code="unknown_peer", reason="nobody else in the room has that peer id", pointer="/to"
)


def send(
    sh: Shared, room: Room, page: Page, message_id: str | None, data: JsonValue, to: str
) -> Refusal | str:
    """Accept a message of a page, or say why not. A repeated id is accepted once.

    Without an id it gets a new one.
    """
    kind = room.context.kind_of(data)
    if kind is not None and kind.delivery != "ordered":
        return _fleeting(sh, room, page, message_id or "", kind, data, to)
    message_id = message_id or _new_id(sh, room, page)
    if not is_of_a_page(message_id):
        return BAD_ID
    known = _again(sh, room, message_id)
    if known is not None:
        return known
    refusal = _refusal(sh, room, page, message_id, to)
    if refusal is None:
        data, encoded, refusal = _stamped(sh, room, data)
    if refusal is None:
        salt = sh.core.random.getrandbits(8 * SALT_BYTES).to_bytes(SALT_BYTES)
        at = sh.now + sh.core.correction
        outgoing = RoomOutgoing(id=message_id, at=at, to=to, raw=encoded, salt=salt)
        refusal = _hand_on(sh, room, outgoing, data)
    if refusal is not None:
        sh.note(room, "page", refusal.code, message_id, refusal.reason)
        return refusal
    return message_id


def _fleeting(
    sh: Shared, room: Room, page: Page, message_id: str, kind: Kind, data: JsonValue, to: str
) -> Refusal | str:
    """Pass on what is in no log: it has no place and no receipts, but for being taken."""
    refusal = _say(sh, room, page, kind, data, to)
    if refusal is not None:
        sh.note(room, "page", refusal.code, message_id, refusal.reason)
        return refusal
    if message_id:
        receipts.receipt(sh, room, message_id, "accepted")
    return message_id


def signal(sh: Shared, room: Room, page: Page, data: JsonValue) -> Refusal | None:
    """A page's message without a type, for now or never."""
    return _say(sh, room, page, None, data, "")


def _say(
    sh: Shared, room: Room, page: Page, kind: Kind | None, data: JsonValue, to: str
) -> Refusal | None:
    if room.final:
        return LEFT
    delivery = "volatile" if kind is None else kind.delivery
    refusal = unlogged.judge(room.context, delivery, kind, data, len(encode(data)))
    refusal = refusal or versions.unknown_there(room, data)
    refusal = refusal or unlogged.paced(sh.core, room.context, room.paces, kind)
    if refusal is not None:
        return refusal
    if kind is not None and delivery == "latest":
        return latest.say(sh, room, page, kind, data)
    return fleeting.say(sh, room, page, kind, data, to)


def _new_id(sh: Shared, room: Room, page: Page) -> str:
    """An id for a page that does not count: behind all that is known of it."""
    known = (
        room.fold.highest(sh.me, page.id),
        room.outbox.highest(page.id),
        room.refusals.highest(sh.me, page.id),
    )
    return str(MessageId(page.id, max(known) + 1))


def _again(sh: Shared, room: Room, message_id: str) -> Refusal | str | None:
    """A page repeats a message whose fate it does not know; ``None`` for a new one."""
    outcome = room.refusals.get(sh.me, message_id)
    if outcome is not None:
        return receipts.refusal_of(outcome)
    standing = room.fold.standing(sh.me, message_id)
    if message_id not in room.outbox and standing is Standing.NEW:
        return None
    if standing is Standing.OVERTAKEN and message_id not in room.outbox:
        return receipts.OVERTAKEN
    receipts.answer_pending(sh, room, message_id)
    return message_id


def _refusal(sh: Shared, room: Room, page: Page, message_id: str, to: str) -> Refusal | None:
    if room.final:
        return LEFT
    at = parsed(message_id)
    if room.outbox.highest(at.page) > at.counter:
        # It was refused before, such as for space, and its page has not heard that; or it is in the
        # log of the room that this node left, and has come back to without.
        return receipts.OVERTAKEN if room.log.last else hosting.LOST
    if to and room.joined and (to == sh.me or to not in room.fold.members):
        return NO_SUCH_MEMBER
    return _paced(sh, room, page, at.counter)


def _paced(sh: Shared, room: Room, page: Page, counter: int) -> Refusal | None:
    """Refuse what comes too fast.

    What a page will send again is not overtaken meanwhile: its later messages are as early.
    """
    if room.bucket is None:
        limits = sh.core.limits.of(room.context.type.limits)
        room.bucket = Bucket(limits.rate, limits.burst)
    view = page.views.get(room.handle) if page.retries else None
    overtakes = view is not None and 0 < view.hurried < counter
    if overtakes or not room.bucket.take(sh.now):
        if view is not None and not overtakes:
            view.hurried = counter
        return TOO_FAST
    if view is not None:
        view.hurried = 0
    return None


def _stamped(sh: Shared, room: Room, data: JsonValue) -> tuple[JsonValue, bytes, Refusal | None]:
    """The message as this node sends it on, encoded, or why it does not."""
    encoded = encode(data)
    refusal = _fits(sh, room, encoded, data)
    if refusal is not None or room.context.type.stamp is None:
        return data, encoded, refusal
    found = plugin_code.stamped(room.context, room.request, data, sh.core.plugin_failed)
    if isinstance(found, PluginFailure):
        return data, encoded, found
    encoded = encode(found)
    return found, encoded, _fits(sh, room, encoded, found)


def _fits(sh: Shared, room: Room, encoded: bytes, data: JsonValue) -> Refusal | None:
    own = sh.core.limits.of(room.context.type.limits)
    kind = room.context.kind_of(data)
    bound = own.message_bytes if kind is None else kind.limits(own)[0]
    if len(encoded) > bound:
        return Refusal(
            code="too_large", reason=f"the message has {len(encoded)} bytes, at most {bound} fit"
        )
    if not room.outbox.has_room(len(encoded)):
        return Refusal(code="outbox_full", reason="too much is on its way that has no place yet")
    refusal = room.context.check_message(data) if room.context.messages else None
    refusal = refusal or versions.unknown_there(room, data)
    if refusal is None and kind is not None and kind.type.rate is not None:
        return unlogged.paced(sh.core, room.context, room.paces, kind)
    return refusal


def _hand_on(sh: Shared, room: Room, outgoing: RoomOutgoing, data: JsonValue) -> Refusal | None:
    if room.phase is Phase.HOST:
        receipts.receipt(sh, room, outgoing.id, "accepted")
        refusal = hosting.order_own(sh, room, outgoing, data)
        if refusal is not None:
            ordering.remember_refusal(sh, room, sh.me, outgoing.id, refusal)
        return refusal
    place = room.outbox.append(outgoing)
    sh.out.append(SaveRoomOutgoing(room.handle, place, outgoing))
    receipts.receipt(sh, room, outgoing.id, "accepted")
    sh.grow(room)
    return None
