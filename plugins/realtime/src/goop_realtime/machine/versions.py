# SPDX-License-Identifier: MIT
"""Versions of a context, at the two nodes of a channel and from one start to the next.

Nodes of the same major version take part together. The host orders nothing that a member has no
type for, so that every log can be folded by all. A log is folded on from the state that an older
version has left, as ``ContextType.upgrade`` has it. To another major version go both nodes or none:
until they are there together, what is stored stays with the older one, to which one may return.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from goop_node.types import JsonValue
from goop_node.versions import version_of
from goop_realtime.contexts import plugin_code
from goop_realtime.contexts.channel_session import ChannelSession
from goop_realtime.contexts.registry import Context
from goop_realtime.machine import trimming
from goop_realtime.machine.channel import Channel, Phase
from goop_realtime.machine.core import Core
from goop_realtime.machine.member import Member
from goop_realtime.model.contract import Contract, Offer
from goop_realtime.model.effects import Entry, TrimLog
from goop_realtime.model.jsonio import decode, encode
from goop_realtime.model.obstacles import MISMATCH
from goop_realtime.model.wire import MAX_VERSION, Invite, Join, Welcome
from goop_realtime.types import Refusal


def told(context: Context) -> dict[str, JsonValue]:
    """What our node has of a context, for an ``invite``, ``join`` or ``welcome``."""
    if not context.hash:
        return {}
    return {
        "version": context.type.version[:MAX_VERSION],
        "hash": context.hash,
        "types": sorted(context.messages),
    }


def smaller(context: Context, said: Invite | Join) -> str:
    """The smaller one of our version and theirs; ``""`` where they know no versions."""
    theirs = version_of(said.version)
    return "" if said.types is None or theirs is None else str(min(theirs, context.version))


def agree(core: Core, channel: Channel, version: str) -> Refusal | None:
    """Both have agreed to the channel, and go by that version; why its Session refuses that."""
    if channel.request.version == version:
        return None
    request = replace(channel.request, version=version)
    session = core.open_session(channel.context, request, None)
    if isinstance(session, Refusal):
        return session
    channel.request, channel.session = request, session
    return None


def heard(member: Member, said: Join | Welcome) -> None:
    """A member's node has said what it has of the context."""
    member.version, member.hash = said.version, said.hash or ""
    member.types = None if said.types is None else frozenset(said.types)
    member.judged = said.judged if isinstance(said, Welcome) else 0


def differs(channel: Channel, entry: Entry) -> bool:
    """Whether the host has ordered ``entry`` by another version than ours, as far as it said."""
    host, context = channel.members[channel.host], channel.context
    ours = (context.type.version[:MAX_VERSION], context.hash)
    return entry.seq <= host.judged or (host.hash != "" and (host.version, host.hash) != ours)


def unknown_there(channel: Channel, data: JsonValue) -> Refusal | None:
    """Why a message may not be said: a member's version has no such type."""
    kind = data.get("type") if isinstance(data, dict) else None
    for member in channel.members.values():
        if member.types is not None and channel.context.hash and kind not in member.types:
            return Refusal(
                code="unknown_type_there",
                reason=f"{member.label} has {channel.context.name} {member.version}, which has no "
                f"message {str(kind)[:40]!r}; it takes a newer version there",
                pointer="/type",
            )
    return None


# States


def upgraded(
    core: Core, channel_id: str, context: Context, state: JsonValue, since: Contract | Welcome
) -> JsonValue | Refusal:
    """A state that another version has left, in the form of ``context``; of a room, too."""
    was, mine, upgrade = since.version, context.type.version, context.type.upgrade
    theirs = version_of(was)
    if was == mine or state is None:
        return state
    if theirs is not None and theirs > context.version:
        if theirs.major == context.version.major and not since.reshaped:
            return state
        reason = f"its state is of {context.name} {was}, which {mine} cannot read"
        return Refusal(code=MISMATCH, reason=reason)
    if upgrade is None:
        return state
    return plugin_code.upgraded(context, channel_id, state, was, core.plugin_failed)


