# SPDX-License-Identifier: MIT
"""The guest's side of a channel: an outbox towards the host, and a fold of what it ordered."""

from __future__ import annotations

from goop_node.types import JsonValue
from goop_realtime.contexts.channel_session import PluginFailure
from goop_realtime.machine import receipts, suspension, versions
from goop_realtime.machine.channel import Channel, Said
from goop_realtime.machine.core import Core
from goop_realtime.machine.ending import closed_by_entry, end
from goop_realtime.machine.link import Link
from goop_realtime.machine.ordering import acknowledged, place
from goop_realtime.model.effects import (
    DropOutgoing,
    Entry,
    Outcome,
    Outgoing,
    SaveOutcome,
    SaveOutgoing,
)
from goop_realtime.model.jsonio import MalformedJson, decode, encode
from goop_realtime.model.limits import LINK_WINDOW, OUTBOX_BYTES, OUTBOX_MESSAGES
from goop_realtime.model.wire import Line, payload
from goop_realtime.types import Message, Refusal


def submit(core: Core, channel: Channel, outgoing: Outgoing, data: JsonValue) -> Refusal | None:
    """Accept a message of our own page into the outbox and send it to the host.

    With nothing else on its way the Session is asked at once: a message that is wrong now is
    refused without a round trip. Behind others it is for the host alone to judge.
    """
    judged = None
    if outgoing.kind == "msg" and not channel.outbox and not channel.barred:
        message = Message(sender=core.me, data=data, id=outgoing.id, sent_at_ms=outgoing.at)
        refusal = channel.session.check(message)
        if refusal is not None:
            return refusal
        judged = channel.log.last
    channel.put_out(outgoing, Said(data, judged))
    core.out.append(SaveOutgoing(channel.id, outgoing))
    receipts.receipt(core, outgoing.id, channel, "accepted")
    send_outbox(core, channel)
    return None


def send_outbox(core: Core, channel: Channel) -> None:
    """Write what the outbox holds and the present link has not carried yet."""
    link = channel.members[channel.host].link
    if link is None or not link.welcomed or len(link.ids) == len(channel.outbox):
        return
    for outgoing in channel.outbox.values():
        if outgoing.id in link.ids:
            continue
        if link.flight_bytes >= LINK_WINDOW and outgoing.kind != "close":
            return
        link.ids.add(outgoing.id)
        link.flight_bytes += len(outgoing.raw)
        core.write(
            link,
            Line(
                type="msg",
                group=channel.id,
                payload=payload(outgoing.raw),
                id=outgoing.id,
                at=outgoing.at,
                kind="" if outgoing.kind == "msg" else outgoing.kind,
            ),
        )


def receive_entry(core: Core, link: Link, line: Line) -> None:
    """An entry that the host ordered, in full."""
    channel = link.channel
    if not channel.takes_part(line.from_):
        diverged(core, channel, f"the host ordered words of {line.from_!r}, who is no member")
        return
    try:
        data = line.value()
    except MalformedJson as error:
        diverged(core, channel, f"the host ordered what is no acceptable JSON: {error.reason}")
        return
    entry = Entry(
        epoch=line.epoch,
        seq=line.seq,
        id=line.id,
        author=line.from_,
        at=line.at,
        kind="close" if line.kind == "close" else "msg",
        raw=encode(data),
    )
    _take(core, channel, entry, data)


def receive_confirm(core: Core, link: Link, line: Line) -> None:
    """Our own message has its place; the host does not send the content back."""
    channel = link.channel
    outgoing = channel.outbox.get(line.id)
    if outgoing is None:
        core.note("link", "confirm_ignored", channel.id, line.id)
        return
    entry = Entry(
        epoch=line.epoch,
        seq=line.seq,
        id=outgoing.id,
        author=core.me,
        at=outgoing.at,
        kind=outgoing.kind,
        raw=outgoing.raw,
    )
    said = channel.said.get(line.id)
    if said is not None and said.judged not in (None, channel.log.last):
        said = None  # the Session was handed it at another position: it gets a copy of its own
    _take(core, channel, entry, decode(outgoing.raw) if said is None else said.data, said)


