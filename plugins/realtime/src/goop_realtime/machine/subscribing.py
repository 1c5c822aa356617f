# SPDX-License-Identifier: MIT
"""A page says which channels it follows, and how far it is: it goes on from there."""

from __future__ import annotations

from typing import Any

from goop_node.types import JsonValue
from goop_realtime.machine import (
    failures,
    fleeting,
    granting,
    incoming,
    missed,
    pages,
    pending,
    running,
    watching,
)
from goop_realtime.machine.channel import Channel, Phase
from goop_realtime.machine.core import Core
from goop_realtime.machine.pages import Page, View
from goop_realtime.machine.rights import UNKNOWN, Right
from goop_realtime.machine.sending import answer_pending
from goop_realtime.model.bounding import pair
from goop_realtime.types import Refusal


def subscribe(core: Core, page: Page, body: dict[str, Any]) -> None:
    """Follow channels (all of the page's template without ``channels``), and go on from there."""
    page.acks = page.acks or body.get("ack") is True
    page.outbox = page.outbox or body.get("outbox") is True
    if "retries" in body:
        page.retries = body["retries"] is True
        for view in page.views.values():
            view.hurried = 0
    if "running" in body:
        running.follow(page, body["running"])
    contexts = body.get("contexts")
    if isinstance(contexts, list):
        page.contexts = frozenset(name for name in contexts if isinstance(name, str))
    wanted = body.get("channels")
    if not isinstance(wanted, list):
        page.everything = True
        named = body.get("after")
        known = named if isinstance(named, dict) else {}
        # Of one that has ended meanwhile the page may still have messages to get.
        wanted = [one.id for one in core.channels.values() if not one.final or one.id in known]
    answer: dict[str, JsonValue] = {"type": "subscribed", "page": page.id, "self": core.me}
    if "since" in body:
        # What comes behind this frame is told from the start, what came before it is not.
        answer["since"] = body["since"]
    if "watch" in body:
        answer["watch"] = list[JsonValue](watching.watch(page, body["watch"]))
    pages.frame(core, page, answer)
    for channel_id in wanted[:1000]:
        channel = core.channels.get(channel_id) if isinstance(channel_id, str) else None
        refusal: Refusal | None = UNKNOWN
        if channel is not None and channel.phase is not Phase.ASKED:
            refusal = core.rights.refusal(page.caller, Right.USE, channel)
            if refusal is None:
                _follow(core, page, channel, body)
            elif refusal.code == "permission_needed":
                granting.tell_barred(core, page, channel, refusal)
        if refusal is not None and not page.everything:
            pages.frame(
                core,
                page,
                {
                    **refusal.more,
                    "type": "error",
                    "code": refusal.code,
                    "reason": refusal.reason,
                    "channel": str(channel_id)[:80],
                },
            )
    for channel in core.channels.values():
        if channel.phase is Phase.ASKED:
            incoming.tell_to(core, page, channel)
        else:
            missed.tell_to(core, page, channel)


def _follow(core: Core, page: Page, channel: Channel, body: dict[str, Any]) -> None:
    channel_id = channel.id
    view = pages.view_of(core, page, channel)
    view.barred = False
    handled = pair(_of(body, "handled", channel_id))
    after = pair(_of(body, "after", channel_id))
    if handled is not None and channel.log.knows(handled):
        failures.note(core, channel, handled[1], _of(body, "failed", channel_id))
        view.handled = max(view.handled, handled[1])
        pages.advance(core, channel, view.handled, "page")
    sent = None
    if _of(body, "since", channel_id) == "start" or body.get("since") == "start":
        sent = channel.log.start[1]
    elif after is not None and (after[1] < channel.log.start[1] or channel.log.knows(after)):
        sent = after[1]
    if sent is not None:
        _resume(core, channel, page, view, sent)
    pages.tell_state_to(core, page, channel)
    asked = _of(body, "pending", channel_id)
    for message_id in asked[:1000] if isinstance(asked, list) else ():
        if isinstance(message_id, str):
            answer_pending(core, channel, message_id)
    pages.pump(core, channel, page, view)
    fleeting.tell_all(core, channel, page)
    pending.tell(core, page, channel)
    pages.tell_peer_page(core, channel)


def _resume(core: Core, channel: Channel, page: Page, view: View, sent: int) -> None:
    """Go on behind ``sent``. What is in the page's hands up to there, it still has to ack."""
    view.sent = sent
    view.flight.clear()
    view.flight_bytes = 0
    if not page.acks:
        return
    for entry in channel.log.after(view.handled):
        if entry.seq > sent:
            return
        if entry.kind == "msg" and not pages.is_own(core, page, entry):
            view.flight.append((entry.seq, len(entry.raw)))
            view.flight_bytes += len(entry.raw)


def _of(body: dict[str, Any], key: str, channel_id: str) -> Any:
    value = body.get(key)
    return value.get(channel_id) if isinstance(value, dict) else None
