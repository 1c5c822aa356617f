# SPDX-License-Identifier: MIT
"""Channels that have ended are remembered, so that late questions get an answer: not too many.

Of such a channel there is kept what it is called, how it ended, and its log for late readers.
"""

from __future__ import annotations

from goop_realtime.contexts.channel_session import ClosedSession
from goop_realtime.machine.channel import Channel
from goop_realtime.machine.core import Core
from goop_realtime.model.effects import DropChannel
from goop_realtime.model.limits import OUTBOX_BYTES
from goop_realtime.model.log import ORIGIN

TOMBSTONE_MS = 24 * 3600 * 1000
REST_MS = 10_000
"""How long a channel has its Session after its end, to say how it stands."""
EMPTY_PER_PEER = 32
ENDED_PER_PEER = 128
EMPTY = 256
ENDED = 512
"""How many are remembered: of a peer those without a single entry, of a peer, of all peers those
without an entry, and of all peers. Each costs some 4 KB and a row, and time at a start."""
BYTES_PER_PEER = 2 * OUTBOX_BYTES
BYTES = 4 * BYTES_PER_PEER
"""How large the logs of those of a peer, and of all peers, may be together."""


def keep(core: Core, channel: Channel) -> None:
    """As time goes by, what has ended lets go of its Session and its pages, and is forgotten."""
    if not _ended(channel):
        return
    age = core.now - channel.closed_at
    if age > TOMBSTONE_MS:
        forget(core, channel)
    elif age > REST_MS:
        channel.session = ClosedSession(channel.request, core.plugin_failed)
        channel.bucket = None
        for member in channel.members.values():
            member.bucket = member.types = None
        for page in core.pages.values():
            view = page.views.get(channel.id)
            if view is not None and view.handled >= channel.log.last[1]:
                del page.views[channel.id]
        channel.resting = True


def make_room(core: Core) -> None:
    """Forget the oldest of what has ended, where a peer has left too much of it."""
    for peer in core.crowded:
        its = [channel for channel in core.with_peer(peer) if _ended(channel)]
        _keep_few(core, its, EMPTY_PER_PEER, ENDED_PER_PEER, BYTES_PER_PEER)
    if core.crowded:
        everybody = [channel for channel in core.channels.values() if _ended(channel)]
        _keep_few(core, everybody, EMPTY, ENDED, BYTES)
    core.crowded.clear()


def _ended(channel: Channel) -> bool:
    return channel.final and not channel.links and not channel.missed


def _empty(channel: Channel) -> bool:
    return channel.log.last == ORIGIN


def _keep_few(core: Core, ended: list[Channel], empty: int, count: int, size: int) -> None:
    """Forget the oldest beyond a count, of the empty ones and of all, and a size of their logs."""
    # What its other side has acknowledged goes first; the last is kept, however large.
    ended.sort(key=lambda one: (not one.close_acked and not _empty(one), one.closed_at))
    empty -= sum(map(_empty, ended))
    count -= len(ended)
    size -= sum(one.log.weight for one in ended)
    for channel in ended[:-1]:
        if count >= 0 and (empty if _empty(channel) else size) >= 0:
            continue
        empty += _empty(channel)
        count += 1
        size += channel.log.weight
        if not channel.hosted:
            core.withdrawn.add(channel.host, channel.id, channel.expires_at)
        forget(core, channel)


def forget(core: Core, channel: Channel) -> None:
    """Remove a tombstone: its time is over, or its place is needed."""
    core.channels.pop(channel.id, None)
    for page in core.pages.values():
        page.views.pop(channel.id, None)
    core.out.append(DropChannel(channel.id))
