# SPDX-License-Identifier: MIT
"""Tells the contexts' plugins what happened: entries that are in the log, channels that opened."""

from __future__ import annotations

import inspect
import logging
from collections.abc import Callable, Iterable
from typing import Any

from goop_node.types import NodeApi
from goop_realtime.channel import Channel, Phase
from goop_realtime.core import Core
from goop_realtime.effects import Committed
from goop_realtime.jsonio import decode
from goop_realtime.types import Applied, Message

log = logging.getLogger(__name__)


class PluginNews:
    """Calls ``applied`` and ``opened`` of the contexts. What a plugin raises is noted, no more."""

    def __init__(self, node: NodeApi, core: Core, spawn: Callable[[Any], None]) -> None:
        self._node = node
        self._core = core
        self._spawn = spawn

    def replay(self) -> None:
        """At a start: tell again what the logs hold; a kill may have come before ``applied``."""
        for channel in list(self._core.channels.values()):
            if channel.context.type.applied is not None:
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
            try:
                later = channel.context.type.applied(rows)
            except Exception as error:
                self._failed(channel, "applied", error)
                continue
            if inspect.isawaitable(later):
                self._spawn(self._finish(later, channel))

    def opened(self, channel_id: str) -> None:
        """A channel's state changed: where it is open, its plugin learns of it."""
        channel = self._core.channels.get(channel_id)
        if channel is None or channel.phase is not Phase.OPEN:
            return
        opened = channel.context.type.opened
        if opened is None:
            return
        try:
            opened(channel.request)
        except Exception as error:
            self._failed(channel, "opened", error)

    async def _finish(self, later: Any, channel: Channel) -> None:
        try:
            await later
        except Exception as error:
            self._failed(channel, "applied", error)

    def _failed(self, channel: Channel, hook: str, error: Exception) -> None:
        log.error("plugin %s failed in %s()", channel.context.plugin, hook, exc_info=error)
        self._node.failed(channel.context.plugin, error)


def _applied(channel: Channel, news: Committed) -> Applied:
    entry = news.entry
    return Applied(
        request=channel.request,
        epoch=entry.epoch,
        seq=entry.seq,
        message=Message(sender=entry.author, data=decode(entry.raw), id=entry.id, sent_at=entry.at),
    )
