# SPDX-License-Identifier: MIT
"""Tells the contexts' plugins what happened: entries that are in the log, channels that opened.

All that a step ordered is told at once: so the Session stands behind the last entry told. What a
plugin raises is noted, no more; what it leaves to be awaited is handed out.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterable
from typing import Any

from goop_realtime.contexts.channel_session import ChannelSession
from goop_realtime.contexts.plugin_code import tell_opened
from goop_realtime.machine.channel import Channel, Phase
from goop_realtime.machine.core import Core
from goop_realtime.machine.versions import refolded
from goop_realtime.model.effects import Committed, Entry
from goop_realtime.model.jsonio import decode
from goop_realtime.types import Applied, Message, Refusal

Work = Callable[[], Coroutine[Any, Any, None]]
"""What a plugin has left to be awaited; it raises nothing of the plugin's."""


def replay(core: Core) -> list[Work]:
    """At a start: tell again what the logs hold; a kill may have come before ``on_commit``."""
    work: list[Work] = []
    for channel in list(core.channels.values()):
        if channel.context.type.on_commit is None or channel.barred:
            continue
        entries = [one for one in channel.log.after(channel.log.start[1]) if one.kind == "msg"]
        session = _of_ended(core, channel) if entries and channel.final else channel.session
        if session is not None:
            work += _tell(session, entries)
    return work


def committed(core: Core, news: Iterable[Committed]) -> list[Work]:
    """Entries are in the log for good; before any page is told of them."""
    batches: dict[str, list[Entry]] = {}
    for item in news:
        batches.setdefault(item.channel, []).append(item.entry)
    work: list[Work] = []
    for channel_id, batch in batches.items():
        channel = core.channels.get(channel_id)
        if channel is not None and channel.context.type.on_commit is not None:
            work += _tell(channel.session, batch)
    return work


def opened(core: Core, channel_id: str) -> None:
    """A channel's state changed: where it is open, its plugin learns of it."""
    channel = core.channels.get(channel_id)
    if channel is not None and channel.phase is Phase.OPEN and not channel.barred:
        tell_opened(channel.context, channel.session.request, core.plugin_failed)


def _tell(session: ChannelSession, entries: list[Entry]) -> list[Work]:
    finish = session.tell_committed([_applied(session, entry) for entry in entries])
    return [] if finish is None else [finish]


def _of_ended(core: Core, channel: Channel) -> ChannelSession | None:
    """The Session of a channel that has ended, which a start does not bring back by itself."""
    entries = list(channel.log.after(channel.log.start[1]))
    found = refolded(core, channel, channel.context, channel.goes_by, entries)
    return None if isinstance(found, Refusal) else found.session


def _applied(session: ChannelSession, entry: Entry) -> Applied:
    return Applied(
        request=session.request,
        epoch=entry.epoch,
        seq=entry.seq,
        message=Message(
            sender=entry.author, data=decode(entry.raw), id=entry.id, sent_at_ms=entry.at
        ),
    )
