# SPDX-License-Identifier: MIT
"""What fails stays with the channel it failed on: that one goes back to what is stored, and ends.

A fault of ours that a line, a message or a record brings out would otherwise take the effects of
every channel with it that had its turn in the same step.
"""

from __future__ import annotations

from types import TracebackType

from goop_realtime.machine import pages
from goop_realtime.machine.channel import Channel
from goop_realtime.machine.core import Core
from goop_realtime.machine.ending import FAILED, FAILED_THERE, finish
from goop_realtime.machine.restore import restore
from goop_realtime.model.effects import Changed, CloseLink, DropChannel
from goop_realtime.model.failure import Failure
from goop_realtime.model.stored import Stored
from goop_realtime.model.wire import Line
from goop_realtime.types import Refusal

REFUSAL = Refusal(code="internal_error", reason="this node failed on that; its log says where")


class Contained:
    """``with Contained(core, channel_id, peer):`` what raises inside is that channel's failure.

    Without a channel what it has asked for is dropped, and nothing else happens.
    """

    __slots__ = ("_channel_id", "_core", "_mark", "_peer")

    def __init__(self, core: Core, channel_id: str, peer: str = "") -> None:
        self._core = core
        self._channel_id = channel_id
        self._peer = peer
        self._mark = len(core.out)

    def __enter__(self) -> None:
        """What happens from here on is the peer's doing."""
        self._core.source = self._peer

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> bool:
        self._core.source = ""
        if not isinstance(error, Exception):
            return False
        if not self._channel_id:
            del self._core.out[self._mark :]
        self._core.failed(self._channel_id, error, self._peer)
        return True


def set_back(core: Core, channel_id: str, stored: Stored | None, failure: Failure) -> None:
    """Go on with that channel from what is stored of it, and end it in words at both nodes.

    One that fails even in ending is forgotten here.
    """
    was = core.channels.pop(channel_id, None)
    peers = [failure.peer] if was is None and failure.peer else list(was.members if was else ())
    why = f"this node failed on it: {failure.error!r}"[:300]
    core.note("node", FAILED, channel_id, detail=why)
    _let_go(core, channel_id, was)
    for peer in peers:
        line = Line(type="close", group=channel_id, code=FAILED, reason=FAILED_THERE)
        core.control(peer, line)
    if stored is None or (was is not None and was.final):
        for page in core.pages.values():
            page.views.pop(channel_id, None)
        core.out.append(DropChannel(channel_id))
        core.out.append(Changed(channel_id))
        return
    restore(core, {channel_id: stored})
    channel = core.channels[channel_id]
    _rewind(core, channel)
    finish(core, channel, FAILED, why)


def _let_go(core: Core, channel_id: str, was: Channel | None) -> None:
    """Forget what the failed step left of it."""
    core.heard.discard(channel_id)
    core.handled_by.pop(channel_id, None)
    for key in [key for key in core.cursors if key[0] == channel_id]:
        del core.cursors[key]
    for number in [link.id for link in core.links.values() if link.channel is was]:
        del core.links[number]
        core.out.append(CloseLink(number, drain=False, channel=channel_id))


def _rewind(core: Core, channel: Channel) -> None:
    """What the pages were told in that step never left: they are told from what they handled."""
    for page in core.pages.values():
        view = page.views.get(channel.id)
        if view is not None:
            view.flight.clear()
            view.flight_bytes = 0
            view.sent = view.handled = min(view.handled, channel.log.last[1])
            pages.pump(core, channel, page, view)
