# SPDX-License-Identifier: MIT
"""Placing entries in the log: what both sides of a channel do alike, and the receipts.

The host gives numbers and places at once; the guest places what the host ordered. Either way
an entry is checked against the Session, applied, saved, told to the pages and, at the end of
the step, acknowledged to the other node.
"""

from __future__ import annotations

from goop_node.types import JsonValue
from goop_realtime import pages, trimming
from goop_realtime.channel import Channel
from goop_realtime.core import Core
from goop_realtime.effects import Committed, Entry, Outcome, SaveCursor, SaveEntry
from goop_realtime.types import Message, Rejection
from goop_realtime.wire import Line


def judge(core: Core, channel: Channel, message: Message) -> Rejection | None:
    """Ask the Session whether ``message`` may come next; a Session that raises refuses."""
    try:
        return channel.session.check(message)
    except Exception as error:
        core.trace.note(
            core.now,
            "plugin",
            "plugin_error",
            channel=channel.id,
            message=message.id,
            plugin=channel.context.plugin,
            detail=repr(error),
        )
        return Rejection(
            code="plugin_error", reason=f"{channel.context.plugin} failed: {error!r}"[:300]
        )


def place(core: Core, channel: Channel, entry: Entry, data: JsonValue) -> bool:
    """Append a checked entry and apply it. False when the Session broke on ``apply``."""
    if entry.kind == "msg":
        try:
            channel.session.apply(
                Message(sender=entry.author, data=data, id=entry.id, sent_at=entry.at)
            )
        except Exception as error:
            core.trace.note(
                core.now,
                "plugin",
                "plugin_error",
                channel=channel.id,
                message=entry.id,
                plugin=channel.context.plugin,
                detail=repr(error),
            )
            return False
    channel.log.append(entry)
    channel.remember(entry.id, Outcome(epoch=entry.epoch, seq=entry.seq))
    core.out.append(SaveEntry(channel.id, entry))
    core.heard.add(channel.id)
    if entry.kind == "msg":
        core.out.append(Committed(channel.id, entry))
    if entry.author == core.me:
        size = len(entry.raw)
        channel.unhandled.append((entry.seq, size))
        channel.unhandled_bytes += size
        channel.unfinished.append((entry.seq, entry.id))
        if channel.hosted:
            channel.undelivered.append((entry.seq, entry.id))
            pages.receipt(core, entry.id, channel, "accepted", epoch=entry.epoch, seq=entry.seq)
        else:
            pages.receipt(core, entry.id, channel, "delivered", epoch=entry.epoch, seq=entry.seq)
    pages.tell_entry(core, channel)
    # An entry of our own needs no handling: the cursor may pass over it.
    pages.advance(core, channel, channel.handled, "page")
    return True


def peer_acknowledged(core: Core, channel: Channel, stage: str, epoch: int, seq: int) -> None:
    """The other node has (``node``), or its page has handled (``page``, ``written``), ``seq``."""
    if not channel.log.knows((epoch, seq)):
        core.note("link", "ack_ignored", channel.id, detail=f"{stage} {epoch}:{seq}")
        return
    channel.peer_has = max(channel.peer_has, seq)
    while channel.in_flight and channel.in_flight[0][0] <= channel.peer_has:
        channel.flight_bytes -= channel.in_flight.popleft()[1]
    while channel.undelivered and channel.undelivered[0][0] <= channel.peer_has:
        pages.receipt(core, channel.undelivered.popleft()[1], channel, "delivered")
    if stage != "node" and seq > channel.peer_handled:
        channel.peer_handled = seq
        core.cursors[(channel.id, "peer_handled")] = seq
        while channel.unhandled and channel.unhandled[0][0] <= seq:
            channel.unhandled_bytes -= channel.unhandled.popleft()[1]
        if stage == "written":
            channel.peer_written = core.cursors[(channel.id, "peer_written")] = seq
        told = "handled" if stage == "page" else "unsupported"
        while channel.unfinished and channel.unfinished[0][0] <= seq:
            pages.receipt(core, channel.unfinished.popleft()[1], channel, told)
    if channel.final and channel.peer_has >= channel.log.last[1] and not channel.close_acked:
        channel.close_acked = True
        channel.closed_at = core.now
        core.save(channel)
    trimming.trim(core, channel)


def acknowledge(core: Core) -> None:
    """End of a step: tell the other nodes what was received and handled, once per channel."""
    for channel_id in core.heard:
        channel = core.channels.get(channel_id)
        if channel is None:
            continue
        epoch, seq = channel.log.last
        if channel.link is not None and not channel.hosted and seq > channel.acked_node:
            channel.acked_node = seq
            core.write(
                channel, Line(type="ack", group=channel.id, stage="node", epoch=epoch, seq=seq)
            )
    core.heard.clear()
    for channel_id, stage in core.handled_by.items():
        channel = core.channels.get(channel_id)
        if channel is not None:
            acknowledge_handled(core, channel, stage)
            trimming.trim(core, channel)
    core.handled_by.clear()
    for (channel_id, name), seq in core.cursors.items():
        if channel_id in core.channels:
            core.out.append(SaveCursor(channel_id, name, seq))
    core.cursors.clear()


def acknowledge_handled(core: Core, channel: Channel, stage: str) -> None:
    """Tell the other node how far our pages are."""
    # A host's pages may be ahead of what the window has let through to the guest.
    seq = min(channel.handled, channel.sent_seq) if channel.hosted else channel.handled
    if channel.link is None or seq <= channel.acked_page:
        return
    entry = channel.log.get(seq)
    epoch = entry.epoch if entry is not None else channel.log.start[0]
    channel.acked_page = seq
    core.write(channel, Line(type="ack", group=channel.id, stage=stage, epoch=epoch, seq=seq))
