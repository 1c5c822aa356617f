# SPDX-License-Identifier: MIT
"""Requests that nobody answered in time: kept for the person, as a telephone keeps missed calls.

They are the tombstones of requests that ran out of time or were withdrawn, with bounds of their
own. A missed one goes when the person dismisses it, when the two come together after all, when
a newer request of that peer for the same takes its place, or when it is a week old.
"""

from __future__ import annotations

from collections import Counter

from goop_realtime.machine import incoming, pages
from goop_realtime.machine.channel import Channel
from goop_realtime.machine.core import Core
from goop_realtime.machine.pages import Page

CODES = frozenset({"expired", "cancelled"})
"""How a request ends that nobody answered."""
MISSED_MS = 7 * 24 * 3600 * 1000
MISSED_PER_PEER = 4
MISSED = 64
"""How long, and how many of a peer and of all, are kept."""


def missed(core: Core) -> list[Channel]:
    """Those that are kept, the oldest first."""
    found = [channel for channel in core.channels.values() if channel.missed]
    return sorted(found, key=lambda channel: channel.closed_at)


def keep(core: Core, channel: Channel) -> None:
    """A request has ended without an answer: tell the pages; others make room where it needs that.

    Room is made by the peer that has most; strangers' go before those of people who are known.
    """
    for page in core.pages.values():
        tell_to(core, page, channel)
    others = [one for one in missed(core) if one is not channel]
    its = [one for one in others if one.other.peer == channel.other.peer]
    for old in its[: max(0, len(its) + 1 - MISSED_PER_PEER)]:
        forget(core, old)
    others = [one for one in others if one.missed]
    if len(others) >= MISSED:
        count = Counter(one.other.peer for one in others)

        def worth(one: Channel) -> tuple[bool, int]:
            peer = one.other.peer
            return (_known(core, peer), -count[peer])

        forget(core, min(others, key=worth))


def _known(core: Core, peer: str) -> bool:
    return core.is_friend(peer) or core.agreed_with(peer)


def forget(core: Core, channel: Channel) -> None:
    """It is not kept any more: the person has seen it, or its time is over."""
    if not channel.missed:
        return
    body = {"type": "missed_ended", "channel": channel.id}
    for page in core.pages.values():
        if incoming.is_asked(core, page, channel):
            pages.frame(core, page, body)
    channel.missed = False
    core.save(channel)
    core.crowded.update(channel.members)


def superseded(core: Core, by: Channel) -> None:
    """The two ask each other anew, or have come together: what was missed before is past."""
    for one in core.with_peer(by.other.peer):
        before, now = one.request, by.request
        same = one.context.type.name == by.context.type.name and before.app == now.app
        if one.missed and one is not by and same:
            forget(core, one)


def tell_to(core: Core, page: Page, channel: Channel) -> None:
    """Tell one page of it, if it was one for that page to answer."""
    if channel.missed and incoming.is_asked(core, page, channel):
        body = {"type": "missed", "at": channel.asked_at, **incoming.asking(core, page, channel)}
        pages.frame(core, page, body)


def expire(core: Core, channel: Channel) -> None:
    """Let go of what is a week old."""
    if channel.missed and core.now - channel.closed_at > MISSED_MS:
        forget(core, channel)
