# SPDX-License-Identifier: MIT
"""After a power cut at the host: the guest gives back the entries that the host has lost."""

from __future__ import annotations

from goop_realtime import ordering
from goop_realtime.channel import Channel
from goop_realtime.core import Core
from goop_realtime.effects import DropOutgoing, Entry
from goop_realtime.ending import finish
from goop_realtime.jsonio import decode, encode
from goop_realtime.limits import KEPT_BYTES, KEPT_ENTRIES, OUTBOX_BYTES, OUTBOX_MESSAGES
from goop_realtime.types import Message
from goop_realtime.wire import Line, Tail, raw

HELD_ENTRIES = 2 * (4 * OUTBOX_MESSAGES + 2 * KEPT_ENTRIES)
HELD_BYTES = 2 * (6 * OUTBOX_BYTES + 2 * KEPT_BYTES)
"""What a log may hold while entries come back: as much as two logs, our part and the guest's."""


def give_back(core: Core, channel: Channel, line: Line) -> None:
    """Guest: the host asks for what follows a position in its log."""
    if not channel.log.knows((line.epoch, line.seq)) or line.seq < channel.log.start[1]:
        core.write(channel, Line(type="close", group=channel.id, code="lost"))
        finish(core, channel, "lost", "the host's log does not fit ours")
        return
    for entry in channel.log.after(line.seq):
        data = decode(entry.raw)
        row = [entry.epoch, entry.seq, entry.id, entry.author, entry.at, entry.kind, data]
        core.write(channel, Line(type="tail", group=channel.id, payload=raw(row)))
    core.write(channel, Line(type="tail", group=channel.id))


def take_back(core: Core, channel: Channel, row: Tail) -> bool:
    """Host: place an entry that came back. False where it cannot be ours."""
    entry = _entry(core, channel, row)
    if entry is None:
        return False
    if len(channel.log) >= HELD_ENTRIES or channel.log.size > HELD_BYTES:
        return False
    data = decode(entry.raw)
    message = None
    if entry.kind == "msg":
        message = Message(sender=entry.author, data=data, id=entry.id, sent_at=entry.at)
        if _refused(core, channel, message):
            return False
    if entry.author == core.me and channel.take_out(entry.id) is not None:
        core.out.append(DropOutgoing(channel.id, entry.id))
    if not ordering.place(core, channel, entry, message):
        return False
    if entry.kind == "close":
        finish(core, channel, "closed", data or "")
    return True


def _entry(core: Core, channel: Channel, row: Tail) -> Entry | None:
    """The entry of a ``tail`` line; ``None`` for one that cannot come next in our log.

    It is older than this start of the node: in its own lifetime a host loses nothing.
    """
    last = channel.log.last
    if (
        row.seq != last[1] + 1
        or not last[0] <= row.epoch < core.epoch
        or row.author not in (core.me, channel.peer)
    ):
        return None
    encoded = encode(row.data)
    if len(encoded) > channel.context.type.limits.message_bytes:
        return None
    return Entry(row.epoch, row.seq, row.id, row.author, row.at, row.kind, encoded)


def _refused(core: Core, channel: Channel, message: Message) -> bool:
    """Whether the context would not have taken that message."""
    if channel.context.messages and channel.context.check_message(message.data) is not None:
        return True
    return channel.session.check(message) is not None
