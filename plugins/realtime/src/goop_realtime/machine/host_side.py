# SPDX-License-Identifier: MIT
"""The host's side of a channel: it checks, numbers, applies and distributes.

Checking, numbering and applying are one step, one message after the other; the commit of the
step then makes it visible (rules 1, 3 and 5 of the channel log).
"""

from __future__ import annotations

from goop_node.types import JsonValue
from goop_realtime.machine import pages, receipts, versions
from goop_realtime.machine.channel import Channel, Phase
from goop_realtime.machine.core import Core
from goop_realtime.machine.ending import closed_by_entry, end, let_go
from goop_realtime.machine.link import Link
from goop_realtime.machine.ordering import place
from goop_realtime.model.bounding import bounded
from goop_realtime.model.effects import DropOutgoing, Entry, Outcome, Outgoing, SaveOutcome
from goop_realtime.model.jsonio import MalformedJson, decode, encode
from goop_realtime.model.limits import LINK_WINDOW, OUTBOX_BYTES, OUTBOX_MESSAGES, Bucket
from goop_realtime.model.wire import Line, payload
from goop_realtime.types import Message, Refusal

OVERTAKEN = Refusal(code="overtaken", reason="a later message of this page has its place already")


def order(
    core: Core, channel: Channel, author: str, outgoing: Outgoing, data: JsonValue
) -> Refusal | None:
    """Give a message its place in the log, or say why it gets none.

    Where the plugin fails on it, it gets neither: the channel waits until it can be judged.
    """
    if channel.final:
        return Refusal(code="closed", reason="the channel is closed")
    message = None
    if outgoing.kind == "msg":
        if channel.outcomes_of(author).overtaken(outgoing.id):
            return OVERTAKEN
        if not channel.session.keeps_nothing:
            message = Message(sender=author, data=data, id=outgoing.id, sent_at_ms=outgoing.at)
            refusal = channel.session.check(message)
            if refusal is not None:
                return refusal
    entry = Entry(
        epoch=channel.epoch,
        seq=channel.log.last[1] + 1,
        id=outgoing.id,
        author=author,
        at=outgoing.at,
        kind=outgoing.kind,
        raw=outgoing.raw,
    )
    if not place(core, channel, entry, message):
        return None
    if entry.kind == "close":
        closed_by_entry(core, channel, decode(entry.raw))
    return None


def receive(core: Core, link: Link, line: Line) -> None:
    """A guest's message: order it, or answer a duplicate as it was answered before."""
    channel = link.channel
    if link.pulling:
        # Our log has a hole at its end: the guest repeats this when it has been welcomed.
        core.note("link", "not_welcomed", channel.id, line.id)
        return
    link.ids.add(line.id)
    known = link.member.outcomes.get(line.id)
    if known is None:
        if not _within_bounds(core, link):
            return
        known = _judge_new(core, link, line)
        if known is None:
            return
    if known.code:
        _refuse(core, link, line.id, known)
    elif known.seq <= link.sent:
        _confirm(core, link, line.id, known)
    else:
        return  # its confirmation goes out in its place
    link.ids.discard(line.id)


def _within_bounds(core: Core, link: Link) -> bool:
    """Whether the guest's node keeps the bounds that every node keeps for its own pages.

    One that only hurries loses its stream, and nothing else: it joins and sends again. One
    whose pages have more unhandled than any node accepts ends the channel.
    """
    channel, guest = link.channel, link.member
    unread = channel.log.last[1] - channel.handled
    if unread >= 4 * OUTBOX_MESSAGES + 2 or channel.log.size > 6 * OUTBOX_BYTES:
        end(core, channel, "overflow", "the guest sent more than it may have unhandled")
        return False
    if guest.bucket is None:
        limits = channel.context.type.limits
        rate = max(limits.rate, core.limits.rate or 0)
        burst = max(limits.burst, core.limits.burst or 0)
        # An outbox may come at once, and the clocks of two machines differ.
        guest.bucket = Bucket(2 * rate, burst + OUTBOX_MESSAGES)
    if guest.bucket.take(core.now):
        return True
    let_go(core, link, "too_fast")
    return False


