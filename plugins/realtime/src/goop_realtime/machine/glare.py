# SPDX-License-Identifier: MIT
"""Crossing requests that become one channel: the aliases of what did not survive."""

from __future__ import annotations

from goop_realtime.machine import pages
from goop_realtime.machine.channel import Channel, Phase
from goop_realtime.machine.core import Core
from goop_realtime.machine.ending import finish


def may_merge(one: Channel, other: Channel) -> bool:
    """Whether a request and a channel with the same peer are for the same thing."""
    context = one.request.context
    return bool(context) and context == other.request.context and not one.fresh


def merge(core: Core, channel: Channel, survivor: Channel) -> None:
    """Our own request has become ``survivor``: tell its page under which id it goes on."""
    channel.replaced_by = survivor.id
    if survivor.owner is None:
        survivor.owner = channel.owner
    finish(core, channel, "replaced")
    pages.tell_state(core, survivor)


def settle(core: Core, survivor: Channel) -> None:
    """The surviving channel is open: our own request for the same ends as its alias."""
    for other in core.with_peer(survivor.peer):
        if other is survivor or other.request.context != survivor.request.context:
            continue
        if other.fresh or survivor.fresh:
            continue
        if other.phase is Phase.ASKING and survivor.request.context:
            merge(core, other, survivor)
        elif other.hidden and other.phase is Phase.ASKED:
            other.replaced_by = survivor.id
            finish(core, other, "replaced")
