# SPDX-License-Identifier: MIT
"""What a caller finds: a channel by its id, all of its channels, what the trace says of them; and
the contexts that it may use."""

from __future__ import annotations

from goop_node.types import Caller, JsonValue
from goop_realtime.contexts.channel_session import ClosedSession
from goop_realtime.contexts.registry import schema_of
from goop_realtime.machine.channel import Channel, Phase
from goop_realtime.machine.core import Core
from goop_realtime.machine.rights import UNKNOWN, Right, hands_on, is_person
from goop_realtime.machine.rows import channel_row
from goop_realtime.machine.shown import Shown
from goop_realtime.types import Refusal

NOT_ACCEPTED = Refusal(code="not_connected", reason="the other side has not accepted yet")


def find(core: Core, channel_id: str, caller: Caller, right: Right) -> Channel | Refusal:
    """The channel, if the caller has that right. Aliases lead to the survivor."""
    channel = core.channels.get(channel_id)
    if channel is not None and channel.replaced_by:
        channel = survivor(core, channel)
    if channel is None:
        return UNKNOWN
    return core.rights.refusal(caller, right, channel) or channel


def survivor(core: Core, channel: Channel) -> Channel | None:
    """The channel itself, or the one that it has become; ``None`` where that is forgotten."""
    if channel.replaced_by and channel.final:
        return core.channels.get(channel.replaced_by)
    return channel


def shown(core: Core, channel_id: str, caller: Caller) -> Shown | Refusal:
    """The Session of a channel that both sides have agreed to, if the caller may use it."""
    channel = find(core, channel_id, caller, Right.USE)
    if isinstance(channel, Refusal):
        return channel
    if channel.obstacle is not None and channel.obstacle.here:
        return Refusal(code=channel.obstacle.code, reason=channel.obstacle.reason)
    if channel.phase not in (Phase.OPEN, Phase.CLOSED):
        return NOT_ACCEPTED
    if isinstance(channel.session, ClosedSession):
        return Refusal(code="closed", reason="the channel has ended, and its state is kept no more")
    return Shown(channel.id, channel.context, channel.session, list(channel.log.last))


def find_request(core: Core, channel_id: str, caller: Caller) -> Channel | Refusal:
    """The request of that id itself, if the caller may answer it."""
    channel = core.channels.get(channel_id)
    if channel is None:
        return UNKNOWN
    return core.rights.refusal(caller, Right.ANSWER, channel) or channel


def rows(core: Core, caller: Caller, now: int) -> list[dict[str, JsonValue]]:
    """The channels that the caller may see, and the requests that wait for its answer.

    Where a request can be handed on, its row says to which ``templates``.
    """
    found = []
    for channel in core.channels.values():
        if channel.hidden or (channel.replaced_by and channel.final):
            continue
        if not core.rights.allows(caller, Right.SEE, channel):
            continue
        row = channel_row(channel, now, core.limits)
        if (channel.phase is Phase.ASKED or channel.missed) and hands_on(caller):
            row["templates"] = core.rights.takers(channel)
        found.append(row)
    return found


def contexts(core: Core, caller: Caller) -> list[dict[str, JsonValue]]:
    """The contexts that the caller may use, with their schemas and limits.

    ``templates`` are those that may use each, for whoever may open any of them.
    """
    return [
        {
            "name": context.type.name,
            "version": context.type.version,
            "versions": [one.type.version for one in core.registry.versions(context.name)],
            "title": context.type.title,
            "page": context.page,
            "templates": core.rights.templates_of(caller, context.type.name),
            "hash": context.hash,
            "schemas": {name: schema_of(one) for name, one in context.type.messages.items()},
            "params": context.type.params,
            "limits": {
                "messageBytes": limits.message_bytes,
                "rate": limits.rate,
                "burst": limits.burst,
            },
        }
        for context in core.registry.all()
        for limits in [core.limits.of(context.type.limits)]
        if core.rights.uses(caller, context.type.name)
    ]


def trace(core: Core, caller: Caller, channel_id: str) -> list[dict[str, JsonValue]]:
    """The newest decisions, of all channels or one; for a page those on channels it may see."""
    found = core.trace.rows(channel_id)
    if is_person(caller):
        return found
    return [
        row
        for row in found
        if isinstance(find(core, row.get("channel", ""), caller, Right.SEE), Channel)
    ]
