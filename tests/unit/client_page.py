# SPDX-License-Identifier: MIT
"""A simulated page whose protocol is that of the Python client."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import msgspec

from goop_realtime.client.protocol import frames
from goop_realtime.client.protocol.outbox import Outbox, Over, Reached
from goop_realtime.client.protocol.places import ChannelPlaces, Item
from goop_realtime.testing import SimPage
from goop_realtime.testing.page import Sent

if TYPE_CHECKING:
    from goop_realtime.testing import SimNode


class ClientPage(SimPage):
    """It acks, as every program does."""

    def __init__(self, node: SimNode, name: str, *, acks: bool = True) -> None:
        super().__init__(node, name, acks=True)
        self._outboxes: dict[str, Outbox] = {}
        self._places: dict[str, ChannelPlaces] = {}
        self._ready = False

    def places(self, channel: str) -> ChannelPlaces:
        """How far it is there."""
        return self._places.setdefault(channel, ChannelPlaces())

    def outbox(self, channel: str) -> Outbox:
        """What it has sent there."""
        return self._outboxes.setdefault(channel, Outbox(channel, self._next_id))

    def _next_id(self) -> str:
        self._n += 1
        return f"{self.id}-{self._n}"

    def _seconds(self) -> float:
        return self.node.world.now / 1000

    # The socket

    def greet(self) -> None:
        """Say how far we are, and ask for what we lack."""
        self._ready = False
        self.pending.clear()
        places = self._places.items()
        self.say(
            "subscribe",
            page=self.id,
            ack=True,
            retries=True,
            outbox=True,
            after={name: one.after for name, one in places if one.after},
            handled={name: one.handled for name, one in places if one.handled},
            failed={name: one.failed for name, one in places if one.failed},
            pending={name: one.questions() for name, one in self._outboxes.items()},
        )
        if self.connected:
            self._reconcile()

    def lost(self) -> None:
        """The socket is gone."""
        self._ready = False
        super().lost()

    # Out

    def send(self, channel: str, data: Any) -> str:
        """Send; the id."""
        outbox = self.outbox(channel)
        body = json.dumps(data)
        message_id = outbox.send(body, len(body)).id
        self.sent[message_id] = channel
        self.open[message_id] = Sent(channel, data)
        self._flush(outbox)
        return message_id

    def resend(self) -> None:
        """Send everything once more that is not delivered."""
        for outbox in self._outboxes.values():
            outbox.reconnected()
            self._flush(outbox)

    def _flush(self, outbox: Outbox) -> None:
        for text in outbox.flush(self._seconds()) if self._ready and self.connected else ():
            body = json.loads(text)
            self.say(body.pop("type"), **body)
        self._news(outbox)
        wait = outbox.wait(self._seconds())
        if wait is not None and self._ready:
            self.node.world.later(int(1000 * wait) + 1, lambda: self._flush(outbox))

    def _news(self, outbox: Outbox) -> None:
        while outbox.news:
            news = outbox.news.popleft()
            if isinstance(news, Reached):
                if news.sent.id in self.open:
                    self._reach(news.sent.id, news.stage)
                if news.failed:
                    self.failures.add(news.sent.id)
            elif isinstance(news, Over):
                if news.error is not None:
                    self.fate.setdefault(news.sent.id, news.error.code)
                self.open.pop(news.sent.id, None)

    # In

    def take(self, body: dict[str, Any]) -> None:
        """A frame is read."""
        frame = frames.read(msgspec.Raw(msgspec.json.encode(body)))
        if isinstance(frame, frames.Subscribed):
            self._ready = True
            for outbox in self._outboxes.values():
                outbox.reconnected()
                self._flush(outbox)
        if not self._ready:
            return
        match frame:
            case frames.Incoming():
                self.incoming.append(frame.channel)
            case frames.Message():
                self.places(frame.channel).message(frame)
                self._hand_out(frame.channel)
            case frames.Gap():
                self.places(frame.channel).gap(frame)
                self._hand_out(frame.channel)
            case frames.State():
                self.node.world.watch.seen.counts[f"frame state {frame.state}"] += 1
                if frame.final:
                    self.places(frame.channel).waiting.append(Item(frame))
                    self._hand_out(frame.channel)
            case frames.Receipt():
                outbox = self.outbox(frame.channel)
                self.node.world.watch.seen.counts[f"receipt {frame.stage}"] += 1
                outbox.receipt(frame)
                self._flush(outbox)
            case frames.Refused():
                outbox = self.outbox(frame.channel)
                if outbox.refused(frame, self._seconds()) and frame.code != "too_fast":
                    watch = self.node.world.watch
                    watch.pages.refused(self, frame.channel, frame.id, frame.code)
                    self.fate[frame.id] = frame.code
                self._flush(outbox)

    def _hand_out(self, channel: str) -> None:
        places, watch = self.places(channel), self.node.world.watch
        if places.in_hand is not None or not self.alive:
            return
        item = places.take(lambda _: True, passing=False)
        if item is None:
            return
        told = item.told
        if isinstance(told, frames.State):
            places.done(item, well=True)
            watch.pages.ended(self, channel)
            self.ended[channel] = told.code or ""
            self.outbox(channel).end(told.code or "closed")
            self._news(self.outbox(channel))
        elif isinstance(told, frames.Gap):
            self.gaps += 1
            watch.seen.counts["frame gap"] += 1
            if item.at is not None:
                self.after[channel] = (int(item.at[0]), int(item.at[1]))
            self._done(channel, item, well=True)
        else:
            at, before = (told.epoch, told.seq), self.after.get(channel)
            watch.pages.given(self, channel, told.id, before, at, told.redelivered)
            self.after[channel] = at
            self.got.setdefault(channel, []).append(told.id)
            self.node.world.later(self.busy(), lambda: self._handler_is_back(channel, item))

    def _handler_is_back(self, channel: str, item: Item) -> None:
        if self.alive:
            self.node.world.watch.pages.handled(self, channel, item.told.id)
            self._done(channel, item, well=not self.failing(item.told.id))

    def _done(self, channel: str, item: Item, *, well: bool) -> None:
        places = self.places(channel)
        if places.done(item, well=well):
            ack = places.acknowledgement(channel)
            assert ack is not None
            self.say(ack.pop("type"), **ack)
        self._hand_out(channel)
