# SPDX-License-Identifier: MIT
"""As time goes by: invitations run out, links fall silent, tombstones are forgotten."""

from __future__ import annotations

from goop_realtime.machine import (
    invitations_received,
    invitations_sent,
    links,
    missed,
    pages,
    tombstones,
)
from goop_realtime.machine.channel import Channel, Phase
from goop_realtime.machine.containment import Contained
from goop_realtime.machine.core import Core
from goop_realtime.machine.liveness import Overdue
from goop_realtime.model.times import sooner


def tick(core: Core) -> list[Overdue]:
    """Do what is due at ``core.now``; what has come to wait for longer than it ever should."""
    now = core.now
    for channel in list(core.channels.values()):
        if channel.resting and now - channel.closed_at <= tombstones.TOMBSTONE_MS:
            continue
        with Contained(core, channel.id, channel.other.peer):
            _keep(core, channel)
    for page in list(core.pages.values()):
        if not page.connected and now - page.gone_at > pages.CURSOR_MS:
            del core.pages[page.id]
    core.withdrawn.expire(now)
    late = core.liveness.look(now)
    for overdue in late:
        core.note("node", "overdue", overdue.channel, detail=str(overdue))
    return late


def _keep(core: Core, channel: Channel) -> None:
    invitations_sent.keep(core, channel)
    invitations_received.keep(core, channel)
    links.keep(core, channel)
    missed.expire(core, channel)
    tombstones.keep(core, channel)


def wake_at(core: Core, now: int) -> int | None:
    """When to look again (Unix ms); ``None`` when nothing is pending."""
    return sooner(_next(core, now), sooner(core.running.due_at, core.showing.due_at))


def _next(core: Core, now: int) -> int | None:
    """When a channel or a page needs it."""
    living = (channel for channel in core.channels.values() if not channel.resting)
    waiting = [channel for channel in living if not channel.final or channel.links]
    if not waiting:
        return now + 60_000 if core.channels or core.pages else None
    soonest = now + 1000
    for channel in waiting:
        if channel.phase in (Phase.JOINING, Phase.OPEN):
            for member in channel.members.values():
                if member.link is None and links.tries_again(core, channel, member):
                    soonest = min(soonest, max(member.retry_at, now + 20))
        elif channel.phase in (Phase.ASKING, Phase.ASKED):
            soonest = min(soonest, max(channel.expires_at, now + 20))
    return soonest
