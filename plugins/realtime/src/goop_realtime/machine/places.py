# SPDX-License-Identifier: MIT
"""The places of pages: a page that loses its connection finds its own again when it comes back."""

from __future__ import annotations

from goop_node.types import Caller
from goop_realtime.machine import incoming, pages
from goop_realtime.machine.core import Core
from goop_realtime.machine.pages import Page

MAX_PLACES = 1024
"""Pages that have a place, connected or not."""


def attach(core: Core, page_id: str, caller: Caller) -> Page:
    """A connection of that page is open: it has its old place, or a new one."""
    page = core.pages.get(page_id)
    if page is None or page.caller != caller:
        page = core.pages[page_id] = Page(page_id, caller)
        _make_room(core)
    _rewind(page)
    page.following = None
    page.connected = True
    return page


def detach(core: Core, page: Page, *, for_good: bool) -> None:
    """The page's connection is gone. One that asked for nothing has no place to keep."""
    page.connected = False
    page.gone_at = core.now
    _rewind(page)
    for channel_id in list(page.views) if not page.everything else list(core.channels):
        channel = core.channels.get(channel_id)
        if channel is not None:
            pages.tell_peer_page(core, channel)
    for channel in core.channels.values():
        if page.id in channel.shown_on:
            incoming.tell_reach(core, channel)
    if core.pages.get(page.id) is page and (for_good or not (page.views or page.everything)):
        del core.pages[page.id]


def _rewind(page: Page) -> None:
    """What it has not handled is told again."""
    for view in page.views.values():
        view.flight.clear()
        view.flight_bytes = 0
        view.sent = view.handled


def _make_room(core: Core) -> None:
    """Give up the places of pages that are gone, the longest first, where there are too many."""
    surplus = len(core.pages) - MAX_PLACES
    if surplus > 0:
        gone = [page for page in core.pages.values() if not page.connected]
        for page in sorted(gone, key=lambda page: page.gone_at)[:surplus]:
            del core.pages[page.id]
