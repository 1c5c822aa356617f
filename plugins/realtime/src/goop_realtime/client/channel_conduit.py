# SPDX-License-Identifier: MIT
"""One channel, inside; ``Channel`` is the face of it that programs see."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal

from goop_realtime.client.conduit import Conduit, Handler, Hub
from goop_realtime.client.errors import GoopError
from goop_realtime.client.outcomes import log
from goop_realtime.client.past import meta_of
from goop_realtime.client.protocol import frames
from goop_realtime.client.protocol.places import ChannelPlaces, Item
from goop_realtime.client.values import ChannelState, Detail, Gap, Meta

if TYPE_CHECKING:
    from goop_realtime.client.channel import Channel

LAST_RECEIPTS = 5.0
"""Seconds that receipts may follow the close of their channel."""
NO_RECEIPTS = frozenset({"expired", "lost", "diverged"})
"""Ends behind which no receipt comes."""

PAGES: dict[str, Literal["open", "none"]] = {"open": "open", "none": "none"}


class ChannelConduit(Conduit):
    """``told``: which ``state`` frame was the last about it, counted over all channels."""

    end_frame = "close"
    end_code = "closed"
    start = "0:0"
    passing = False
    _places: ChannelPlaces

    def __init__(
        self,
        hub: Hub,
        handle: str,
        next_id: Callable[[], str],
        make_face: Callable[[ChannelConduit], Channel],
    ) -> None:
        super().__init__(hub, handle, ChannelPlaces(), next_id)
        self.peer_id = ""
        self.peer_label = ""
        self.params: Any = None
        self.delivery: Literal["log", "best-effort"] = "log"
        self.state: ChannelState = "connecting"
        self.detail = Detail()
        self.told = 0
        self._face = make_face(self)

    def face(self) -> Channel:
        """It as it is now: what it missed is no news."""
        self._missed_state = None
        return self._face

    def hear(self, name: str, handler: Handler | None) -> None:
        """The program has assigned a handler."""
        super().hear(name, handler)
        if name == "on_pending" and handler is not None:
            self.hub.write({"type": "subscribe", "channels": [self.handle], "outbox": True})

    # What the node says

    def received(self, frame: frames.Frame) -> None:
        """A frame about it."""
        match frame:
            case frames.State():
                self.tell_state(frame)
            case frames.Message():
                self._places.message(frame)
            case frames.Gap():
                self._places.gap(frame)
            case frames.Pending():
                self.emit("on_pending", frame.count)
            case frames.Error(code="unknown_channel"):
                self._vanish()
                return
        super().received(frame)

    def tell_state(self, told: frames.State) -> None:
        """How it is, by a frame or an endpoint."""
        self.peer_id = told.peer_id or self.peer_id
        self.peer_label = told.peer_label or self.peer_label
        self.context = told.context or self.context
        self.version = told.version or self.version
        self.params = self.params if told.params is None else told.params
        self.delivery = told.delivery
        self.sending.outbox.best_effort = told.delivery == "best-effort"
        self.sending.limit(told)
        if self.ended is not None:
            return
        detail = Detail(
            told.code, told.reason, told.final, told.suspended, PAGES.get(told.peer_page)
        )
        if told.final:
            self._conclude(told.state, detail)
        else:
            self._change(told.state, detail)
            self.tell_openers()

    def _change(self, state: ChannelState, detail: Detail) -> None:
        if (state, detail) != (self.state, self.detail):
            self.state, self.detail = state, detail
            self.changed(state, detail)

    def _conclude(self, state: ChannelState, detail: Detail) -> None:
        code = detail.code or "closed"
        error = GoopError(code, detail.reason, channel_id=self.handle)
        self.end(error, lambda: self._change(state, detail))
        if code in NO_RECEIPTS:
            self.sending.end(code)
        else:
            # After an ordinary close the other side still says what it has and has handled.
            asyncio.get_running_loop().call_later(LAST_RECEIPTS, self.sending.end, "closed")

    def _vanish(self) -> None:
        """The node knows nothing of it."""
        code = "closed" if self._closing else "lost"
        gone = frames.State(channel=self.handle, state="disconnected", final=True, code=code)
        self.tell_state(gone)

    def cut_off(self) -> None:
        """The node is away."""
        if self.state == "connected":
            away = Detail("node_unreachable", "the node is away", suspended=True)
            self._change("disconnected", away)

    def place(self) -> dict[str, Any]:
        """What a ``subscribe`` says of how far this program is."""
        return {
            "after": self._places.after,
            "handled": self._places.handled,
            "failed": self._places.failed,
            "since": "start" if self._places.rewinding else None,
            "pending": self.sending.outbox.questions(),
        }

    def rewind(self) -> None:
        """Have everything told again that the node still holds."""
        if self.ended is None:
            self._places.rewind()
            self._places.rewinding = True
            since = {self.handle: "start"}
            self.hub.write({"type": "subscribe", "channels": [self.handle], "since": since})

    def rewound(self) -> None:
        """What comes from here on begins at the start."""
        self._places.rewinding = False
        self._places.rewind()

    # What is handed out

    async def hand(self, item: Item) -> bool:
        """Give an item to its handler; whether that returned in good order."""
        told = item.told
        if isinstance(told, frames.Gap):
            if "on_gap" not in self.handlers:
                log.warning("%s: messages are gone", self.handle)
            return await self.call("on_gap", Gap(told.since, told.to))
        return await self.give(meta_of(told), told.data)

    async def give(self, meta: Meta, data: Any) -> bool:
        """Give a message to its handler; whether that returned in good order."""
        return await self.call("on_message", data, meta)

    def all_said(self, message_id: str, seq: float) -> None:
        """All was said of a message, for good."""

    def takes_signals(self) -> bool:
        """A peer with an older protocol knows no signals."""
        return self.state == "connected" and self.delivery == "log"

    def is_open(self) -> bool:
        """Both sides have agreed, though they may be apart just now."""
        return self.state == "connected" or (self.detail.suspended and not self.detail.final)
