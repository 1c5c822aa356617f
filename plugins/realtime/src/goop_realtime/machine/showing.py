# SPDX-License-Identifier: MIT
"""Pages see what a Session comes to: whenever they ask, and as the log grows where they follow it.

It is the one value that goes to other nodes and to the disk, too. Where the Session hides
something, templates' pages get its view, and the person gets everything.
"""

from __future__ import annotations

from typing import Any

from goop_node.types import Caller, JsonValue
from goop_realtime.machine import pages
from goop_realtime.machine.containment import Contained
from goop_realtime.machine.core import Core
from goop_realtime.machine.pages import Page
from goop_realtime.machine.rights import is_person
from goop_realtime.machine.shown import Find, Followed, Shown, Told
from goop_realtime.model.effects import Frame
from goop_realtime.model.jsonio import encode
from goop_realtime.model.limits import STATE_BYTES
from goop_realtime.types import Refusal

PACE_MS = 50
"""How long pages that were told are not told again."""


def state_of(core: Core, shown: Shown, caller: Caller) -> dict[str, JsonValue] | Refusal:
    """``{state, position}`` for that caller; ``state`` is ``None`` of a Session without rules."""
    session, state = shown.session, None
    if not session.keeps_nothing:
        found = session.snapshot() if is_person(caller) else session.view(core.me)
        if isinstance(found, Refusal):
            return found
        state = found
    size = len(encode(state))
    if size > STATE_BYTES:
        reason = f"the state has {size} bytes; pages are told at most {STATE_BYTES}"
        return Refusal(code="too_large", reason=reason)
    return {"state": state, "position": shown.position}


def asked(core: Core, page: Page, body: dict[str, Any], find: Find) -> Refusal | None:
    """A page's frame ``snapshot``: tell it now; or, with ``watch``, from now on, or no more."""
    shown = find(str(body.get("channel", "")), page.caller)
    if isinstance(shown, Refusal):
        return shown
    if "watch" in body:
        return _watch(core, page, shown, find, on=body["watch"] is True)
    told = state_of(core, shown, page.caller)
    if isinstance(told, Refusal):
        return told
    answer: dict[str, JsonValue] = {"type": "snapshot", "channel": shown.id, **told}
    if "ref" in body:
        answer["ref"] = str(body["ref"])[:80]
    pages.frame(core, page, answer)
    return None


def _watch(core: Core, page: Page, shown: Shown, find: Find, *, on: bool) -> Refusal | None:
    followed = core.showing.followed
    if not on:
        if shown.id in followed:
            followed[shown.id].told.pop(page.id, None)
        return None
    if not shown.context.type.push_state:
        name = shown.context.name or "a channel without a context"
        return Refusal(code="not_pushed", reason=f"{name} does not push its state: ask for it")
    followed.setdefault(shown.id, Followed(find)).told[page.id] = None
    return None


def look(core: Core) -> None:
    """Behind all that a step told: tell who follows a state the newest, if it is time."""
    core.showing.due_at = None
    for channel_id, followed in list(core.showing.followed.items()):
        with Contained(core, channel_id):
            _look(core, channel_id, followed)


def _look(core: Core, channel_id: str, followed: Followed) -> None:
    found: dict[bool, tuple[Told, bytes]] = {}
    """What the person is told, and what others are."""
    for page_id, before in list(followed.told.items()):
        page = core.pages.get(page_id)
        if page is None or not page.connected:
            del followed.told[page_id]
            continue
        shown = followed.find(channel_id, page.caller)
        if isinstance(shown, Refusal):
            followed.told[page_id] = None
            continue
        if before is not None and before.position == shown.position:
            continue
        if before is not None and core.now < followed.next_at:
            due = core.showing.due_at
            core.showing.due_at = followed.next_at if due is None else min(due, followed.next_at)
            continue
        person = is_person(page.caller)
        if person not in found:
            found[person] = _frame(core, shown, page.caller)
        now, data = found[person]
        if not (before and before.code and before.code == now.code):
            newest = f"snapshot {channel_id}"
            core.out.append(Frame(page_id, data, newest=newest, channel=channel_id))
        followed.told[page_id] = now
    if found:
        followed.next_at = core.now + PACE_MS
    if not followed.told:
        del core.showing.followed[channel_id]


def _frame(core: Core, shown: Shown, caller: Caller) -> tuple[Told, bytes]:
    told = state_of(core, shown, caller)
    body: dict[str, JsonValue] = {"channel": shown.id}
    if isinstance(told, Refusal):
        body |= {"type": "error", "code": told.code, "reason": told.reason}
        return Told(shown.position, told.code), encode(body)
    return Told(shown.position), encode({"type": "snapshot", **body, **told})
