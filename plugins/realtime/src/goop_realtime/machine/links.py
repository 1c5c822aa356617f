# SPDX-License-Identifier: MIT
"""Links: the streams that carry channels, while they last. Their lines, liveness, rejoining."""

from __future__ import annotations

from collections.abc import Iterable

from goop_realtime.machine import (
    failures,
    fleeting,
    guest_side,
    host_side,
    joining,
    ordering,
    pages,
    signals,
    suspension,
    tails,
)
from goop_realtime.machine.channel import Channel, Phase
from goop_realtime.machine.containment import Contained
from goop_realtime.machine.core import Core
from goop_realtime.machine.ending import drop_link, drop_links, end, finish, let_go, suspend
from goop_realtime.machine.link import Link
from goop_realtime.machine.member import Member
from goop_realtime.model.jsonio import MalformedJson
from goop_realtime.model.obstacles import KEPT_MS, PACE_MS
from goop_realtime.model.wire import Ack, Line, parse

PING_MS = 3_000
SILENCE_MS = 8_500
"""A link that has been silent for so long is dead: both pages know within 10 s."""
JOIN_MS = 15_000
"""How long after an invitation's expiry a guest goes on joining."""
CLOSE_MS = 60_000
"""How long a host may be away before a close that is all it would be told does not wait for it."""
POKE_MS = 5_000
STALE_MS = 2_000
"""A poke may cross our join: only about a link older than this it is to be believed."""


def receive(core: Core, link: int, raws: Iterable[bytes]) -> bool:
    """Lines of a joined stream. False when one is malformed: the stream must end.

    Behind a line that this node fails on no other is taken: the channel goes back.
    """
    known = core.links.get(link)
    if known is None:
        return True
    with Contained(core, known.channel.id, known.member.peer):
        for raw in raws:
            try:
                line = parse(raw)
            except MalformedJson as error:
                core.note("link", error.code, detail=error.reason)
                return False
            received(core, link, line)
    return True


def received(core: Core, link: int, line: Line) -> None:
    """A line on a joined stream."""
    found = core.links.get(link)
    if found is None:
        return
    found.heard_at = core.now
    channel = found.channel
    if line.group != channel.id:
        core.note("link", "wrong_group", channel.id, detail=line.group)
        return
    handler = (_HOST_LINES if channel.hosted else _GUEST_LINES).get(line.type)
    if handler is not None:
        handler(core, found, line)


def _ack(core: Core, link: Link, line: Line) -> None:
    channel = link.channel
    if not line.bare:
        failures.told(core, channel, link.member, line.told(Ack).failed)
    ordering.acknowledged(core, channel, link.member, line.stage, (line.epoch, line.seq))
    if channel.hosted:
        host_side.distribute(core, channel)


def _ping(core: Core, link: Link, line: Line) -> None:
    core.write(link, Line(type="pong", group=line.group))


def _pong(core: Core, link: Link, line: Line) -> None:
    fleeting.answered(core, link)
    signals.answered(core, link)


def _page(core: Core, link: Link, line: Line) -> None:
    if line.stage in ("open", "none") and link.page != line.stage:
        link.page = line.stage
        pages.tell_state(core, link.channel)


def _closed_by_peer(core: Core, link: Link, line: Line) -> None:
    channel = link.channel
    code = line.code or "closed"
    if code == "not_found":
        code = "lost" if channel.phase is Phase.OPEN else "expired"
    finish(core, channel, code, line.reason)
    drop_links(core, channel, drain=True)


def _suspended(core: Core, link: Link, line: Line) -> None:
    suspension.heard(core, link.channel, link.member, line)


_COMMON = {
    "ack": _ack,
    "ping": _ping,
    "pong": _pong,
    "page": _page,
    "signal": signals.received,
    "latest": fleeting.received_latest,
    "volatile": fleeting.received_volatile,
    "close": _closed_by_peer,
    "suspended": _suspended,
}
_HOST_LINES = {**_COMMON, "msg": host_side.receive, "tail": joining.given_back}
_GUEST_LINES = {
    **_COMMON,
    "welcome": joining.welcomed,
    "msg": guest_side.receive_entry,
    "confirm": guest_side.receive_confirm,
    "refuse": guest_side.receive_refusal,
    "pull": tails.give_back,
    "unfit": fleeting.unfit,
}


