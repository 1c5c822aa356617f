# SPDX-License-Identifier: MIT
"""Trimming logs, and the state at their beginning: what a node that has less begins from."""

from __future__ import annotations

from collections.abc import Sequence

from goop_node.types import JsonValue
from goop_realtime.contexts.channel_session import ChannelSession
from goop_realtime.contexts.registry import Context
from goop_realtime.machine import pages
from goop_realtime.machine.channel import Channel
from goop_realtime.machine.core import Core
from goop_realtime.model.effects import Entry, TrimLog
from goop_realtime.model.jsonio import decode, encode
from goop_realtime.model.limits import KEPT_BYTES, KEPT_ENTRIES, OUTBOX_BYTES, OUTBOX_MESSAGES
from goop_realtime.model.log import Position
from goop_realtime.types import Message, Refusal, Snapshot

SNAPSHOT_BYTES = 96 * 1024
"""The largest state that fits into the line of a welcome."""


def trim(core: Core, channel: Channel) -> None:
    """Forget what everybody has handled, but for the newest part, a batch at a time."""
    log = channel.log
    if channel.final or len(log) < channel.untrimmable or channel.barred:
        return  # what has ended does not grow, and need not have its Session any more
    if channel.contract is not None:
        return  # the Session's states are of another version than what is stored
    if len(log) < KEPT_ENTRIES * 2 and log.size <= 2 * KEPT_BYTES:
        return
    floor = min(channel.handled, channel.handled_by_all, channel.had_by_all)
    if log.size <= OUTBOX_BYTES:
        # A page of ours that is behind holds it back, but only so far.
        behind = pages.slowest(core, channel)
        floor = min(floor, max(behind, log.last[1] - OUTBOX_MESSAGES))
    upto = min(floor, log.last[1] - min(KEPT_ENTRIES, len(log) // 2))
    if upto <= log.start[1]:
        return
    state: JsonValue = None
    if not channel.session.keeps_nothing:
        found = _state_after(core, channel, upto)
        if isinstance(found, Refusal):
            core.note("plugin", found.code, channel.id, detail=f"cannot trim: {found.reason}")
            channel.untrimmable = 2 * len(log)  # each attempt runs over the whole log
            return
        state = found
    channel.untrimmable = 0
    _cut(core, channel, upto, state)


def _cut(core: Core, channel: Channel, upto: int, state: JsonValue) -> None:
    channel.log.trim(upto)
    channel.start_state = state
    core.out.append(TrimLog(channel.id, *channel.log.start, encode(state)))


def _state_after(core: Core, channel: Channel, upto: int) -> JsonValue | Refusal:
    """The state at the new beginning. A Session cannot be run backwards: a new one runs forwards.

    It runs on to the end of the log and becomes the channel's, so that a plugin that keeps
    the Session it opened last keeps the living one.
    """
    session = open_at(core, channel.context, channel, channel.log.start, channel.start_state)
    if isinstance(session, Refusal):
        return session
    entries = list(channel.log.after(channel.log.start[1]))
    judged = channel.judged
    refusal = fold(session, [entry for entry in entries if entry.seq <= upto], judged)
    if refusal is not None:
        return refusal
    state = session.snapshot()
    if isinstance(state, Refusal):
        return state
    refusal = fold(session, [entry for entry in entries if entry.seq > upto], judged)
    if refusal is not None:
        return refusal
    channel.session = session
    return state


def open_at(
    core: Core, context: Context, channel: Channel, start: Position, state: JsonValue
) -> ChannelSession | Refusal:
    """The channel's Session by ``context``, as it was after the entry ``start`` of its log."""
    snapshot = Snapshot(epoch=start[0], seq=start[1], state=state) if start[1] else None
    return core.open_session(context, channel.request, snapshot)


def fold(session: ChannelSession, entries: Sequence[Entry], judged: int) -> Refusal | None:
    """Run ``session`` over entries that were ordered; why it refused, if it did.

    What another version has ``judged``, up to that entry, is not judged again.
    """
    for entry in entries:
        if entry.kind != "msg":
            continue
        data = decode(entry.raw)
        message = Message(sender=entry.author, data=data, id=entry.id, sent_at_ms=entry.at)
        refusal = session.check(message) if entry.seq > judged else None
        refusal = refusal or session.apply(message)
        if refusal is not None:
            return refusal
    return None


def begin_at(core: Core, channel: Channel, at: Position, state: JsonValue) -> Refusal | None:
    """Guest: the host's log begins behind ours; go on from its state there, or why that fails."""
    session = open_at(core, channel.context, channel, at, state)
    if isinstance(session, Refusal):
        return session
    channel.session = session
    channel.start_state = state
    channel.log.restart(at)
    core.out.append(TrimLog(channel.id, *at, encode(state)))
    return None
