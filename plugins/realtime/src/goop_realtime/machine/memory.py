# SPDX-License-Identifier: MIT
"""All that a node keeps in memory, as the records of one commit: for when its file is lost.

What is in the journal is in memory too, so a journal that was deleted or damaged under a running
node is written anew, and nothing is lost.
"""

from __future__ import annotations

from collections.abc import Iterator

from goop_realtime.machine.channel import Channel
from goop_realtime.machine.core import Core
from goop_realtime.model.effects import (
    Entry,
    Record,
    SaveChannel,
    SaveCursor,
    SaveEntry,
    SaveMember,
    SaveOutcome,
    SaveOutgoing,
    TrimLog,
)
from goop_realtime.model.jsonio import encode
from goop_realtime.model.log import ORIGIN


def everything(core: Core) -> list[Record]:
    """The records from which a start would make these channels again."""
    return [record for channel in core.channels.values() for record in _channel(core, channel)]


def _channel(core: Core, channel: Channel) -> Iterator[Record]:
    yield SaveChannel(channel.id, channel.row())
    yield SaveCursor(channel.id, core.me, "handled", channel.handled)
    yield SaveCursor(channel.id, core.me, "written", channel.written)
    for peer, member in channel.members.items():
        yield SaveMember(channel.id, peer, member.row())
        yield SaveCursor(channel.id, peer, "handled", member.handled)
        yield SaveCursor(channel.id, peer, "written", member.written)
    start = channel.log.start
    for author in (core.me, *channel.members):
        for message_id, outcome in channel.outcomes_of(author).items():
            if outcome.code:
                yield SaveOutcome(channel.id, author, message_id, outcome)
            elif outcome.seq <= start[1]:
                # Below the start only the id of an entry is kept.
                old = Entry(outcome.epoch, outcome.seq, message_id, author, 0, "msg", b"")
                yield SaveEntry(channel.id, old)
    if start != ORIGIN:
        yield TrimLog(channel.id, *start, encode(channel.start_state))
    for entry in channel.log.after(start[1]):
        yield SaveEntry(channel.id, entry)
    for outgoing in channel.outbox.values():
        yield SaveOutgoing(channel.id, outgoing)
