# SPDX-License-Identifier: MIT
"""What pages do with channels: send, and close.

This is where size, rate, schema and the outbox's bound are enforced: what is accepted here is
never refused for space further on.
"""

from __future__ import annotations

from goop_node.types import JsonValue
from goop_realtime.contexts import plugin_code
from goop_realtime.contexts.channel_session import PluginFailure
from goop_realtime.contexts.kinds import Kind
from goop_realtime.machine import (
    fleeting,
    guest_side,
    host_side,
    invitations_received,
    invitations_sent,
    pages,
    receipts,
    suspension,
    unlogged,
    versions,
)
from goop_realtime.machine.channel import Channel, Phase
from goop_realtime.machine.core import Core
from goop_realtime.machine.lookup import NOT_ACCEPTED
from goop_realtime.machine.pages import Page
from goop_realtime.model.effects import Outgoing, SaveOutgoing
from goop_realtime.model.jsonio import encode
from goop_realtime.model.limits import Bucket
from goop_realtime.model.message_ids import is_of_a_page, parsed
from goop_realtime.types import Refusal


def send(
    core: Core, channel: Channel, page: Page, message_id: str | None, data: JsonValue
) -> Refusal | str:
    """Accept a message of a page, or say why not. A repeated id is accepted once.

    Without an id it gets a new one.
    """
    kind = channel.context.kind_of(data)
    if kind is not None and kind.delivery != "ordered":
        return _pass_on(core, channel, page, message_id or "", kind, data)
    passed = False
    if message_id is None:
        message_id = _new_id(core, channel, page)
    elif not is_of_a_page(message_id):
        return Refusal(code="bad_id", reason="a message id is PAGE-COUNTER", pointer="/id")
    elif message_id in channel.outbox or message_id in channel.outcomes:
        return _again(core, channel, message_id)
    else:
        passed = channel.outcomes.passed(message_id)
    refusal = _admit(core, channel, data)
    if passed and refusal is None:
        # It was refused before, such as for space, and its page has not heard that.
        refusal = host_side.OVERTAKEN
    refusal = refusal or _paced(core, channel, page, message_id)
    encoded = b""
    if refusal is None:
        encoded = encode(data)
        refusal = _fits(core, channel, encoded, data, kind)
    if refusal is None and channel.context.type.stamp is not None:
        found = plugin_code.stamped(channel.context, channel.request, data, core.plugin_failed)
        if isinstance(found, PluginFailure):
            refusal = found
        else:
            data, encoded = found, encode(found)
            refusal = _fits(core, channel, encoded, data, channel.context.kind_of(data))
    if refusal is None:
        outgoing = Outgoing(id=message_id, at=core.now + core.correction, kind="msg", raw=encoded)
        refusal = _hand_on(core, channel, outgoing, data)
        if refusal is not None:
            host_side.keep_refusal(core, channel, message_id, refusal)
    if refusal is not None:
        core.note("page", refusal.code, channel.id, message_id, refusal.reason)
        return refusal
    return message_id


def _pass_on(
    core: Core, channel: Channel, page: Page, message_id: str, kind: Kind, data: JsonValue
) -> Refusal | str:
    """Pass on what is in no log."""
    found = _admit(core, channel, data) or fleeting.say(core, channel, page, message_id, kind, data)
    if isinstance(found, Refusal):
        core.note("page", found.code, channel.id, message_id, found.reason)
    return found


def _new_id(core: Core, channel: Channel, page: Page) -> str:
    """An id for a page that does not count: of no other message, whichever connection it came on.

    The numbers go up with time, also through restarts, as those of a page that counts do; where
    the clock was set back, they go on behind the page's last one.
    """
    core.count = max(core.count + 1, core.now * 100)
    number = max(core.count, channel.outcomes.behind(page.id))
    while (message_id := f"{page.id}-{number}") in channel.outbox:
        number += 1
    return message_id


def _admit(core: Core, channel: Channel, data: JsonValue) -> Refusal | None:
    if channel.phase is not Phase.OPEN or channel.closing:
        if channel.final or channel.closing:
            code = channel.close_code or "closed"
            return Refusal(code="closed", reason=f"the channel has ended ({code})")
        return NOT_ACCEPTED
    if channel.obstacle is not None and not channel.context.served:
        return Refusal(code=channel.obstacle.code, reason=channel.obstacle.reason)
    refusal = versions.unknown_there(channel, data)
    return refusal if refusal is not None and _is_known(channel, data) else None


def _is_known(channel: Channel, data: JsonValue) -> bool:
    """Whether our own version has the message's type: else that is what is wrong with it."""
    return isinstance(data, dict) and data.get("type") in channel.context.messages


