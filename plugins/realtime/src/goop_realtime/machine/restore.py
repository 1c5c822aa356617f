# SPDX-License-Identifier: MIT
"""Rebuilding the channels from the journal at a start."""

from __future__ import annotations

from collections.abc import Mapping

from goop_realtime.contexts.channel_session import ClosedSession
from goop_realtime.contexts.registry import PLAIN, Context
from goop_realtime.machine import suspension, versions
from goop_realtime.machine.channel import Channel, Phase
from goop_realtime.machine.core import Core
from goop_realtime.machine.ending import FAILED, finish
from goop_realtime.machine.member import Member
from goop_realtime.model import obstacles
from goop_realtime.model.contract import Contract
from goop_realtime.model.effects import DropOutgoing, Outcome
from goop_realtime.model.log import Log
from goop_realtime.model.obstacles import Obstacle
from goop_realtime.model.stored import Stored
from goop_realtime.types import OpenRequest


def restore(core: Core, stored: Mapping[str, Stored]) -> None:
    """Bring every channel back as the journal has it; their links come by themselves.

    One whose context is not served here now, or whose log does not fold, waits with what is
    stored as it is. A request that nobody has agreed to ends, with the reason.
    """
    for channel_id, kept in stored.items():
        if core.me not in kept.row.peers:
            core.note("node", "another_identity", channel_id, detail="it is of another peer id")
            continue
        channel = _channel(core, channel_id, kept)
        core.channels[channel_id] = channel
        if channel.final:
            core.crowded.update(channel.members)
            channel.contract = kept.row.contract  # its log stays as that has left it
        try:
            _fill(core, channel, kept)
            if not channel.final:
                _go_on(core, channel, kept, _fold(core, channel, kept))
        except Exception as error:
            finish(core, channel, FAILED, f"its log cannot be read: {error!r}"[:300])


def _go_on(core: Core, channel: Channel, kept: Stored, obstacle: Obstacle | None) -> None:
    """Go on where it was, or wait, with what is stored as it is, for what stands in the way."""
    before = kept.row.obstacle
    if obstacle is None:
        channel.obstacle = None if before is None or before.here else before
        if before is not None and before.here and channel.phase is Phase.OPEN:
            for member in channel.members.values():
                member.suspended_at = core.now  # what went by meanwhile says nothing of the peer
            core.save(channel)
        return
    if channel.phase in (Phase.ASKING, Phase.ASKED):
        finish(core, channel, obstacle.code, obstacle.said)
        return
    channel.contract = kept.row.contract
    if before is not None and before.here:
        channel.obstacle = before  # since then
    suspension.meet(core, channel, obstacle)
    for member in channel.members.values():
        member.retry_at = core.now


def _channel(core: Core, channel_id: str, kept: Stored) -> Channel:
    row = kept.row
    request = OpenRequest(
        channel=channel_id,
        context=row.context,
        opener=row.opener,
        peers=row.peers,
        params=row.params,
        initial_state=row.initial_state,
        app=row.app,
        version=row.version,
    )
    context: Context | None = PLAIN
    if request.context:
        context = core.registry.going_on(request.context, row.contract)
    if context is None:
        context = core.registry.miss(row.contract or Contract(name=request.context))
    phase = Phase(row.phase)
    hosted = row.host == core.me
    others = [peer for peer in row.peers if peer != core.me]
    channel = Channel(
        me=core.me,
        host=row.host,
        members={peer: _member(core, peer, phase, kept) for peer in others},
        request=request,
        context=context,
        session=ClosedSession(request, core.plugin_failed),
        owner=row.owner,
        phase=phase,
        expires_at=row.expires_at,
        epoch=core.epoch if hosted else row.epoch,
        first_epoch=row.first_epoch,
        log=Log(kept.start),
        start_state=kept.snapshot,
        close_code=row.close_code,
        close_reason=row.close_reason,
        closed_at=row.closed_at,
        replaced_by=row.replaced_by,
        fresh=row.fresh,
        asked_at=row.asked_at,
        missed=row.missed,
        delivery=row.delivery,
        restored=hosted,
    )
    channel.failures.extend(row.failures)
    channel.held = channel.hosted and phase is Phase.OPEN
    return channel


def _member(core: Core, peer: str, phase: Phase, kept: Stored) -> Member:
    row = kept.members.get(peer)
    member = Member(peer, core.label_of(peer) if row is None else row.label)
    if row is not None:
        member.suspended_at, member.close_acked = row.suspended_at, row.close_acked
        member.failures.extend(row.failures)
    if phase is Phase.OPEN and member.suspended_at is None:
        member.suspended_at = core.now
    return member


def _fill(core: Core, channel: Channel, kept: Stored) -> None:
    """Fill the log, the outbox and the cursors."""
    for author, message_id, outcome in kept.outcomes:
        channel.remember(author, message_id, outcome)
    for entry in kept.entries:
        channel.log.append(entry)
        channel.remember(entry.author, entry.id, Outcome(epoch=entry.epoch, seq=entry.seq))
    last = channel.log.last[1]
    start = kept.start[1]
    everybody: dict[str, Channel | Member] = {core.me: channel, **channel.members}
    for peer, one in everybody.items():
        one.handled = min(max(kept.cursors.get((peer, "handled"), 0), start), last)
        one.written = kept.cursors.get((peer, "written"), 0)
    for member in channel.members.values():
        member.has = member.handled
    channel.handed_out = last
    for outgoing in kept.outbox:
        if outgoing.id in channel.outcomes:
            # Of a damaged file both were saved: it has its place, or was refused.
            core.out.append(DropOutgoing(channel.id, outgoing.id))
            continue
        channel.put_out(outgoing)
        if outgoing.kind == "close":
            channel.closing = True
            channel.close_code = "closed"
    for entry in channel.log.after(channel.handled_by_all):
        if entry.author == core.me:
            channel.unhandled.append((entry.seq, len(entry.raw)))
            channel.unhandled_bytes += len(entry.raw)
            channel.unfinished.append((entry.seq, entry.id))


def _fold(core: Core, channel: Channel, kept: Stored) -> Obstacle | None:
    """Run the Session over the log; what stands in the way, if that cannot be."""
    context, me = channel.context, core.label_of(core.me)
    if not context.served:
        served = [one.type.version for one in core.contexts_of(channel.request.context)]
        if not served:
            return obstacles.here(obstacles.MISSING, context.name, me)
        why = f"it goes by {context.type.version}, and there is {' and '.join(served)} now"
        return obstacles.here(obstacles.MISMATCH, context.name, me, why)
    since = kept.row.contract or context.contract
    for_good = versions.is_for_good(channel, context, since)
    refusal = versions.take_over(core, channel, context, since, kept.entries, for_good=for_good)
    return None if refusal is None else suspension.unfolded(core, channel, refusal)
