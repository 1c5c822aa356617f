# SPDX-License-Identifier: MIT
"""Joining: a guest opens a stream to its host and says what it has, the host welcomes it.

A membership belongs to an authenticated stream. A newer stream of the same guest replaces the
older one in one step, and the older one's end is ignored.
"""

from __future__ import annotations

from goop_node.types import JsonValue
from goop_realtime.contexts.channel_session import PluginFailure
from goop_realtime.machine import (
    failures,
    fleeting,
    glare,
    guest_side,
    host_side,
    ordering,
    pages,
    suspension,
    tails,
    trimming,
    versions,
)
from goop_realtime.machine.channel import Channel, Phase
from goop_realtime.machine.core import Core
from goop_realtime.machine.ending import RETRY_MS, drop_link, drop_links, end, finish
from goop_realtime.machine.link import Link
from goop_realtime.machine.member import Member
from goop_realtime.model.effects import Changed, CloseLink, OpenLink, SendLine
from goop_realtime.model.jsonio import encode
from goop_realtime.model.obstacles import MISMATCH
from goop_realtime.model.wire import Join, Line, Tail, Welcome, raw, serialise
from goop_realtime.types import Refusal

RETRY_MAX_MS = 10_000
RETRY_APART_MS = 100
"""Of many hosts that cannot be reached, so often one is tried; each at least once a minute."""


def rejoin(core: Core, channel: Channel) -> None:
    """Guest: open a stream to the host, unless one is open or being opened, or we cannot join."""
    if channel.hosted:
        return
    host = channel.members[channel.host]
    if channel.barred:
        suspension.say(core, channel)
    elif host.link is None and not host.opening:
        host.opening = True
        core.out.append(OpenLink(channel.id, host.peer))


def failed(core: Core, channel_id: str, code: str) -> None:
    """No stream to the host: try again later, with jitter."""
    channel = core.channels.get(channel_id)
    if channel is None or channel.hosted:
        return
    host = channel.members[channel.host]
    host.opening = False
    host.retries += 1
    most = max(RETRY_MAX_MS, RETRY_APART_MS * sum(map(_seeks, core.channels.values())))
    wait = min(most, RETRY_MS * 2 ** min(host.retries, 8))
    host.retry_at = core.now + int(wait * (0.5 + core.random.random() / 2))
    core.note("link", code, channel.id, detail="joining the host failed")


def _seeks(channel: Channel) -> bool:
    """Whether it is a guest's that has no link."""
    return not (channel.final or channel.hosted or channel.links)


def opened(core: Core, channel_id: str, link: int) -> None:
    """Our stream to a host is open: join. Also with a closed log, so that the host has its end."""
    channel = core.channels.get(channel_id)
    host = None if channel is None else channel.members.get(channel.host)
    if host is not None:
        host.opening = False
    over = channel is not None and channel.final and not channel.closed_by_log
    if channel is None or host is None or channel.barred or over or host.link is not None:
        core.out.append(CloseLink(link, drain=False, channel=channel_id))
        return
    joined = _attach(core, channel, host, link)
    payload: dict[str, JsonValue] = {
        "have": list(channel.log.last) if channel.log.last[1] else None,
        **_handled(channel),
        "page": pages.page_presence(core, channel),
        **versions.told(channel.context),
    }
    instead = glare.instead_of(core, channel)
    if instead:
        payload["instead"] = instead
    line = Line(type="join", group=channel.id, epoch=channel.epoch, payload=raw(payload))
    core.write(joined, line)


