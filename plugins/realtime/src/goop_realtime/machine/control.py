# SPDX-License-Identifier: MIT
"""The lines that are said outside of channels' streams: the invitation protocol's."""

from __future__ import annotations

from goop_realtime.machine import invitations_received, invitations_sent, links, suspension
from goop_realtime.machine.containment import Contained
from goop_realtime.machine.core import Core
from goop_realtime.model.wire import Line

_HANDLERS = {
    "invite": invitations_received.invited,
    "received": invitations_sent.received,
    "decline": invitations_sent.declined,
    "cancel": invitations_received.cancelled,
    "exists": invitations_sent.exists,
    "poke": links.poked,
    "gone": links.gone,
    "close": links.closed_from_afar,
    "suspended": suspension.told,
}


def received(core: Core, peer: str, line: Line) -> None:
    """A line of ``peer`` (authenticated). What is unknown, or too fast, is dropped."""
    handler = _HANDLERS.get(line.type)
    if not core.meters.allow(peer, core.now):
        core.note("peer", "too_fast", line.group, detail=f"{line.type} of {peer}")
    elif handler is not None:
        known = core.channels.get(line.group)
        concerned = known is None or peer in known.members
        with Contained(core, line.group if concerned else "", peer):
            handler(core, peer, line)
