# SPDX-License-Identifier: MIT
"""The row of a channel: what ``GET /api/realtime/channels`` and the ``state`` frame tell of it."""

from __future__ import annotations

from goop_node.types import JsonValue
from goop_realtime.machine.channel import Channel, Phase
from goop_realtime.model.limits import SIGNAL_BYTES, NodeLimits


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
