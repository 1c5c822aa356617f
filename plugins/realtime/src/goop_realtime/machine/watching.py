# SPDX-License-Identifier: MIT
"""Pages that watch a context: told that something of it has changed, so that they look again.

What changed is not said, and it may be on a channel of another template: whoever may use the
context may know that much, and asks the context's own endpoints for the rest.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from goop_realtime.machine.core import Core
from goop_realtime.machine.pages import Page
from goop_realtime.model.effects import Changed, Frame
from goop_realtime.model.jsonio import encode
from goop_realtime.model.wire import MAX_CONTEXT

MAX_WATCHED = 32
"""Contexts that one page may watch."""


def watch(page: Page, wanted: Any) -> list[str]:
    """The page watches these contexts from now on, and no others; those it does watch."""
    found = wanted if isinstance(wanted, list) else []
    names = [one for one in found if isinstance(one, str) and 0 < len(one) <= MAX_CONTEXT]
    page.watches = frozenset(names[:MAX_WATCHED])
    return sorted(page.watches)


def tell(core: Core, grown: Collection[str]) -> None:
    """At the end of a step: tell who watches the contexts of channels that changed in it.

    ``grown`` are the channels whose log grew; those that began, were cut off or ended are among
    the step's effects. One frame a step and context, behind everything that it is about, and the
    newest is enough for a page that reads slowly.
    """
    if not core.out and not grown:
        return
    watchers = [page for page in core.pages.values() if page.connected and page.watches]
    if not watchers:
        return
    changed = {effect.channel for effect in core.out if type(effect) is Changed}.union(grown)
    found = (core.channels.get(channel_id) for channel_id in changed)
    for name in sorted({channel.context.type.name for channel in found if channel is not None}):
        frame = encode({"type": "changed", "context": name})
        for page in watchers:
            if name in page.watches and core.rights.uses(page.caller, name):
                core.out.append(Frame(page.id, frame, newest=f"changed {name}"))
