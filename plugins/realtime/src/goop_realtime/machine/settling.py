# SPDX-License-Identifier: MIT
"""The end of a step: what it placed in the logs goes to the pages and to the other nodes.

Once for all that a step placed: a batch of messages costs one pass and one acknowledgement.
"""

from __future__ import annotations

from goop_realtime.machine import failures, fleeting, host_side, pages, pending, trimming, watching
from goop_realtime.machine.channel import Channel
from goop_realtime.machine.containment import Contained
from goop_realtime.machine.core import Core
from goop_realtime.machine.link import Link
from goop_realtime.machine.tombstones import make_room
from goop_realtime.model.effects import RECORD_KINDS, SaveCursor
from goop_realtime.model.wire import Line, raw

CURSORS_WAIT = 1000
"""Milliseconds after which cursors are saved though nothing else is."""


def settle(core: Core) -> None:
    """Tell the pages, write to the guests, and acknowledge what was received and handled."""
    for channel_id in core.heard:
        channel = core.channels.get(channel_id)
        if channel is not None:
            with Contained(core, channel_id):
                _tell(core, channel)
    grown, core.heard = core.heard, set()
    for channel_id, stage in core.handled_by.items():
        channel = core.channels.get(channel_id)
        if channel is not None:
            with Contained(core, channel_id):
                for link in channel.links:
                    _acknowledge_handled(core, link, stage)
                trimming.trim(core, channel)
    core.handled_by.clear()
    _pass_on(core)
    pending.tell_changed(core)
    watching.tell(core, grown)
    make_room(core)
    _save_cursors(core)


def _pass_on(core: Core) -> None:
    """What is in no log goes behind what is."""
    news, core.unlogged = core.unlogged, {}
    for channel_id in news:
        channel = core.channels.get(channel_id)
        if channel is not None:
            with Contained(core, channel_id):
                fleeting.pass_on(core, channel)


def _tell(core: Core, channel: Channel) -> None:
    """The channel's log grew."""
    pages.tell_entries(core, channel)
    # An entry of our own needs no handling: the cursor may pass over it.
    pages.advance(core, channel, channel.handled, "page")
    if channel.hosted:
        host_side.distribute(core, channel)
    elif channel.id not in core.handled_by or channel.handled < channel.log.last[1]:
        _acknowledge_stored(core, channel)


def _acknowledge_stored(core: Core, channel: Channel) -> None:
    """Tell the host what this node has; who has handled it need not say that."""
    epoch, seq = channel.log.last
    for link in channel.links:
        if seq > link.acked_node:
            link.acked_node = seq
            core.write(link, Line(type="ack", group=channel.id, stage="node", epoch=epoch, seq=seq))


def _acknowledge_handled(core: Core, link: Link, stage: str) -> None:
    """Tell a member how far our pages are."""
    channel = link.channel
    # A host's pages may be ahead of what the window has let through to the guest.
    seq = min(channel.handled, link.sent) if channel.hosted else channel.handled
    if seq <= link.acked_page:
        return
    entry = channel.log.get(seq)
    epoch = entry.epoch if entry is not None else channel.log.start[0]
    line = Line(type="ack", group=channel.id, stage=stage, epoch=epoch, seq=seq)
    failed = failures.untold(link, seq)
    if failed:
        line.payload = raw({"failed": failed})
    link.acked_page = seq
    core.write(link, line)


def _save_cursors(core: Core) -> None:
    """Those that must be saved, with all others; the others alone only after a while."""
    if not core.cursors:
        return
    aged = core.now - core.cursors_since >= CURSORS_WAIT
    saved_anyway = not RECORD_KINDS.isdisjoint(map(type, core.out))
    if not (core.cursors_due or aged or saved_anyway):
        return
    for (channel_id, peer, name), seq in core.cursors.items():
        if channel_id in core.channels:
            core.out.append(SaveCursor(channel_id, peer, name, seq))
    core.cursors.clear()
    core.cursors_due = False
