# SPDX-License-Identifier: MIT
"""What pages do with channels: subscribe, send, signal, close.

This is where size, rate, schema and the outbox's bound are enforced: what is accepted here is
never refused for space further on.
"""

from __future__ import annotations

from typing import Any

from goop_node.types import JsonValue
from goop_realtime.contexts import plugin_code
from goop_realtime.contexts.channel_session import PluginFailure
from goop_realtime.machine import (
    failures,
    granting,
    guest_side,
    host_side,
    incoming,
    invitations_received,
    invitations_sent,
    missed,
    pages,
    pending,
    receipts,
    running,
    suspension,
    watching,
)
from goop_realtime.machine.channel import Channel, Phase
from goop_realtime.machine.core import Core
from goop_realtime.machine.lookup import NOT_ACCEPTED
from goop_realtime.machine.pages import Page, View
from goop_realtime.machine.rights import UNKNOWN, Right
from goop_realtime.model.effects import Outgoing, SaveOutgoing
from goop_realtime.model.jsonio import encode
from goop_realtime.model.limits import Bucket
from goop_realtime.model.message_ids import MessageId, is_of_a_page, parsed
from goop_realtime.model.wire import pair
from goop_realtime.types import Refusal


def send(
    core: Core, channel: Channel, page: Page, message_id: str | None, data: JsonValue
) -> Refusal | str:
    """Accept a message of a page, or say why not. A repeated id is accepted once.

    Without an id it gets a new one.
    """
    if message_id is None:
        message_id = _new_id(core, channel, page)
    if not is_of_a_page(message_id):
        return Refusal(code="bad_id", reason="a message id is PAGE-COUNTER", pointer="/id")
    if message_id in channel.outbox or message_id in channel.outcomes:
        return _again(core, channel, message_id)
    refusal = _admit(core, channel)
    if refusal is None and channel.outcomes.passed(message_id):
        # It was refused before, such as for space, and its page has not heard that.
        refusal = host_side.OVERTAKEN
    refusal = refusal or _paced(core, channel, page, message_id)
    encoded = b""
    if refusal is None:
        encoded = encode(data)
        refusal = _fits(core, channel, encoded, data)
    if refusal is None and channel.context.type.stamp is not None:
        found = plugin_code.stamped(channel.context, channel.request, data, core.plugin_failed)
        if isinstance(found, PluginFailure):
            refusal = found
        else:
            data, encoded = found, encode(found)
            refusal = _fits(core, channel, encoded, data)
    if refusal is None:
        outgoing = Outgoing(id=message_id, at=core.now + core.correction, kind="msg", raw=encoded)
        refusal = _hand_on(core, channel, outgoing, data)
        if refusal is not None:
            host_side.keep_refusal(core, channel, message_id, refusal)
    if refusal is not None:
        core.note("page", refusal.code, channel.id, message_id, refusal.reason)
        return refusal
    return message_id


def _new_id(core: Core, channel: Channel, page: Page) -> str:
    """An id for a page that does not count: of no other message, whichever connection it came on.

    The numbers go up with time, also through restarts, as those of a page that counts do; where
    the clock was set back, they go on behind the page's last one.
    """
    core.count = max(core.count + 1, core.now * 100)
    number = max(core.count, channel.outcomes.behind(page.id))
    while str(MessageId(page.id, number)) in channel.outbox:
        number += 1
    return str(MessageId(page.id, number))


def _admit(core: Core, channel: Channel) -> Refusal | None:
    if channel.phase is not Phase.OPEN or channel.closing:
        if channel.final or channel.closing:
            code = channel.close_code or "closed"
            return Refusal(code="closed", reason=f"the channel has ended ({code})")
        return NOT_ACCEPTED
    if channel.obstacle is not None and not channel.context.served:
        return Refusal(code=channel.obstacle.code, reason=channel.obstacle.reason)
    return None


def _paced(core: Core, channel: Channel, page: Page, message_id: str) -> Refusal | None:
    """Refuse what comes too fast.

    What a page will send again is not overtaken meanwhile: its later messages are as early.
    """
    if channel.bucket is None:
        limits = core.limits.of(channel.context.type.limits)
        channel.bucket = Bucket(limits.rate, limits.burst)
    view = page.views.get(channel.id) if page.retries else None
    number = parsed(message_id).counter
    overtakes = view is not None and 0 < view.hurried < number
    if overtakes or not channel.bucket.take(core.now):
        if view is not None and not overtakes:
            view.hurried = number
        return Refusal(code="too_fast", reason="more messages a second than this context allows")
    if view is not None:
        view.hurried = 0
    return None


