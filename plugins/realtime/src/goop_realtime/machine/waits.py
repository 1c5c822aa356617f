# SPDX-License-Identifier: MIT
"""What waits in the core: each question it has asked, and each bound that holds something up."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from goop_realtime.machine import joining, links
from goop_realtime.machine.channel import BEST_EFFORT, Channel, Phase
from goop_realtime.machine.core import Core
from goop_realtime.machine.ending import drop_link, let_go
from goop_realtime.machine.link import Link
from goop_realtime.machine.liveness import Wait
from goop_realtime.machine.member import Member
from goop_realtime.machine.unlogged import ROUND

OPENING_MS = 20_000
"""A stream is opened or given up within half of that."""
GO_OPENING_MS = 75_000
"""To a 1.0.0 host three joins may wait for a welcome each, and a sign of life behind them."""
ANSWER_MS = 30_000
"""The other node does at once what is waited for here; its link may be slow, though."""
LATE_MS = 5_000
"""How far a tick may be behind what is due."""
PAGE_MS = 60_000
"""A handler that has not returned for so long will hardly."""


def waiting(core: Core) -> Iterator[Wait]:
    """Everything in the core that waits at ``core.now``."""
    for channel in core.channels.values():
        if channel.resting:
            continue
        for member in channel.members.values():
            if member.link is not None:
                yield from _on_link(core, member.link)
            elif not channel.final:
                yield from _without_link(core, channel, member)
    for page in core.pages.values():
        for channel_id, view in page.views.items():
            if page.connected and view.flight:
                yield Wait(channel_id, f"page {page.id} to handle", view.flight[0][0], PAGE_MS)


def _on_link(core: Core, link: Link) -> Iterator[Wait]:
    channel, number = link.channel, link.id

    def again(code: str) -> Callable[[], None]:
        return lambda: let_go(core, link, code)

    if channel.final:
        yield Wait(
            channel.id,
            "its stream to end",
            number,
            ANSWER_MS,
            lambda: drop_link(core, link, drain=False),
        )
    elif link.pulling:
        last = channel.log.last
        yield Wait(
            channel.id, "what the guest gives back", (number, last), ANSWER_MS, again("no_tail")
        )
    elif not channel.hosted and not link.welcomed:
        yield Wait(channel.id, "the host's welcome", number, ANSWER_MS, again("no_welcome"))
    elif channel.delivery == BEST_EFFORT:
        return  # paced, and held up by our own pages: the driver knows
    elif channel.hosted and link.member.has < channel.log.last[1]:
        has = link.member.has
        yield Wait(channel.id, "the guest to have it", (number, has), ANSWER_MS, again("no_ack"))
    elif not channel.hosted and channel.outbox:
        first = next(iter(channel.outbox))
        yield Wait(
            channel.id, "the host to order it", (number, first), ANSWER_MS, again("no_confirm")
        )
    if link.newest_signal or (link.owed and link.round >= ROUND):
        yield Wait(channel.id, "a pong", (number, link.pinged_at), ANSWER_MS)


def _without_link(core: Core, channel: Channel, member: Member) -> Iterator[Wait]:
    if member.opening:

        def give_up() -> None:
            member.opening = False

        bound = GO_OPENING_MS if channel.delivery == BEST_EFFORT else OPENING_MS
        yield Wait(channel.id, "a stream to its host", member.retries, bound, give_up)
    elif (
        channel.phase in (Phase.JOINING, Phase.OPEN)
        and not channel.hosted
        and core.now > member.retry_at
    ):
        yield Wait(
            channel.id,
            "a try to join",
            member.retries,
            LATE_MS,
            lambda: joining.rejoin(core, channel),
        )
    ends_at = channel.expires_at
    if channel.phase is Phase.JOINING:
        ends_at += links.JOIN_MS
    # One that has given way to another lasts as long as that one is undecided.
    if channel.phase is not Phase.OPEN and not channel.replaced_by and core.now > ends_at:
        yield Wait(channel.id, "its end", channel.phase, LATE_MS)
