# SPDX-License-Identifier: MIT
"""What a page hears of its own messages: how far each is, or that it was refused."""

from __future__ import annotations

from typing import Any

from goop_node.types import JsonValue, Refusal
from goop_realtime.machine.channel import BEST_EFFORT, Channel
from goop_realtime.machine.core import Core
from goop_realtime.machine.pages import frame, listeners
from goop_realtime.model.message_ids import parsed


def receipt(core: Core, message_id: str, channel: Channel, stage: str, **more: Any) -> None:
    """Tell the page that sent a message how far it is."""
    if stage == "delivered" and channel.delivery == BEST_EFFORT:
        return  # It was written to the peer: nobody has confirmed anything.
    page = core.pages.get(parsed(message_id).page)
    if page is not None and page.acks:
        core.receipts[stage] += 1
        frame(
            core,
            page,
            {"type": "receipt", "channel": channel.id, "id": message_id, "stage": stage, **more},
        )


def handled(core: Core, message_id: str, channel: Channel, number: int, **more: Any) -> None:
    """Tell it that everybody's pages are done with its entry ``number``, and if one failed on it.

    Where a page of somebody was only written to, nobody knows.
    """
    failed = False
    for member in channel.members.values():
        if number <= member.written:
            receipt(core, message_id, channel, "unsupported", **more)
            return
        failed = failed or number in member.failures
    if failed:
        more["failed"] = True
    receipt(core, message_id, channel, "handled", **more)


def tell_refused(core: Core, channel: Channel, message_id: str, refusal: Refusal) -> None:
    """A page's message was applied nowhere. Where the page is gone, its other tabs hear it."""
    body: dict[str, JsonValue] = {
        "channel": channel.id,
        "id": message_id,
        "code": refusal.code,
        "reason": refusal.reason,
        "pointer": refusal.pointer,
    }
    author = core.pages.get(parsed(message_id).page)
    if author is not None and author.connected:
        frame(core, author, {"type": "refused", **body})
        return
    for page in listeners(core, channel):
        frame(core, page, {"type": "error", **body})