def ended(core: Core, link: int, code: str) -> None:
    """A stream ended. Only a member's present one matters."""
    found = core.links.get(link)
    if found is not None:
        suspend(core, found, code)


def keep(core: Core, channel: Channel) -> None:
    """Look after a channel's links as time goes by."""
    for member in channel.members.values():
        if member.link is not None:
            _keep(core, member.link)
        else:
            look_for(core, channel, member)


def _keep(core: Core, link: Link) -> None:
    channel = link.channel
    silent = core.now - link.heard_at
    if silent >= SILENCE_MS:
        let_go(core, link, "silent")
    elif silent >= PING_MS and core.now - link.pinged_at >= PING_MS:
        link.pinged_at = core.now
        core.write(link, Line(type="ping", group=channel.id))
    elif channel.final and (link.member.close_acked or not channel.hosted):
        drop_link(core, link, drain=True)


def peer_back(core: Core, peer: str) -> None:
    """The peer was seen again: what is suspended is tried at once."""
    for channel in core.with_peer(peer):
        member = channel.members[peer]
        if member.link is None and channel.phase in (Phase.JOINING, Phase.OPEN):
            member.retry_at = core.now
            look_for(core, channel, member)


def tries_again(core: Core, channel: Channel, member: Member) -> bool:
    """Whether time alone brings the next attempt at a link; else something that happens does."""
    return core.is_discovered(member.peer) if channel.hosted else not member.opening


def look_for(core: Core, channel: Channel, member: Member) -> None:
    """There is no link with a member: try again when it is time, or give up."""
    away = 0 if member.suspended_at is None else core.now - member.suspended_at
    if channel.phase is Phase.JOINING and core.now > channel.expires_at + JOIN_MS:
        finish(core, channel, "timeout", "the other side did not answer")
    elif channel.phase is Phase.OPEN and away > _patience(channel):
        end(core, channel, "expired", "suspended for longer than its context allows")
    elif channel.closing and not channel.hosted and len(channel.outbox) == 1 and away > CLOSE_MS:
        end(core, channel, "closed", "")  # a host that comes back hears it when it asks
    if channel.phase in (Phase.JOINING, Phase.OPEN) and core.now >= member.retry_at:
        if not channel.hosted:
            joining.rejoin(core, channel)
        elif core.is_discovered(member.peer):
            member.retry_at = core.now + (POKE_MS if channel.obstacle is None else PACE_MS)
            core.control(member.peer, Line(type="poke", group=channel.id))


def _patience(channel: Channel) -> int:
    """How long the channel may be suspended, in ms."""
    allowed = channel.context.type.limits.suspended_ms
    return allowed if channel.obstacle is None else max(allowed, KEPT_MS)


def poked(core: Core, peer: str, line: Line) -> None:
    """The host misses us on a channel."""
    channel = core.channels.get(line.group)
    if channel is None or channel.host != peer:
        core.control(peer, Line(type="gone", group=line.group))
    elif channel.final and not channel.closed_by_log:
        core.control(peer, suspension.ended(channel))
    elif channel.phase is not Phase.ASKED:
        link = channel.members[peer].link
        if link is not None and core.now - link.since >= STALE_MS:
            # The host has let go of the stream that we still believe in.
            let_go(core, link, "stale")
        joining.rejoin(core, channel)


def gone(core: Core, peer: str, line: Line) -> None:
    """The other side knows nothing of a channel of ours."""
    channel = core.channels.get(line.group)
    if channel is not None and peer in channel.members and channel.phase is Phase.OPEN:
        finish(core, channel, "lost", "the other node no longer has this channel")


def closed_from_afar(core: Core, peer: str, line: Line) -> None:
    """The other side ended a channel while there was no link."""
    channel = core.channels.get(line.group)
    if channel is not None and peer in channel.members and not channel.final:
        finish(core, channel, line.code or "closed", line.reason)
        drop_links(core, channel, drain=True)
