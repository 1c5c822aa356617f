# SPDX-License-Identifier: MIT
"""Tells the contexts' plugins what happened: entries that are in the log, channels that opened."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from goop_realtime.contexts.plugin_code import tell_applied, tell_opened
from goop_realtime.machine.channel import Channel, Phase
from goop_realtime.machine.core import Core
from goop_realtime.model.effects import Committed
from goop_realtime.model.jsonio import decode
from goop_realtime.types import Applied, Message


class PluginNews:
    """Calls ``applied`` and ``opened`` of the contexts. What a plugin raises is noted, no more."""

    def __init__(self, core: Core, spawn: Callable[[Any], None]) -> None:
        self._core = core
        self._spawn = spawn

    def replay(self) -> None:
        """At a start: tell again what the logs hold; a kill may have come before ``applied``."""
        for channel in list(self._core.channels.values()):
            if channel.context.type.applied is not None and not channel.barred:
                entries = channel.log.after(channel.log.start[1])
                self.committed(Committed(channel.id, e) for e in entries if e.kind == "msg")

    def committed(self, news: Iterable[Committed]) -> None:
        """Entries are in the log for good; before any page is told of them."""
        batches: dict[str, list[Committed]] = {}
        for item in news:
            batches.setdefault(item.channel, []).append(item)
        for channel_id, batch in batches.items():
            channel = self._core.channels.get(channel_id)
            if channel is None or channel.context.type.applied is None:
                continue
            rows = [_applied(channel, item) for item in batch]
            finish = tell_applied(channel.context, rows, self._core.plugin_failed)
            if finish is not None:
                self._spawn(finish())

    def opened(self, channel_id: str) -> None:
        """A channel's state changed: where it is open, its plugin learns of it."""
        channel = self._core.channels.get(channel_id)
        if channel is not None and channel.phase is Phase.OPEN and not channel.barred:
            tell_opened(channel.context, channel.session.request, self._core.plugin_failed)


def _applied(channel: Channel, news: Committed) -> Applied:
    entry = news.entry
    return Applied(
        request=channel.session.request,
        epoch=entry.epoch,
        seq=entry.seq,
        message=Message(sender=entry.author, data=decode(entry.raw), id=entry.id, sent_at=entry.at),
    )
