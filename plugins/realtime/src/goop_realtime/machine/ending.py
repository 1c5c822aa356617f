# SPDX-License-Identifier: MIT
"""The end of a channel: final, told to its pages, and kept a while as a tombstone."""

from __future__ import annotations

from goop_node.escaping import escaped
from goop_node.types import JsonValue
from goop_realtime.machine import incoming, missed, pages
from goop_realtime.machine.channel import Channel, Phase
from goop_realtime.machine.core import Core
from goop_realtime.machine.link import Link
from goop_realtime.model.effects import Changed, CloseLink, DropOutgoing
from goop_realtime.model.wire import MAX_REASON, Line

RETRY_MS = 250
FAILED = "failed"
"""How a channel ends on which this node failed."""
FAILED_THERE = "that node failed on it"
"""All that the other node is told of that: what an exception says is for this one's person."""


def finish(core: Core, channel: Channel, code: str, reason: str = "") -> None:
    """End the channel for good. What its outbox still held is rejected in the same commit."""
    if channel.final:
        return
    asked = channel.phase is Phase.ASKED
    channel.missed = asked and code in missed.CODES and not channel.hidden
    channel.phase = Phase.CLOSED
    channel.closing = False
    channel.close_code = code
    channel.close_reason = escaped(reason)[:MAX_REASON]
    channel.closed_at = core.now
    channel.unlogged = None
    for outgoing in list(channel.outbox.values()):
        channel.take_out(outgoing.id)
        core.out.append(DropOutgoing(channel.id, outgoing.id))
        core.note("node", "closed", channel.id, outgoing.id, "was never ordered")
    core.save(channel)
    core.crowded.update(channel.members)
    if asked:
        incoming.tell_ended(core, channel, code)
    if channel.missed:
        missed.keep(core, channel)
    pages.tell_state(core, channel)
    core.out.append(Changed(channel.id))


def closed_by_entry(core: Core, channel: Channel, data: JsonValue) -> None:
    """The log has come to its last entry, whose ``data`` is the reason."""
    finish(core, channel, "closed", data if isinstance(data, str) else "")


def end(core: Core, channel: Channel, code: str, reason: str) -> None:
    """End the channel by ourselves, outside its log: the other node is told, with the reason."""
    line = Line(type="close", group=channel.id, code=code, reason=reason[:MAX_REASON])
    for member in channel.members.values():
        if member.link is not None:
            core.write(member.link, line)
        elif not channel.final and core.is_discovered(member.peer):
            core.control(member.peer, line)
    finish(core, channel, code, reason)


def drop_link(core: Core, link: Link, *, drain: bool) -> None:
    """Let go of a stream; its own end is ignored from now on."""
    core.out.append(CloseLink(link.id, drain=drain, channel=link.channel.id))
    unlink(core, link)


def drop_links(core: Core, channel: Channel, *, drain: bool) -> None:
    """Let go of every stream of the channel."""
    for link in channel.links:
        drop_link(core, link, drain=drain)


def let_go(core: Core, link: Link, code: str) -> None:
    """End a stream at once: its member is suspended, and joined anew."""
    core.out.append(CloseLink(link.id, drain=False, channel=link.channel.id))
    suspend(core, link, code)


def suspend(core: Core, link: Link, code: str) -> None:
    """A stream has ended. Its member is looked for again soon, with jitter."""
    channel, member = link.channel, link.member
    unlink(core, link)
    if channel.final:
        return
    core.note("link", code, channel.id)
    if channel.phase is Phase.OPEN:
        member.suspended_at = core.now
        core.save_member(channel, member)
        pages.tell_state(core, channel)
        core.out.append(Changed(channel.id))
    member.retry_at = core.now + int(RETRY_MS * core.random.random())


def unlink(core: Core, link: Link) -> None:
    """Forget the link: its stream has ended, or its end does not matter any more."""
    del core.links[link.id]
    link.member.link = None
