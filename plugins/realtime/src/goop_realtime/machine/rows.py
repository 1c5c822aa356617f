# SPDX-License-Identifier: MIT
"""The row of a channel: what ``GET /api/realtime/channels`` and the ``state`` frame tell of it."""

from __future__ import annotations

from goop_node.types import JsonValue
from goop_realtime.contexts.kinds import Kind
from goop_realtime.contexts.registry import Context
from goop_realtime.machine.channel import Channel, Phase
from goop_realtime.model.limits import SIGNAL_BYTES, NodeLimits
from goop_realtime.types import Limits


def channel_row(channel: Channel, now: int, own: NodeLimits) -> dict[str, JsonValue]:
    """The channel as ``GET /api/realtime/channels`` and the ``state`` frame tell it.

    ``own`` are the bounds of the node, within which those of the context hold.
    """
    limits = own.of(channel.context.type.limits)
    detail: dict[str, JsonValue] = {
        "final": channel.final or channel.closing,
        "suspended": channel.phase is Phase.OPEN and not (channel.linked or channel.closing),
        "peerPage": channel.other.page,
    }
    obstacle = channel.obstacle
    if obstacle is not None and not (channel.final or channel.closing):
        detail |= {"code": obstacle.code, "reason": obstacle.reason}
    if channel.close_code:
        detail["code"] = channel.close_code
    if channel.close_reason:
        detail["reason"] = channel.close_reason
    row: dict[str, JsonValue] = {
        "channelId": channel.id,
        "peerId": channel.other.peer,
        "peerLabel": channel.other.label,
        "context": channel.request.context,
        "version": channel.context.type.version,
        "app": channel.request.app,
        "params": channel.request.params,
        "opener": channel.request.opener,
        "state": channel.page_state,
        "detail": detail,
        "delivery": channel.delivery,
        "incoming": channel.phase is Phase.ASKED,
        "limits": {
            "messageBytes": limits.message_bytes,
            "signalBytes": SIGNAL_BYTES,
            "rate": limits.rate,
            "burst": limits.burst,
        },
    }
    row |= unordered(channel.context, limits)
    if channel.phase in (Phase.ASKED, Phase.ASKING) or channel.missed:
        row["title"] = channel.context.type.title
        row["page"] = channel.context.page
    if channel.phase in (Phase.ASKED, Phase.ASKING):
        row["expiresIn"] = max(0, channel.expires_at - now)
    if channel.phase is Phase.ASKING:
        row["reach"] = channel.other.reach or "sent"
    if channel.missed:
        row["missedAt"] = channel.asked_at
    return row


def unordered(context: Context, own: Limits) -> dict[str, JsonValue]:
    """The types of messages that are not ordered, for a row; nothing where there are none."""
    kinds = [kind for kind in context.kinds.values() if kind.delivery != "ordered"]
    return {"messages": {kind.name: _told(kind, own) for kind in kinds}} if kinds else {}


def _told(kind: Kind, own: Limits) -> JsonValue:
    size, rate, burst = kind.limits(own)
    limits: JsonValue = {"messageBytes": size, "rate": rate, "burst": burst}
    told: dict[str, JsonValue] = {"delivery": kind.delivery, "limits": limits}
    return told | {"key": kind.type.key} if kind.type.key else told