def _fits(core: Core, channel: Channel, encoded: bytes, data: JsonValue) -> Refusal | None:
    bound = min(core.limits.message_bytes, channel.context.type.limits.message_bytes)
    if len(encoded) > bound:
        return Refusal(
            code="too_large", reason=f"the message has {len(encoded)} bytes, at most {bound} fit"
        )
    if not channel.room_for(len(encoded)):
        return Refusal(
            code="outbox_full", reason="too much is on its way that the other side has not handled"
        )
    if channel.own_pages_behind:
        return Refusal(
            code="outbox_full", reason="no page here handles what has come: that comes first"
        )
    if channel.context.messages:
        return channel.context.check_message(data)
    return None


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


def subscribe(core: Core, page: Page, body: dict[str, Any]) -> None:
    """Follow channels (all of the page's template without ``channels``), and go on from there."""
    page.acks = page.acks or body.get("ack") is True
    page.outbox = page.outbox or body.get("outbox") is True
    if "retries" in body:
        page.retries = body["retries"] is True
        for view in page.views.values():
            view.hurried = 0
    if "running" in body:
        running.follow(page, body["running"])
    contexts = body.get("contexts")
    if isinstance(contexts, list):
        page.contexts = frozenset(name for name in contexts if isinstance(name, str))
    wanted = body.get("channels")
    if not isinstance(wanted, list):
        page.everything = True
        named = body.get("after")
        known = named if isinstance(named, dict) else {}
        # Of one that has ended meanwhile the page may still have messages to get.
        wanted = [one.id for one in core.channels.values() if not one.final or one.id in known]
    answer: dict[str, JsonValue] = {"type": "subscribed", "page": page.id, "self": core.me}
    if "since" in body:
        # What comes behind this frame is told from the start, what came before it is not.
        answer["since"] = body["since"]
    if "watch" in body:
        answer["watch"] = list[JsonValue](watching.watch(page, body["watch"]))
    pages.frame(core, page, answer)
    for channel_id in wanted[:1000]:
        channel = core.channels.get(channel_id) if isinstance(channel_id, str) else None
        refusal: Refusal | None = UNKNOWN
        if channel is not None and channel.phase is not Phase.ASKED:
            refusal = core.rights.refusal(page.caller, Right.USE, channel)
            if refusal is None:
                _follow(core, page, channel, body)
            elif refusal.code == "permission_needed":
                granting.tell_barred(core, page, channel, refusal)
        if refusal is not None and not page.everything:
            pages.frame(
                core,
                page,
                {
                    **refusal.more,
                    "type": "error",
                    "code": refusal.code,
                    "reason": refusal.reason,
                    "channel": str(channel_id)[:80],
                },
            )
    for channel in core.channels.values():
        if channel.phase is Phase.ASKED:
            incoming.tell_to(core, page, channel)
        else:
            missed.tell_to(core, page, channel)


def _follow(core: Core, page: Page, channel: Channel, body: dict[str, Any]) -> None:
    channel_id = channel.id
    view = pages.view_of(core, page, channel)
    view.barred = False
    handled = pair(_of(body, "handled", channel_id))
    after = pair(_of(body, "after", channel_id))
    if handled is not None and channel.log.knows(handled):
        failures.note(core, channel, handled[1], _of(body, "failed", channel_id))
        view.handled = max(view.handled, handled[1])
        pages.advance(core, channel, view.handled, "page")
    sent = None
    if _of(body, "since", channel_id) == "start" or body.get("since") == "start":
        sent = channel.log.start[1]
    elif after is not None and (after[1] < channel.log.start[1] or channel.log.knows(after)):
        sent = after[1]
    if sent is not None:
        _resume(core, channel, page, view, sent)
    pages.tell_state_to(core, page, channel)
    asked = _of(body, "pending", channel_id)
    for message_id in asked[:1000] if isinstance(asked, list) else ():
        if isinstance(message_id, str):
            answer_pending(core, channel, message_id)
    pages.pump(core, channel, page, view)
    pending.tell(core, page, channel)
    pages.tell_peer_page(core, channel)


def _resume(core: Core, channel: Channel, page: Page, view: View, sent: int) -> None:
    """Go on behind ``sent``. What is in the page's hands up to there, it still has to ack."""
    view.sent = sent
    view.flight.clear()
    view.flight_bytes = 0
    if not page.acks:
        return
    for entry in channel.log.after(view.handled):
        if entry.seq > sent:
            return
        if entry.kind == "msg" and not pages.is_own(core, page, entry):
            view.flight.append((entry.seq, len(entry.raw)))
            view.flight_bytes += len(entry.raw)


def _of(body: dict[str, Any], key: str, channel_id: str) -> Any:
    value = body.get(key)
    return value.get(channel_id) if isinstance(value, dict) else None
