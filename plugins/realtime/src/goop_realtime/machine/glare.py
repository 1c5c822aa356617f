# SPDX-License-Identifier: MIT
"""Channels of two: there is one with each peer and context, and crossing requests become one.

Here is decided which of them survives, and of what the others are aliases. Two requests are one
wish when they are for the same context, or when its plugin says that one request of it is enough
(``ContextType.single_request``), whatever their ids.
"""

from __future__ import annotations

from collections.abc import Iterable

from goop_realtime.machine import missed, pages
from goop_realtime.machine.channel import Channel, Phase
from goop_realtime.machine.core import Core
from goop_realtime.machine.ending import drop_links, finish
from goop_realtime.model.wire import MAX_INSTEAD, MAX_TIMEOUT_MS, Line


def living(core: Core, peer: str, context: str) -> Channel | None:
    """The agreed (or nearly agreed) channel with that peer and context."""
    for channel in core.with_peer(peer):
        if channel.request.context == context and channel.living:
            return channel
    return None


def may_merge(one: Channel, other: Channel) -> bool:
    """Whether a request and a channel with the same peer are for the same thing."""
    context = one.request.context
    return bool(context) and context == other.request.context and not one.fresh


def _one_wish(one: Channel, other: Channel) -> bool:
    if one.fresh or other.fresh or not (one.request.context and other.request.context):
        return False
    kind = one.context.type
    same = kind.single_request and kind.name == other.context.type.name
    return same or one.request.context == other.request.context


def give_way(core: Core, accepted: Channel) -> None:
    """A person accepts a peer's request: what we ask that peer for gives way, where it is one wish.

    It stays as it is until the accepted one is open, and goes on where that comes to nothing.
    """
    for own in core.with_peer(accepted.other.peer):
        if own.phase is Phase.ASKING and not own.replaced_by and _one_wish(own, accepted):
            own.replaced_by = accepted.id
            core.save(own)
            core.note("node", "gives_way", own.id, detail=f"to {accepted.id}")


def instead_of(core: Core, accepted: Channel) -> list[str]:
    """Our requests that have given way to the one we join now, for its host to know."""
    own = (one for one in core.with_peer(accepted.other.peer) if one.phase is Phase.ASKING)
    return [one.id for one in own if one.replaced_by == accepted.id][:MAX_INSTEAD]


def yields(core: Core, channel: Channel, instead: Iterable[str]) -> bool:
    """Whether the channel that a guest joins must give way: we have accepted what it takes back.

    Then each has accepted the other's request, and that of the smaller peer id survives.
    """
    if channel.phase is not Phase.ASKING or core.me < channel.other.peer:
        return False
    theirs = (core.channels.get(channel_id) for channel_id in instead)
    return any(
        one is not None and channel.other.peer in one.members and one.phase is Phase.JOINING
        for one in theirs
    )


def merge(core: Core, channel: Channel, survivor: Channel) -> None:
    """A request has become ``survivor``: tell its pages under which id it goes on."""
    if channel.phase is Phase.ASKING and channel.request.context != survivor.request.context:
        core.control(channel.other.peer, Line(type="cancel", group=channel.id, code="replaced"))
    channel.replaced_by = survivor.id
    if survivor.owner is None:
        survivor.owner = channel.owner
    drop_links(core, channel, drain=False)
    finish(core, channel, "replaced")
    pages.tell_state(core, survivor)


def settle(core: Core, survivor: Channel, instead: Iterable[str] = ()) -> None:
    """The surviving channel is open: the other requests for the same end as its aliases.

    ``instead``: the guest's own ones that it has taken back for it.
    """
    missed.superseded(core, survivor)
    for channel_id in instead if survivor.context.type.single_request else ():
        if channel_id and channel_id not in core.channels:
            # Its invitation is still on its way, and is not to come up.
            core.withdrawn.add(survivor.other.peer, channel_id, core.now + MAX_TIMEOUT_MS)
    for other in core.with_peer(survivor.other.peer):
        if other is survivor:
            continue
        same = may_merge(other, survivor) and not survivor.fresh
        if other.phase is Phase.ASKING:
            over = same or other.replaced_by == survivor.id
        else:
            over = other.id in instead and other.phase in (Phase.ASKED, Phase.JOINING)
            over = over or (same and other.hidden and other.phase is Phase.ASKED)
        if over:
            merge(core, other, survivor)
