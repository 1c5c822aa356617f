# SPDX-License-Identifier: MIT
"""A peer that the person has blocked: what was open waits, what was asked is over (pure)."""

from __future__ import annotations

from goop_realtime.machine import missed, pages
from goop_realtime.machine.channel import Phase
from goop_realtime.machine.core import Core
from goop_realtime.machine.ending import finish, let_go
from goop_realtime.types import BLOCKED


def standing_changed(core: Core, peer: str) -> None:
    """The person has blocked the peer, or taken that back. The peer itself is told nothing."""
    blocked = core.is_blocked(peer)
    for channel in core.with_peer(peer):
        if channel.phase is Phase.OPEN:
            link = channel.members[peer].link
            if blocked and link is not None:
                let_go(core, link, BLOCKED.code)
            pages.tell_state(core, channel)
        elif blocked:
            finish(core, channel, BLOCKED.code, BLOCKED.reason)
            missed.forget(core, channel)
