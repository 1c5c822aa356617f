# SPDX-License-Identifier: MIT
"""Frames from pages. What is refused of one is told by a frame in its turn.

That is: behind everything the page was told before, and behind the commit that it rests on.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from goop_node.types import JsonValue
from goop_realtime.machine import calls, failures, lookup, pages, showing, subscribing
from goop_realtime.machine.containment import REFUSAL
from goop_realtime.machine.core import Core
from goop_realtime.machine.pages import Page
from goop_realtime.model.bounding import pair
from goop_realtime.model.effects import Frame
from goop_realtime.model.jsonio import encode
from goop_realtime.types import Refusal

NO_DATA = Refusal(code="bad_request", reason='"data" is missing')


def received(core: Core, page: Page, body: Any) -> None:
    """A frame of a page, as decoded JSON of any form."""
    kind = body.get("type") if isinstance(body, dict) else None
    handler = _FRAMES.get(kind) if isinstance(kind, str) else None
    if handler is None:
        refuse(core, page, "unknown_frame", 'expected an object with a known "type"')
    else:
        handler(core, page, body)


def refuse(core: Core, page: Page, code: str, reason: str) -> None:
    """Tell a page what is wrong with something that it sent."""
    core.note("page", code, detail=reason)
    pages.frame(core, page, {"type": "error", "code": code, "reason": reason})


def _on_subscribe(core: Core, page: Page, body: dict[str, Any]) -> None:
    subscribing.subscribe(core, page, body)


def _on_send(core: Core, page: Page, body: dict[str, Any]) -> None:
    message_id = body.get("id")
    if "data" not in body:
        _refused(core, page, NO_DATA, body)
        return
    if message_id is not None:
        message_id = str(message_id)
    found = calls.send(core, str(body.get("channel", "")), page, message_id, body["data"])
    if isinstance(found, Refusal):
        _refused(core, page, found, body)


def _on_signal(core: Core, page: Page, body: dict[str, Any]) -> None:
    refusal = calls.signal(core, str(body.get("channel", "")), page, body.get("data"))
    # Sent now or never: one too many is nothing that a page could do anything about.
    if refusal is not None and refusal.code != "too_fast":
        _refused(core, page, refusal, body)


def _on_ack(core: Core, page: Page, body: dict[str, Any]) -> None:
    """The page is done up to there; its handlers ``failed`` on these."""
    epoch, seq = body.get("epoch"), body.get("seq")
    channel = core.channels.get(str(body.get("channel", "")))
    # It counts only for what the page was given; that it may handle in peace.
    if channel is not None and (place := pair([epoch, seq])) is not None:
        failures.note(core, channel, min(place[1], channel.log.last[1]), body.get("failed"))
        pages.acknowledge(core, page, channel, *place)


def _on_shown(core: Core, page: Page, body: dict[str, Any]) -> None:
    refusal = calls.shown(core, str(body.get("channel", "")), page)
    if refusal is not None:
        _refused(core, page, refusal, body)


def _on_snapshot(core: Core, page: Page, body: dict[str, Any]) -> None:
    refusal = showing.asked(core, page, body, partial(lookup.shown, core))
    if refusal is not None:
        core.note("page", refusal.code, str(body.get("channel", ""))[:80], detail=refusal.reason)
        _refused(core, page, refusal, body)


def _on_close(core: Core, page: Page, body: dict[str, Any]) -> None:
    refusal = calls.close(core, str(body.get("channel", "")), page.caller)
    if refusal is not None:
        _refused(core, page, refusal, body)


def _refused(core: Core, page: Page, refusal: Refusal, body: dict[str, Any]) -> None:
    channel_id = str(body.get("channel", ""))[:80]
    answer: dict[str, JsonValue] = {
        **refusal.more,
        "type": "refused" if "id" in body else "error",
        "channel": channel_id,
        "code": refusal.code,
        "reason": refusal.reason,
        "pointer": refusal.pointer,
    }
    for name in ("id", "ref"):
        if name in body:
            answer[name] = str(body[name])[:80]
    # That this node failed on a channel is told although nothing else of that step is.
    about = "" if refusal is REFUSAL else channel_id
    core.out.append(Frame(page.id, encode(answer), channel=about))


_FRAMES = {
    "subscribe": _on_subscribe,
    "send": _on_send,
    "signal": _on_signal,
    "ack": _on_ack,
    "shown": _on_shown,
    "snapshot": _on_snapshot,
    "close": _on_close,
}