def _paced(core: Core, channel: Channel, page: Page, message_id: str) -> Refusal | None:
    """Refuse what comes too fast.

    What a page will send again is not overtaken meanwhile: its later messages are as early.
    """
    if channel.bucket is None:
        limits = core.limits.of(channel.context.type.limits)
        channel.bucket = Bucket(limits.rate, limits.burst)
    view = page.views.get(channel.id) if page.retries else None
    hurried = 0 if view is None else view.hurried
    overtakes = hurried > 0 and hurried < parsed(message_id).counter
    if overtakes or not channel.bucket.take(core.now):
        if view is not None and not overtakes:
            view.hurried = parsed(message_id).counter
        return unlogged.TOO_FAST
    if view is not None:
        view.hurried = 0
    return None


def _fits(
    core: Core, channel: Channel, encoded: bytes, data: JsonValue, kind: Kind | None
) -> Refusal | None:
    size, bound = len(encoded), _bound(core, channel, kind)
    if size > bound:
        return Refusal(
            code="too_large", reason=f"the message has {size} bytes, at most {bound} fit"
        )
    if not channel.room_for(size):
        return Refusal(
            code="outbox_full", reason="too much is on its way that the other side has not handled"
        )
    if channel.own_pages_behind:
        return Refusal(
            code="outbox_full", reason="no page here handles what has come: that comes first"
        )
    refusal = channel.context.check_message(data) if channel.context.messages else None
    if refusal is None and kind is not None and kind.type.rate is not None:
        return fleeting.paced(core, channel, kind)
    return refusal


def _bound(core: Core, channel: Channel, kind: Kind | None) -> int:
    """How many bytes a message may have."""
    limits = channel.context.type.limits
    if kind is not None:
        return kind.limits(core.limits.of(limits))[0]
    return min(core.limits.message_bytes, limits.message_bytes)


def _hand_on(core: Core, channel: Channel, outgoing: Outgoing, data: JsonValue) -> Refusal | None:
    if not channel.hosted:
        return guest_side.submit(core, channel, outgoing, data)
    if not channel.held:
        refusal = host_side.order(core, channel, core.me, outgoing, data)
        if not channel.barred:
            return refusal
    channel.put_out(outgoing)
    core.out.append(SaveOutgoing(channel.id, outgoing))
    receipts.receipt(core, outgoing.id, channel, "accepted")
    return None


def _again(core: Core, channel: Channel, message_id: str) -> Refusal | str:
    """A page repeats a message whose fate it does not know."""
    answer_pending(core, channel, message_id)
    outcome = channel.outcomes.get(message_id)
    if outcome is not None and outcome.code:
        return Refusal(code=outcome.code, reason=outcome.reason, pointer=outcome.pointer)
    return message_id


def answer_pending(core: Core, channel: Channel, message_id: str) -> None:
    """Tell a page where one of its messages stands."""
    outcome = channel.outcomes.get(message_id)
    if message_id in channel.outbox:
        receipts.receipt(core, message_id, channel, "accepted")
    elif outcome is None:
        stage = "lost" if channel.final else "unknown"
        receipts.receipt(core, message_id, channel, stage)
    elif outcome.code:
        refusal = Refusal(code=outcome.code, reason=outcome.reason, pointer=outcome.pointer)
        receipts.tell_refused(core, channel, message_id, refusal)
    else:
        stage = "accepted"
        if not channel.hosted or outcome.seq <= channel.had_by_all:
            stage = "delivered"
        place = {"epoch": outcome.epoch, "seq": outcome.seq}
        if outcome.seq <= channel.handled_by_all:
            receipts.handled(core, message_id, channel, outcome.seq, **place)
        else:
            receipts.receipt(core, message_id, channel, stage, **place)


def close(core: Core, channel: Channel) -> Refusal | None:
    """Close: the last entry of the log, behind everything before it."""
    if channel.final or channel.closing:
        return None
    if channel.phase is Phase.ASKING:
        invitations_sent.withdraw_by_person(core, channel)
    elif channel.phase is Phase.ASKED:
        return invitations_received.decline(core, channel, "declined")
    elif channel.phase is Phase.JOINING:
        invitations_received.take_back(core, channel)
    else:
        _close_open(core, channel)
    return None


def _close_open(core: Core, channel: Channel) -> None:
    if channel.obstacle is not None:
        suspension.end(core, channel)
        return
    message_id = f"close{core.random.getrandbits(48):012x}-1"
    outgoing = Outgoing(id=message_id, at=core.now + core.correction, kind="close", raw=b'"closed"')
    if channel.hosted and not channel.held:
        host_side.order(core, channel, core.me, outgoing, None)
        return
    channel.put_out(outgoing)
    core.out.append(SaveOutgoing(channel.id, outgoing))
    channel.closing = True
    channel.close_code = "closed"
    if not channel.hosted:
        guest_side.send_outbox(core, channel)
    pages.tell_state(core, channel)