def receive_refusal(core: Core, link: Link, line: Line) -> None:
    """The host refused our message: it was applied nowhere."""
    channel = link.channel
    if _settle_own(core, channel, line.id) is None:
        return
    refusal = Refusal(code=line.code or "refused", reason=line.reason, pointer=line.pointer)
    outcome = Outcome(code=refusal.code, reason=refusal.reason, pointer=refusal.pointer)
    channel.remember(core.me, line.id, outcome)
    core.out.append(SaveOutcome(channel.id, core.me, line.id, outcome))
    core.note("host", refusal.code, channel.id, line.id, refusal.reason)
    receipts.tell_refused(core, channel, line.id, refusal)


def _settle_own(core: Core, channel: Channel, message_id: str) -> Outgoing | None:
    """Take a message out of the outbox, now that the host has spoken about it."""
    outgoing = channel.take_out(message_id)
    if outgoing is not None:
        core.out.append(DropOutgoing(channel.id, message_id))
        link = channel.members[channel.host].link
        if link is not None and message_id in link.ids:
            link.ids.discard(message_id)
            link.flight_bytes -= len(outgoing.raw)
            send_outbox(core, channel)
    return outgoing


def _take(
    core: Core, channel: Channel, entry: Entry, data: JsonValue, said: Said | None = None
) -> None:
    """Fold an entry; one of our own leaves the outbox with it, and a close ends the channel.

    ``said`` is what is known of one whose content is our own, as we have it.
    """
    placed = _fold(core, channel, entry, data, said)
    if channel.barred:
        return  # our plugin failed on it: it comes again when that is mended
    if entry.author == core.me:
        _settle_own(core, channel, entry.id)
    if placed and entry.kind == "close":
        closed_by_entry(core, channel, data)


def _fold(core: Core, channel: Channel, entry: Entry, data: JsonValue, said: Said | None) -> bool:
    """Place the next entry of the host's order; what does not fit is a divergence."""
    last = channel.log.last
    if entry.seq <= last[1]:
        known = channel.log.get(entry.seq)
        if known is not None and known.id != entry.id:
            diverged(core, channel, f"entry {entry.seq} is {entry.id}, here {known.id}")
        return False
    if entry.seq != last[1] + 1 or entry.epoch < last[0]:
        diverged(core, channel, f"entry {entry.position} after {last}")
        return False
    if entry.author == core.me and not _is_said(core, channel, entry, data):
        diverged(core, channel, f"the host has words of ours in {entry.id} that we did not say")
        return False
    unread = channel.log.last[1] - channel.handled
    if unread >= 2 * OUTBOX_MESSAGES + 2 or channel.log.size > 4 * OUTBOX_BYTES:
        end(core, channel, "overflow", "the host sent more than it may have unhandled")
        return False
    message = None
    if entry.kind == "msg":
        if not channel.session.keeps_nothing:
            message = Message(sender=entry.author, data=data, id=entry.id, sent_at_ms=entry.at)
        refusal = _judged(channel, data, message, said)
        if isinstance(refusal, PluginFailure):
            suspension.fail(core, channel, refusal)
            return False
        if refusal is not None and versions.differs(channel, entry):
            suspension.disagree(core, channel, refusal)
            return False
        if refusal is not None:
            diverged(core, channel, f"{refusal.code}: {refusal.reason}")
            return False
    if not place(core, channel, entry, message):
        return False
    channel.epoch = max(channel.epoch, entry.epoch)
    host = channel.members[channel.host]
    if entry.seq <= host.ahead[0]:
        acknowledged(core, channel, host, host.ahead[1], entry.position)
    return True


def _judged(
    channel: Channel, data: JsonValue, message: Message | None, said: Said | None
) -> Refusal | None:
    """Why the context does not take it; what we have judged ourselves is not judged again.

    ``message`` is for the Session, where that has rules.
    """
    refusal: Refusal | None = None
    if said is None and channel.context.messages:
        refusal = channel.context.check_message(data)
    if message is not None and (said is None or said.judged is None):
        refusal = refusal or channel.session.check(message)
    return refusal


def _is_said(core: Core, channel: Channel, entry: Entry, data: JsonValue) -> bool:
    """Whether that is what we sent. Where we may have lost that, the host's word counts."""
    ours = channel.outbox.get(entry.id)
    if ours is None:
        return core.may_lack
    return ours.raw == entry.raw or decode(ours.raw) == data


def diverged(core: Core, channel: Channel, why: str) -> None:
    """The two programs disagree about the channel: end it, and say so on both sides."""
    end(core, channel, "diverged", why[:300])