def join(core: Core, link: int, peer: str, line: Line) -> None:
    """A stream's first line: a guest joins a channel that we host."""
    channel = core.channels.get(line.group)
    # A guest from before this channel was asked for is a member of one that is lost with our
    # disk, and had the same id: that it joins again accepts nothing.
    older = channel is not None and 0 < line.epoch < channel.first_epoch
    guest = None if channel is None or not channel.hosted else channel.members.get(peer)
    if channel is None or guest is None or older:
        # The same answer to a stranger and for an unknown id: nothing can be probed.
        core.note("link", "not_found", line.group, detail=f"join by {peer}")
        _turn_away(core, link, Line(type="close", group=line.group, code="not_found"))
        return
    if channel.phase is Phase.ASKING and core.now > channel.expires_at:
        finish(core, channel, "timeout")
    if channel.final and not channel.closed_by_log:
        # It did not end by its log, so there is no last entry to be had.
        _turn_away(core, link, suspension.ended(channel))
        return
    said = line.told(Join)
    if glare.yields(core, channel, said.instead):
        # We join the other one; it hears there that this one is over, and joins again if not.
        core.out.append(CloseLink(link, drain=False, channel=channel.id))
        return
    if guest.link is not None:
        drop_link(core, guest.link, drain=False)
    if not channel.final and suspension.turned_away(core, channel, peer, link, said):
        return
    joined = _attach(core, channel, guest, link)
    have = said.have or (0, 0)
    if have[1] > channel.log.last[1]:
        if not channel.restored:
            _lose(core, channel, f"the guest claims {have}, which this node never ordered")
            return
        # The guest has more than we do: a power cut took our newest entries. It gives them back.
        epoch, seq = channel.log.last
        core.write(joined, Line(type="pull", group=channel.id, epoch=epoch, seq=seq))
        joined.pulling = True
        return
    if not channel.log.knows(have) and have[1] > channel.log.start[1]:
        _lose(core, channel, f"the guest has {have}, which is not in the log")
        return
    _welcome(core, joined, have, said)


def _turn_away(core: Core, link: int, line: Line) -> None:
    core.out.append(SendLine(link, serialise(line), line.group))
    core.out.append(CloseLink(link, channel=line.group))


def _attach(core: Core, channel: Channel, member: Member, number: int) -> Link:
    now, told = core.now, (channel.log.last[1], channel.handled)
    link = Link(number, channel, member, now, now, now, *told)
    member.link = core.links[number] = link
    channel.resting = False
    member.retries = 0
    return link


def _lose(core: Core, channel: Channel, why: str) -> None:
    end(core, channel, "lost", why)
    drop_links(core, channel, drain=True)


def _welcome(core: Core, link: Link, have: tuple[int, int], said: Join) -> None:
    """Answer a join: what we have, then every entry that the guest lacks."""
    channel, guest = link.channel, link.member
    was = channel.phase
    if was is Phase.ASKING and channel.context.hash:
        refusal = versions.agree(core, channel, versions.smaller(channel.context, said))
        if refusal is not None:
            _lose(core, channel, refusal.reason)
            return
    payload: dict[str, JsonValue] = {
        "last": list(channel.log.last),
        **_handled(channel),
        "page": pages.page_presence(core, channel),
        **versions.told(channel.context),
    }
    if channel.request.version:
        payload["agreed"] = channel.request.version
    if channel.judged:
        payload["judged"] = channel.judged
    if have[1] < channel.log.start[1]:
        if len(encode(channel.start_state)) > trimming.SNAPSHOT_BYTES:
            _lose(core, channel, "the log does not reach back, and its state fits into no line")
            return
        payload["snapshot"] = {"at": list(channel.log.start), "state": channel.start_state}
        if channel.context.type.upgrade is not None:
            payload["reshaped"] = True
    channel.restored = False
    suspension.lift(core, channel)
    link.page_told = str(payload["page"])
    link.acked_page = channel.handled
    guest.has = have[1]  # a guest that has lost commits has less than it once said
    link.sent = max(have[1], channel.log.start[1])
    link.page = said.page
    core.write(
        link,
        Line(type="welcome", group=channel.id, epoch=channel.epoch, payload=raw(payload)),
    )
    if have[1]:
        ordering.acknowledged(core, channel, guest, "node", have)
    _handled_there(core, channel, guest, said, have[1])
    if not channel.final:
        channel.phase = Phase.OPEN
        guest.suspended_at = None
        if was is not Phase.OPEN or channel.held:
            core.save(channel)
        pages.tell_state(core, channel)
        core.out.append(Changed(channel.id))
        if was is not Phase.OPEN:
            glare.settle(core, channel, said.instead)
    fleeting.linked(core, link)
    host_side.distribute(core, channel)
    if channel.held and not channel.final:
        host_side.order_held(core, channel)


