# SPDX-License-Identifier: MIT
"""What pages said and is still on its way: accepted by this node, and without a place in the log.

That is the outbox without the close, which travels as a state. A host orders at once: its own
messages wait only until the other node has joined again, or what stands in the way is gone.
"""

from __future__ import annotations

from goop_node.problems import Problem
from goop_node.types import JsonValue
from goop_realtime.machine import pages
from goop_realtime.machine.channel import Channel
from goop_realtime.machine.containment import Contained
from goop_realtime.machine.core import Core
from goop_realtime.machine.history import MAX_BYTES, MAX_ENTRIES
from goop_realtime.machine.pages import Page
from goop_realtime.model.effects import DropOutgoing, Outgoing, SaveOutgoing
from goop_realtime.model.jsonio import decode


def pending(channel: Channel) -> list[Outgoing]:
    """The messages on their way, in their order."""
    return [outgoing for outgoing in channel.outbox.values() if outgoing.kind == "msg"]


def pending_page(channel: Channel, after: str, limit: int) -> dict[str, JsonValue]:
    """The messages on their way behind the one with the id ``after``, at most ``limit`` of them.

    ``{messages: [{data, id, sentAt}], next}``: ``next`` is the ``after`` of the following portion,
    ``None`` at the end. What is not there any more has its place, and everything before it: then
    the portion is the first one. Raises ``Problem``.
    """
    if not 1 <= limit <= MAX_ENTRIES:
        raise Problem(400, "bad_request", f"limit: expected 1 to {MAX_ENTRIES}", "/limit")
    waiting = pending(channel)
    begin = next((n + 1 for n, outgoing in enumerate(waiting) if outgoing.id == after), 0)
    messages: list[JsonValue] = []
    size = 0
    upto: JsonValue = None
    for outgoing in waiting[begin:]:
        if len(messages) == limit or (messages and size + len(outgoing.raw) > MAX_BYTES):
            break
        size += len(outgoing.raw)
        upto = None if outgoing is waiting[-1] else outgoing.id
        messages.append({"data": decode(outgoing.raw), "id": outgoing.id, "sentAt": outgoing.at})
    return {"messages": messages, "next": upto}


def tell_changed(core: Core) -> None:
    """Tell the pages that follow it of every channel whose outbox this step has changed.

    Nothing comes into an outbox or leaves it without a record: the records are what is looked at.
    """
    if not core.out or not any(page.outbox for page in core.pages.values()):
        return
    kinds = (SaveOutgoing, DropOutgoing)
    changed = dict.fromkeys(effect.channel for effect in core.out if isinstance(effect, kinds))
    for channel_id in changed:
        channel = core.channels.get(channel_id)
        if channel is not None:
            with Contained(core, channel_id):
                for page in pages.listeners(core, channel):
                    tell(core, page, channel)


def tell(core: Core, page: Page, channel: Channel) -> None:
    """Tell a page that wants to know it how many messages are on their way."""
    if page.outbox:
        count = len(pending(channel))
        pages.frame(core, page, {"type": "pending", "channel": channel.id, "count": count})
