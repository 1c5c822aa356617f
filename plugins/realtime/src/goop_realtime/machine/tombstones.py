# SPDX-License-Identifier: MIT
"""Channels that have ended are remembered, so that late questions get an answer: not too many."""

from __future__ import annotations

from goop_realtime.machine.channel import Channel
from goop_realtime.machine.core import Core
from goop_realtime.model.effects import DropChannel
from goop_realtime.model.log import ORIGIN

TOMBSTONE_MS = 24 * 3600 * 1000
EMPTY_PER_PEER = 32
ENDED_PER_PEER = 128
EMPTY = 256
ENDED = 1024
"""How many are remembered: of a peer those without a single entry, of a peer, of all peers those
without an entry, and of all peers. Each costs some 12 KB and a row, and time at a start."""


def make_room(core: Core) -> None:
    """Forget the oldest of what has ended, where a peer has left too much of it."""
    for peer in core.crowded:
        ended = [channel for channel in core.with_peer(peer) if _ended(channel)]
        _forget_oldest(core, [one for one in ended if _empty(one)], EMPTY_PER_PEER)
        _forget_oldest(core, [one for one in ended if one.id in core.channels], ENDED_PER_PEER)
    if core.crowded:
        everybody = [one for one in core.channels.values() if _ended(one)]
        _forget_oldest(core, [one for one in everybody if _empty(one)], EMPTY)
        _forget_oldest(core, [one for one in everybody if one.id in core.channels], ENDED)
    core.crowded.clear()


def _ended(channel: Channel) -> bool:
    return channel.final and not channel.links and not channel.missed


def _empty(channel: Channel) -> bool:
    return channel.log.last == ORIGIN


def _forget_oldest(core: Core, ended: list[Channel], kept: int) -> None:
    surplus = len(ended) - kept
    if surplus <= 0:
        return
    # What its other side has acknowledged goes first.
    ended.sort(key=lambda one: (not one.close_acked and not _empty(one), one.closed_at))
    for channel in ended[:surplus]:
        if not channel.hosted:
            core.withdrawn.add(channel.host, channel.id, channel.expires_at)
        forget(core, channel)


def forget(core: Core, channel: Channel) -> None:
    """Remove a tombstone: its time is over, or its place is needed."""
    core.channels.pop(channel.id, None)
    for page in core.pages.values():
        page.views.pop(channel.id, None)
    core.out.append(DropChannel(channel.id))