def _judge_new(core: Core, link: Link, line: Line) -> Outcome | None:
    """Order a message seen for the first time; its refusal, or ``None`` when it has a place."""
    channel, author = link.channel, link.member.peer
    refusal: Refusal | None
    kind = "close" if line.kind == "close" else "msg"
    try:
        data = line.value()
        raw = encode(data)
    except MalformedJson as error:
        refusal = Refusal(code=error.code, reason=error.reason)
    else:
        refusal = None
        if len(raw) > channel.context.type.limits.message_bytes:
            refusal = Refusal(code="too_large", reason="the message exceeds the size limit")
        elif kind == "msg" and channel.context.messages:
            refusal = channel.context.check_message(data)
        if refusal is None:
            outgoing = Outgoing(id=line.id, at=line.at, kind=kind, raw=raw)
            refusal = order(core, channel, author, outgoing, data)
    if refusal is None:
        return None
    said = bounded(refusal)
    outcome = Outcome(code=said.code, reason=said.reason, pointer=said.pointer)
    channel.remember(author, line.id, outcome)
    core.out.append(SaveOutcome(channel.id, author, line.id, outcome))
    core.note("host", refusal.code, channel.id, line.id, refusal.reason)
    return outcome


def _refuse(core: Core, link: Link, message_id: str, outcome: Outcome) -> None:
    core.write(
        link,
        Line(
            type="refuse",
            group=link.channel.id,
            id=message_id,
            code=outcome.code,
            reason=outcome.reason,
            pointer=outcome.pointer,
        ),
    )


def _confirm(core: Core, link: Link, message_id: str, outcome: Outcome) -> None:
    core.write(
        link,
        Line(
            type="confirm",
            group=link.channel.id,
            id=message_id,
            epoch=outcome.epoch,
            seq=outcome.seq,
        ),
    )


def distribute(core: Core, channel: Channel) -> None:
    """Write to every guest what it does not have yet, within the window of its link."""
    for link in channel.links:
        if not link.pulling:
            if pages.handled_untold(channel):
                core.handled_by.setdefault(channel.id, channel.handled_stage)
            _distribute(core, channel, link)


def _distribute(core: Core, channel: Channel, link: Link) -> None:
    for entry in channel.log.after(link.sent):
        if link.flight_bytes >= LINK_WINDOW and entry.kind != "close":
            return
        link.sent = entry.seq
        size = len(entry.raw)
        link.in_flight.append((entry.seq, size))
        link.flight_bytes += size
        if entry.author == link.member.peer and entry.id in link.ids:
            link.ids.discard(entry.id)
            _confirm(core, link, entry.id, Outcome(epoch=entry.epoch, seq=entry.seq))
        else:
            core.write(link, entry_line(channel, entry))


def entry_line(channel: Channel, entry: Entry) -> Line:
    """The full ``msg`` line of an entry."""
    return Line(
        type="msg",
        group=channel.id,
        from_=entry.author,
        payload=payload(entry.raw),
        epoch=entry.epoch,
        seq=entry.seq,
        id=entry.id,
        at=entry.at,
        kind="" if entry.kind == "msg" else entry.kind,
    )


def order_held(core: Core, channel: Channel) -> None:
    """After the first join of a new epoch: order what the host's own pages sent meanwhile."""
    channel.held = False
    for outgoing in list(channel.outbox.values()):
        channel.take_out(outgoing.id)
        data = decode(outgoing.raw)
        refusal = _still_fits(channel, outgoing, data)
        if refusal is None:
            refusal = order(core, channel, core.me, outgoing, data)
        if channel.barred:
            channel.put_back(outgoing)
            return
        core.out.append(DropOutgoing(channel.id, outgoing.id))
        if refusal is not None:
            refuse_own(core, channel, outgoing.id, refusal)
        if channel.phase is Phase.CLOSED:
            return


def _still_fits(channel: Channel, outgoing: Outgoing, data: JsonValue) -> Refusal | None:
    """Whether the contexts of both take it still: a plugin may be another version by now."""
    if outgoing.kind != "msg" or not channel.context.messages:
        return None
    return channel.context.check_message(data) or versions.unknown_there(channel, data)


def refuse_own(core: Core, channel: Channel, message_id: str, refusal: Refusal) -> None:
    """A message of our own page, accepted before, was applied nowhere: tell its page."""
    keep_refusal(core, channel, message_id, refusal)
    receipts.tell_refused(core, channel, message_id, refusal)


def keep_refusal(core: Core, channel: Channel, message_id: str, refusal: Refusal) -> None:
    """What became of a message of our own page is that: also where it comes once more.

    Judged anew, it could be ordered behind a later one of its page.
    """
    said = bounded(refusal)
    outcome = Outcome(code=said.code, reason=said.reason, pointer=said.pointer)
    channel.remember(core.me, message_id, outcome)
    core.out.append(SaveOutcome(channel.id, core.me, message_id, outcome))
