# SPDX-License-Identifier: MIT
"""Invitations: what those sent and those received have in common.

No frame of a channel flows before both sides agreed. The opener is the host and arbitrates: a
join before its expiry wins. Of two crossing requests with the same context that of the smaller
peer id survives.
"""

from __future__ import annotations

from goop_realtime.contexts.registry import Context
from goop_realtime.machine.channel import Channel, Phase
from goop_realtime.machine.core import Core
from goop_realtime.machine.member import Member
from goop_realtime.types import OpenRequest, Refusal

DEFAULT_TIMEOUT_MS = 60_000
INITIAL_STATE_BYTES = 32 * 1024
"""The largest state that a channel may start from."""


def too_many(core: Core, peer: str, phase: Phase) -> Refusal | None:
    """Why there is no room for one more request in ``phase`` with that peer."""
    limits = core.limits
    theirs = phase is Phase.ASKED
    mine = [channel for channel in core.with_peer(peer) if not channel.final]
    if sum(channel.phase is phase for channel in mine) >= limits.requests_per_peer:
        return Refusal(code="busy", reason="too many open requests with that peer")
    if sum(theirs or channel.phase is not Phase.ASKED for channel in mine) >= (
        limits.channels_per_peer
    ):
        return Refusal(code="busy", reason="too many channels with that peer")
    living = [channel for channel in core.channels.values() if not channel.final]
    asked = sum(channel.phase is Phase.ASKED for channel in living)
    known = core.is_friend(peer) or core.agreed_with(peer)
    if theirs and asked >= limits.channels // 4 and not known:
        return Refusal(code="busy", reason="too many requests wait for an answer")
    if not theirs and len(living) - asked >= limits.channels:
        return Refusal(code="busy", reason="too many channels")
    return None


def begin(core: Core, context: Context, asked: OpenRequest) -> Channel | Refusal:
    """The channel that an invitation is about, if the plugins let it open. It has no timeout yet.

    Who opened it hosts it. It is in no book of ``core``: that is the caller's.
    """
    refusal = core.authorize(asked)
    if refusal is not None:
        return refusal
    session = core.open_session(context, asked, None)
    if isinstance(session, Refusal):
        return session
    hosted = asked.opener == core.me
    others = [peer for peer in asked.peers if peer != core.me]
    return Channel(
        me=core.me,
        host=asked.opener,
        members={peer: Member(peer, core.label_of(peer)) for peer in others},
        request=asked,
        context=context,
        session=session,
        owner=None,
        phase=Phase.ASKING if hosted else Phase.ASKED,
        expires_at=core.now,
        epoch=core.epoch if hosted else 0,
        first_epoch=core.epoch if hosted else 0,
    )