def welcomed(core: Core, link: Link, line: Line) -> None:
    """Guest: the host has answered our join."""
    channel, host = link.channel, link.member
    core.heard.add(channel.id)
    if channel.final:
        link.acked_node = 0
        return
    said = line.told(Welcome)
    if suspension.differs(core, link, said):
        return
    suspension.lift(core, channel)
    link.welcomed = True
    channel.epoch = max(channel.epoch, line.epoch)
    link.page = said.page
    link.page_told = ""
    link.acked_node = link.acked_page = 0
    was = channel.phase
    refusal = versions.agree(core, channel, said.agreed) if was is not Phase.OPEN else None
    if isinstance(refusal, PluginFailure):
        suspension.fail(core, channel, refusal)
        return
    if refusal is not None:
        _lose(core, channel, refusal.reason)
        return
    channel.phase = Phase.OPEN
    host.suspended_at = None
    snapshot = said.snapshot
    if snapshot is not None and snapshot.at[1] > channel.log.last[1]:
        if not core.may_lack:
            # A host forgets what its guest has; only who has lost that needs a state instead.
            guest_side.diverged(core, channel, "the host's log begins behind ours, which is whole")
            return
        state = versions.upgraded(core, channel.id, channel.context, snapshot.state, said)
        if isinstance(state, Refusal):
            refusal = state
        else:
            refusal = trimming.begin_at(core, channel, snapshot.at, state)
        if isinstance(refusal, PluginFailure):
            suspension.fail(core, channel, refusal)
            return
        if refusal is not None and refusal.code == MISMATCH:
            suspension.disagree(core, channel, refusal)
            return
        if refusal is not None:
            guest_side.diverged(core, channel, "the context cannot go on from the host's state")
            return
    if was is not Phase.OPEN:
        core.save(channel)
    host.ahead = _handled_there(core, channel, host, said, channel.log.last[1])
    pages.tell_state(core, channel)
    core.out.append(Changed(channel.id))
    if was is not Phase.OPEN:
        glare.settle(core, channel)
    pages.tell_peer_page(core, channel)
    fleeting.linked(core, link)
    guest_side.send_outbox(core, channel)


def given_back(core: Core, link: Link, line: Line) -> None:
    """An entry of ours that the guest gives back; an empty one ends the list."""
    channel = link.channel
    if not link.pulling:
        return
    if line.bare:
        link.pulling = False
        _welcome(core, link, channel.log.last, Join())
    elif not tails.take_back(core, channel, line.told(Tail)):
        _lose(core, channel, "the guest's entries do not follow ours")


def _handled(channel: Channel) -> dict[str, JsonValue]:
    """How far our pages are, for a ``join`` or ``welcome``."""
    said: dict[str, JsonValue] = {"handled": channel.handled}
    if channel.failures:
        said["failed"] = list(channel.failures)
    if channel.handled_stage != "page":
        said["stage"] = channel.handled_stage
    return said


def _handled_there(
    core: Core, channel: Channel, member: Member, said: Join | Welcome, bound: int
) -> tuple[int, str]:
    """How far a member's pages are, from its ``join`` or ``welcome``: what, and how."""
    stage = said.stage or "page"
    failures.told(core, channel, member, said.failed)
    entry = channel.log.get(min(said.handled, bound))
    if entry is not None:
        ordering.acknowledged(core, channel, member, stage, entry.position)
    return said.handled, stage
