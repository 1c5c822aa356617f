# SPDX-License-Identifier: MIT
"""Channels that something stands in the way of: suspended in words at both nodes, and kept.

A node that cannot take part has no stream of the channel and touches nothing of what is stored.
It says so with the line ``suspended``: a guest instead of joining, a host as the answer to a join.
"""

from __future__ import annotations

from goop_realtime.contexts.channel_session import PluginFailure
from goop_realtime.machine import pages, versions
from goop_realtime.machine.channel import Channel, Phase
from goop_realtime.machine.core import Core
from goop_realtime.machine.ending import FAILED, FAILED_THERE, drop_links, finish
from goop_realtime.machine.link import Link
from goop_realtime.machine.member import Member
from goop_realtime.model import obstacles
from goop_realtime.model.effects import Changed, CloseLink, SendLine
from goop_realtime.model.obstacles import MISMATCH, Obstacle
from goop_realtime.model.wire import (
    MAX_REASON,
    MAX_VERSION,
    Join,
    Line,
    Suspended,
    Welcome,
    raw,
    serialise,
)
from goop_realtime.types import Refusal


def fail(core: Core, channel: Channel, failure: Refusal) -> None:
    """Our plugin failed where it may not: nothing of that step is taken, and both nodes wait."""
    me = core.label_of(core.me)
    obstacle = obstacles.here(obstacles.FAILED, channel.context.name, me, failure.reason)
    core.write_all(channel, _line(channel, obstacle))
    meet(core, channel, obstacle)


def disagree(core: Core, channel: Channel, refusal: Refusal) -> None:
    """Guest: the host's version has ordered what ours does not take; none of it is taken."""
    host, context = channel.members[channel.host], channel.context
    me, mine = core.label_of(core.me), context.type.version
    theirs = f"{context.name} {host.version or mine}"
    why = f"{mine} does not take what {host.label} has ordered by {theirs} ({refusal.reason})"
    obstacle = obstacles.here(MISMATCH, context.name, me, why)
    core.write_all(channel, _line(channel, obstacle))
    meet(core, channel, obstacle)


def unfolded(core: Core, channel: Channel, refusal: Refusal) -> Obstacle:
    """What stands in the way of a node whose Session cannot fold the log."""
    code = obstacles.FAILED if isinstance(refusal, PluginFailure) else MISMATCH
    return obstacles.here(code, channel.context.name, core.label_of(core.me), refusal.reason)


def meet(core: Core, channel: Channel, obstacle: Obstacle) -> None:
    """Something stands in the way: let go of the stream, and tell the pages why.

    What stands in the way here comes first: as long as it does, nothing else matters.
    """
    if channel.final:
        return
    drop_links(core, channel, drain=True)
    for member in channel.members.values():
        member.retry_at = core.now + obstacles.PACE_MS
    known = channel.obstacle
    if known is not None and known.here and not obstacle.here:
        return
    if channel.closing:
        end(core, channel)
        return
    channel.obstacle = obstacle
    if channel.hosted and (obstacle.here or obstacle.code == MISMATCH):
        channel.held = True  # what our pages send is judged when both can take part again
    if obstacle.like(known):
        return
    core.note("node", obstacle.code, channel.id, detail=obstacle.reason)
    if channel.phase is Phase.OPEN:
        for member in channel.members.values():
            member.suspended_at = core.now
    core.save(channel)
    pages.tell_state(core, channel)
    core.out.append(Changed(channel.id))


def lift(core: Core, channel: Channel) -> None:
    """The other node takes part again."""
    if channel.obstacle is not None:
        channel.obstacle = None
        core.save(channel)


def end(core: Core, channel: Channel) -> None:
    """A person ends it while something stands in the way: outside its log, at both nodes."""
    finish(core, channel, "closed")
    for peer in channel.members:
        core.control(peer, Line(type="close", group=channel.id, code="closed"))


def say(core: Core, channel: Channel) -> None:
    """Guest: tell the host that we cannot join. Its answer is the line that ends it, if it has."""
    channel.members[channel.host].retry_at = core.now + obstacles.PACE_MS
    if channel.obstacle is not None and core.is_discovered(channel.host):
        core.control(channel.host, _line(channel, channel.obstacle))


def turned_away(core: Core, channel: Channel, peer: str, link: int, said: Join) -> bool:
    """Host: whether a join finds something in the way; then that is the answer."""
    obstacle = channel.obstacle
    if obstacle is None or not obstacle.here:
        obstacle = _mismatch(core, channel, channel.members[peer], said)
        if obstacle is None:
            return False
        meet(core, channel, obstacle)
    elif said.hash is None:
        # The guest does not know the line. Unanswered, it comes again every few seconds; it
        # would do that several times a second if its stream ended.
        return True
    core.out.append(SendLine(link, serialise(_line(channel, obstacle)), channel.id))
    core.out.append(CloseLink(link, channel=channel.id))
    return True


def differs(core: Core, link: Link, said: Welcome) -> bool:
    """Guest: whether the host's welcome is of another contract; then the host is told."""
    channel = link.channel
    obstacle = _mismatch(core, channel, link.member, said)
    if obstacle is None:
        return False
    core.write(link, _line(channel, obstacle))
    meet(core, channel, obstacle)
    return True


def _mismatch(
    core: Core, channel: Channel, member: Member, said: Join | Welcome
) -> Obstacle | None:
    versions.heard(member, said)
    if channel.context.goes_with(said) or versions.suit(core, channel, said):
        refusal = versions.settle(core, channel)
        return None if refusal is None else unfolded(core, channel, refusal)
    context = channel.context
    mine = (core.label_of(core.me), context.type.version[:MAX_VERSION])
    return obstacles.between(context.name, mine, (member.label, said.version))


def heard(core: Core, channel: Channel, member: Member, line: Line) -> None:
    """A member's node says that it cannot take part."""
    if channel.final:
        return
    if channel.phase not in (Phase.OPEN, Phase.JOINING):
        drop_links(core, channel, drain=True)
        return
    if not line.bare and versions.suit(core, channel, line.told(Suspended)):
        drop_links(core, channel, drain=True)
        member.retry_at = core.now
        return
    meet(
        core,
        channel,
        obstacles.there(line.code, channel.context.name, member.label, line.reason),
    )


def told(core: Core, peer: str, line: Line) -> None:
    """The other node says, outside any stream, that it cannot take part."""
    channel = core.channels.get(line.group)
    if channel is None or peer not in channel.members:
        core.control(peer, Line(type="gone", group=line.group))
    elif channel.final:
        core.control(peer, ended(channel))
    else:
        heard(core, channel, channel.members[peer], line)


def ended(channel: Channel) -> Line:
    """The line that says how a channel has ended."""
    reason = FAILED_THERE if channel.close_code == FAILED else channel.close_reason[:MAX_REASON]
    return Line(type="close", group=channel.id, code=channel.close_code, reason=reason)


def _line(channel: Channel, obstacle: Obstacle) -> Line:
    """What is said to the other node, where pages show it."""
    line = Line(type="suspended", group=channel.id, code=obstacle.code, reason=obstacle.said)
    if obstacle.code == MISMATCH and channel.context.hash:
        line.payload = raw(versions.told(channel.context))
    return line
