# SPDX-License-Identifier: MIT
"""Requests that wait for an answer here: which pages are asked, and what the opener hears of that.

The opener is told honestly how far its request has come: this node has it, or a page shows it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from goop_node.types import JsonValue
from goop_realtime.contexts.plugin_code import terms_of
from goop_realtime.machine.channel import Channel, Phase
from goop_realtime.machine.pages import Page, frame
from goop_realtime.machine.rights import Right, hands_on
from goop_realtime.model.wire import Line

if TYPE_CHECKING:
    from goop_realtime.machine.core import Core


def is_asked(core: Core, page: Page, channel: Channel) -> bool:
    """Whether the request is, or was, one for that page to answer."""
    return page.serves(channel) and core.rights.allows(page.caller, Right.ANSWER, channel)


def asking(core: Core, page: Page, channel: Channel) -> dict[str, JsonValue]:
    """Who asks for what, as frames tell it; who hands it on is told to which ``templates``."""
    kind = channel.context.type
    body: dict[str, JsonValue] = {
        "channel": channel.id,
        "peerId": channel.other.peer,
        "peerLabel": channel.other.label,
        "context": channel.request.context,
        "app": channel.request.app,
        "params": channel.request.params,
        "title": kind.title,
        "page": channel.context.page,
    }
    if hands_on(page.caller):
        body["templates"] = core.rights.takers(channel)
    return body


def tell_to(core: Core, page: Page, channel: Channel) -> None:
    """Show the request to one page, if it concerns that page."""
    if not channel.hidden and is_asked(core, page, channel):
        left = max(0, channel.expires_at - core.now)
        terms = terms_of(channel.context, channel.request, core.plugin_failed)
        body: dict[str, JsonValue] = {"type": "incoming", "expiresIn": left, "terms": terms}
        frame(core, page, body | asking(core, page, channel))


def tell(core: Core, channel: Channel) -> None:
    """Show the request to every page it concerns."""
    for page in core.pages.values():
        tell_to(core, page, channel)


def tell_ended(core: Core, channel: Channel, code: str) -> None:
    """Close the dialogs about a request that has been answered or ended."""
    body = {"type": "incoming_ended", "channel": channel.id, "code": code}
    for page in core.pages.values():
        if is_asked(core, page, channel):
            frame(core, page, body)


def shown(core: Core, page: Page, channel: Channel) -> None:
    """A page shows the request to its person."""
    if channel.phase is Phase.ASKED and is_asked(core, page, channel):
        channel.shown_on.add(page.id)
        tell_reach(core, channel)


def tell_reach(core: Core, channel: Channel) -> None:
    """Tell the opener how far its request has come, when that changed."""
    if channel.phase is Phase.ASKED and _reach(core, channel) != channel.other.reach:
        confirm(core, channel)


def confirm(core: Core, channel: Channel) -> None:
    """Tell the opener how far its request has come."""
    opener = channel.other
    opener.reach = _reach(core, channel)
    core.control(opener.peer, Line(type="received", group=channel.id, stage=opener.reach))


def _reach(core: Core, channel: Channel) -> str:
    """``page`` where a connected page shows it, else ``node``."""
    channel.shown_on.intersection_update(core.pages)
    pages = (core.pages[page_id] for page_id in channel.shown_on)
    seen = any(page.connected and is_asked(core, page, channel) for page in pages)
    return "page" if seen else "node"
