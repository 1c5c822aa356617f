# SPDX-License-Identifier: MIT
"""What pages are told when the person grants or revokes something: at once, both ways.

What was agreed does not end by it. Pages that may not use a channel any more are told so, and get
nothing more of it; when they may again, they go on where they were.
"""

from __future__ import annotations

from goop_node.types import Caller
from goop_realtime.machine import incoming, invitations_sent, missed, pages, pending
from goop_realtime.machine.channel import Channel, Phase
from goop_realtime.machine.containment import Contained
from goop_realtime.machine.core import Core
from goop_realtime.machine.pages import Page
from goop_realtime.machine.rights import Right, Rights
from goop_realtime.types import Refusal


def set_rights(core: Core, rights: Rights) -> None:
    """These are in force from here on."""
    before, core.rights = core.rights, rights
    for channel in list(core.channels.values()):
        with Contained(core, channel.id):
            _changed(core, before, channel)


def _changed(core: Core, before: Rights, channel: Channel) -> None:
    """Tell every page what is different on the channel now that ``core.rights`` are in force."""
    if channel.final and not channel.missed:
        return
    asked = channel.phase is Phase.ASKED or channel.missed
    for page in list(core.pages.values()):
        right = Right.ANSWER if asked else Right.USE
        had = before.allows(page.caller, right, channel)
        has = core.rights.allows(page.caller, right, channel)
        if had != has and asked:
            _asked(core, page, channel, has=has)
        elif had != has and (page.everything or channel.id in page.views):
            _agreed(core, page, channel)
    if channel.phase is Phase.ASKING and channel.owner:
        _withdraw(core, channel, Caller(kind="template", name=channel.owner))
    pages.tell_peer_page(core, channel)
    incoming.tell_reach(core, channel)


def _asked(core: Core, page: Page, channel: Channel, *, has: bool) -> None:
    if channel.hidden or not page.serves(channel):
        return
    if has and channel.missed:
        missed.tell_to(core, page, channel)
    elif has:
        incoming.tell_to(core, page, channel)
    elif channel.missed:
        pages.frame(core, page, {"type": "missed_ended", "channel": channel.id})
    else:
        ended = {"type": "incoming_ended", "channel": channel.id, "code": "permission_needed"}
        pages.frame(core, page, ended)


def _agreed(core: Core, page: Page, channel: Channel) -> None:
    view = page.views.get(channel.id)
    refusal = core.rights.refusal(page.caller, Right.USE, channel)
    if refusal is None:
        view = pages.view_of(core, page, channel)
        view.barred = False
        pages.tell_state_to(core, page, channel)
        if page.connected:
            pages.pump(core, channel, page, view)
            pending.tell(core, page, channel)
        return
    if view is not None:
        view.barred = True
    tell_barred(core, page, channel, refusal)


def _withdraw(core: Core, channel: Channel, owner: Caller) -> None:
    """What is only asked for yet by who may not have it is not asked for any more."""
    if not core.rights.allows(owner, Right.USE, channel):
        invitations_sent.withdraw(core, channel, "cancelled")


def tell_barred(core: Core, page: Page, channel: Channel, refusal: Refusal) -> None:
    """Tell a page that it may not use the channel: to it, that is as if it were away.

    A request of its own is over, and so is a channel that others have now.
    """
    core.note("page", refusal.code, channel.id, detail=refusal.reason)
    over = channel.phase is Phase.ASKING or refusal.code != "permission_needed"
    pages.frame(
        core,
        page,
        {
            **refusal.more,
            "type": "state",
            "channel": channel.id,
            "peerId": channel.other.peer,
            "peerLabel": channel.other.label,
            "context": channel.request.context,
            "state": "disconnected",
            "final": over,
            "suspended": not over,
            "code": refusal.code,
            "reason": refusal.reason,
        },
    )
