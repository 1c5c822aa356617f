# SPDX-License-Identifier: MIT
"""Placing entries in the log: what both sides of a channel do alike, and the receipts.

The host gives numbers and places at once; the guest places what the host ordered. Either way
an entry is checked against the Session, applied and saved; ``settling`` does the rest at the end
of the step.
"""

from __future__ import annotations

from bisect import bisect_right
from operator import itemgetter
from typing import TypeVar

from goop_realtime.machine import receipts, suspension, trimming
from goop_realtime.machine.channel import BEST_EFFORT, Channel
from goop_realtime.machine.core import Core
from goop_realtime.machine.member import Member
from goop_realtime.model.effects import (
    Committed,
    Entry,
    Outcome,
    SaveEntry,
)
from goop_realtime.model.log import Position
from goop_realtime.types import Message

T = TypeVar("T")


def place(core: Core, channel: Channel, entry: Entry, message: Message | None) -> bool:
    """Append a checked entry and apply ``message``, which it carries where the Session is told.

    False when the Session broke on ``apply``: then it has no place, and the channel waits.
    """
    failure = None if message is None else channel.session.apply(message)
    if failure is not None:
        suspension.fail(core, channel, failure)
        return False
    channel.log.append(entry)
    channel.remember(entry.author, entry.id, Outcome(epoch=entry.epoch, seq=entry.seq))
    core.out.append(SaveEntry(channel.id, entry))
    core.heard.add(channel.id)
    if entry.kind == "msg" and channel.context.type.on_commit is not None:
        core.out.append(Committed(channel.id, entry))
    if entry.author == core.me:
        size = len(entry.raw)
        channel.unhandled.append((entry.seq, size))
        channel.unhandled_bytes += size
        channel.unfinished.append((entry.seq, entry.id))
        if channel.hosted:
            channel.undelivered.append((entry.seq, entry.id))
            receipts.receipt(core, entry.id, channel, "accepted", epoch=entry.epoch, seq=entry.seq)
        else:
            receipts.receipt(core, entry.id, channel, "delivered", epoch=entry.epoch, seq=entry.seq)
    return True


def acknowledged(
    core: Core, channel: Channel, member: Member, stage: str, position: Position
) -> None:
    """A member's node has (``node``), or its page has handled (``page``, ``written``), an entry."""
    epoch, seq = position
    if not channel.log.knows(position):
        core.note("link", "ack_ignored", channel.id, detail=f"{stage} {epoch}:{seq}")
        return
    member.has = max(member.has, seq)
    link = member.link
    while link is not None and link.in_flight and link.in_flight[0][0] <= member.has:
        link.flight_bytes -= link.in_flight.popleft()[1]
    had = channel.had_by_all
    for _, message_id in _passed(channel.undelivered, had):
        receipts.receipt(core, message_id, channel, "delivered")
    if stage != "node" and seq > member.handled:
        _handled(core, channel, member, stage, seq)
    if channel.final and member.has >= channel.log.last[1] and not member.close_acked:
        member.close_acked = True
        channel.closed_at = core.now
        core.save(channel)
    trimming.trim(core, channel)


def _handled(core: Core, channel: Channel, member: Member, stage: str, seq: int) -> None:
    """A member's pages are further than they were: what all have handled is settled."""
    member.handled = seq
    # After a crash the peer says it again when it joins; one that keeps no log never does.
    due = channel.delivery == BEST_EFFORT
    core.move(channel, member.peer, "handled", seq, due=due)
    if stage == "written":
        member.written = seq
        core.move(channel, member.peer, "written", seq, due=due)
    handled = channel.handled_by_all
    channel.unhandled_bytes -= sum(size for _, size in _passed(channel.unhandled, handled))
    for number, message_id in _passed(channel.unfinished, handled):
        receipts.handled(core, message_id, channel, number)


def _passed(waiting: list[tuple[int, T]], upto: int) -> list[tuple[int, T]]:
    """Take off what waits for the entries up to ``upto``, all at once."""
    end = bisect_right(waiting, upto, key=itemgetter(0))
    passed = waiting[:end]
    del waiting[:end]
    return passed