class Refolded(NamedTuple):
    """A log as a version of its context has it: the Session behind all of it, the ``state`` at its
    beginning, and up to which entry other versions have judged it."""

    session: ChannelSession
    state: JsonValue
    judged: int


def refolded(
    core: Core, channel: Channel, context: Context, since: Contract, entries: Sequence[Entry]
) -> Refolded | Refusal:
    """The channel's log by ``context``, where it went by ``since`` before; why that cannot be."""
    state = upgraded(core, channel.id, context, channel.start_state, since)
    if isinstance(state, Refusal):
        return state
    judged, theirs = since.judged, version_of(since.version)
    if theirs is not None and theirs > context.version:
        unknown = _unknown(context, entries)
        if unknown is not None:
            return unknown
        judged = 0
    elif since.version != context.type.version:
        judged = channel.log.last[1]
    session = trimming.open_at(core, context, channel, channel.log.start, state)
    if isinstance(session, Refusal):
        return session
    return trimming.fold(session, entries, judged) or Refolded(session, state, judged)


def take_over(
    core: Core,
    channel: Channel,
    context: Context,
    since: Contract,
    entries: Sequence[Entry],
    *,
    for_good: bool = True,
) -> Refusal | None:
    """Go on by ``context`` with what is stored, which went by ``since``; why that cannot be.

    ``for_good``: the state at the log's beginning is stored anew in the same step. Else what is
    stored stays with ``since`` until ``settle``.
    """
    found = refolded(core, channel, context, since, entries)
    if isinstance(found, Refusal):
        return found
    channel.context, channel.session, channel.judged = context, found.session, found.judged
    channel.contract = None if for_good else since
    if for_good and found.state != channel.start_state:
        channel.start_state = found.state
        core.out.append(TrimLog(channel.id, *channel.log.start, encode(found.state)))
    if channel.goes_by != since:
        core.save(channel)
    return None


def is_for_good(channel: Channel, context: Context, since: Contract) -> bool:
    """Whether this node goes on by ``context`` whatever the other has: where ``since`` is of the
    same major version, or nothing is agreed yet."""
    was = version_of(since.version)
    agreed = channel.phase in (Phase.JOINING, Phase.OPEN)
    return not agreed or was is None or was.major == context.version.major


def settle(core: Core, channel: Channel) -> Refusal | None:
    """Both are there by the same major version: what is stored goes by it from now on."""
    if channel.contract is None:
        return None
    entries = list(channel.log.after(channel.log.start[1]))
    return take_over(core, channel, channel.context, channel.contract, entries)


def _unknown(context: Context, entries: Sequence[Entry]) -> Refusal | None:
    """Why an older version cannot read what a newer one has ordered."""
    for entry in entries:
        if entry.kind == "msg" and context.messages:
            refusal = context.check_message(decode(entry.raw))
            if refusal is not None:
                return refusal
    return None


def suit(core: Core, channel: Channel, said: Offer) -> bool:
    """The other node goes by another major version: do so, too, where this node can.

    That is a newer one that takes the state over, or the one that what is stored goes by still.
    """
    if not channel.context.hash or said.types is None:
        return False
    since = channel.goes_by
    was = version_of(since.version)
    for context in core.contexts_of(channel.request.context):
        newer = context.version > channel.context.version and context.type.upgrade is not None
        back = was is not None and was.major == context.version.major
        if context is not channel.context and context.goes_with(said) and (newer or back):
            entries = list(channel.log.after(channel.log.start[1]))
            for_good = is_for_good(channel, context, since)
            refusal = take_over(core, channel, context, since, entries, for_good=for_good)
            if refusal is not None:
                core.note("plugin", refusal.code, channel.id, detail=refusal.reason)
            return refusal is None
    return False
