# SPDX-License-Identifier: MIT
"""After a power cut at the host: the guest gives back the entries that the host has lost."""

from __future__ import annotations

from goop_node.types import JsonValue
from goop_realtime.contexts.channel_session import PluginFailure
from goop_realtime.machine import ordering, suspension
from goop_realtime.machine.channel import Channel
from goop_realtime.machine.core import Core
from goop_realtime.machine.ending import closed_by_entry, end
from goop_realtime.machine.link import Link
from goop_realtime.model.effects import DropOutgoing, Entry
from goop_realtime.model.jsonio import decode, encode
from goop_realtime.model.limits import KEPT_BYTES, KEPT_ENTRIES, OUTBOX_BYTES, OUTBOX_MESSAGES
from goop_realtime.model.wire import Line, Tail, raw
from goop_realtime.types import Message, Refusal

HELD_ENTRIES = 2 * (4 * OUTBOX_MESSAGES + 2 * KEPT_ENTRIES)
HELD_BYTES = 2 * (6 * OUTBOX_BYTES + 2 * KEPT_BYTES)
"""What a log may hold while entries come back: as much as two logs, our part and the guest's."""


def give_back(core: Core, link: Link, line: Line) -> None:
    """Guest: the host asks for what follows a position in its log."""
    channel = link.channel
    if not channel.log.knows((line.epoch, line.seq)) or line.seq < channel.log.start[1]:
        end(core, channel, "lost", "the host's log does not fit the guest's")
        return
    for entry in channel.log.after(line.seq):
        data = decode(entry.raw)
        row: list[JsonValue] = [
            entry.epoch,
            entry.seq,
            entry.id,
            entry.author,
            entry.at,
            entry.kind,
            data,
        ]
        core.write(link, Line(type="tail", group=channel.id, payload=raw(row)))
    core.write(link, Line(type="tail", group=channel.id))


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
        message = Message(sender=entry.author, data=data, id=entry.id, sent_at_ms=entry.at)
        refusal = _refusal(channel, message)
        if isinstance(refusal, PluginFailure):
            suspension.fail(core, channel, refusal)
            return True
        if refusal is not None:
            return False
    if not ordering.place(core, channel, entry, message):
        return True  # it is given back again when the plugin is mended
    if entry.author == core.me and channel.take_out(entry.id) is not None:
        core.out.append(DropOutgoing(channel.id, entry.id))
    if entry.kind == "close":
        closed_by_entry(core, channel, data)
    return True


def _entry(core: Core, channel: Channel, row: Tail) -> Entry | None:
    """The entry of a ``tail`` line; ``None`` for one that cannot come next in our log.

    It is older than this start of the node: in its own lifetime a host loses nothing. For what
    our own pages are to have said there is only the guest's word: it counts where we may have
    lost that.
    """
    last = channel.log.last
    if (
        row.seq != last[1] + 1
        or not last[0] <= row.epoch < core.epoch
        or not (row.author in channel.members or (row.author == core.me and core.may_lack))
    ):
        return None
    encoded = encode(row.data)
    if len(encoded) > channel.context.type.limits.message_bytes:
        return None
    return Entry(row.epoch, row.seq, row.id, row.author, row.at, row.kind, encoded)


def _refusal(channel: Channel, message: Message) -> Refusal | None:
    """Why the context would not have taken that message."""
    refusal = None
    if channel.context.messages:
        refusal = channel.context.check_message(message.data)
    return refusal or channel.session.check(message)
