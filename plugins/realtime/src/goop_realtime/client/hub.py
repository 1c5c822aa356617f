# SPDX-License-Identifier: MIT
"""Everything together: frames to channels and rooms, and theirs to the node."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from secrets import token_hex
from typing import Any

import msgspec

from goop_realtime.client.channel import Channel
from goop_realtime.client.channel_conduit import ChannelConduit
from goop_realtime.client.conduit import Conduit
from goop_realtime.client.conduits import Conduits
from goop_realtime.client.endpoints import API, Endpoints, Find
from goop_realtime.client.errors import GoopError
from goop_realtime.client.line import TOO_LARGE, Line
from goop_realtime.client.outcomes import call, log
from goop_realtime.client.protocol import frames
from goop_realtime.client.requests import Requests

PORTION = 1_000
"""How many ids one frame asks about."""

AboutRoom = (
    frames.Room
    | frames.Message
    | frames.Latest
    | frames.Volatile
    | frames.Signal
    | frames.Member
    | frames.Rewound
    | frames.Gap
    | frames.Receipt
    | frames.Refused
    | frames.Error
    | frames.Pending
    | frames.Snapshot
)


class Hub:
    """One program's page at its node."""

    def __init__(self, find: Find) -> None:
        self.page = token_hex(16)
        """Names this program at its node, for as long as it runs."""
        self.endpoints = Endpoints(find)
        self.line = Line(find, self)
        self.requests = Requests(self, self._shown, self.spawn)
        self.on_error: Any = None
        self.ready = False
        self.peer_id = ""
        self.connections = 0
        self.conduits = Conduits(self, self.page)
        self.newest_state = 0
        """How many ``state`` frames have come."""
        self._unacknowledged: dict[Conduit, None] = {}
        self._tasks: set[asyncio.Task[Any]] = set()

    # Its life

    def spawn(self, work: Any) -> asyncio.Task[Any]:
        """Run a coroutine for as long as the program is connected."""
        task: asyncio.Task[Any] = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._over)
        return task

    def _over(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("a task of the client failed", exc_info=error)

    async def close(self, patience: float) -> None:
        """End, once the node has what was sent, or after so many seconds.

        Whoever still awaits something hears ``client_closed``. Also where this is cancelled,
        nothing of the program goes on behind it.
        """
        try:
            await self._until_accepted(patience)
        finally:
            for conduit in self.conduits.all():
                conduit.abandon(GoopError("client_closed", channel_id=conduit.handle))
            self._acknowledge()
            try:
                await asyncio.sleep(0)  # handlers of errors begin
                await self.line.close(GoopError("client_closed"))
            finally:
                tasks = list(self._tasks)
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)
                await self.endpoints.close()

    async def _until_accepted(self, patience: float) -> None:
        living = self.conduits.living()
        unaccepted = [sent for one in living for sent in one.sending.unaccepted]
        waits = [asyncio.ensure_future(one.accepted.known()) for one in unaccepted]
        try:
            if waits:
                await asyncio.wait(waits, timeout=patience)
        finally:
            for wait in waits:
                wait.cancel()

    def now(self) -> float:
        """Seconds of a clock that never goes back."""
        return asyncio.get_running_loop().time()

    # What leaves

    def write(self, body: Mapping[str, Any] | str) -> bool:
        """Send a frame; whether it left."""
        return self.line.write(body if isinstance(body, str) else json.dumps(body))

    def _shown(self, channel_id: str) -> None:
        self.write({"type": "shown", "channel": channel_id})

    def acknowledge(self, conduit: Conduit) -> None:
        """Its handlers are done with something: the node is told soon."""
        if not self._unacknowledged:
            asyncio.get_running_loop().call_soon(self._acknowledge)
        self._unacknowledged[conduit] = None

    def _acknowledge(self) -> None:
        for conduit in self._unacknowledged:
            told = conduit.acknowledgement()
            if told is not None:
                self.write(told)
        self._unacknowledged.clear()

    # The line's owner

    def opened(self) -> None:
        """A new connection: say who we are, and how far."""
        self.connections += 1
        first, *more = self._subscriptions()
        head = {"page": self.page, "ack": True, "batch": True, "retries": True, "outbox": True}
        self.write({"type": "subscribe", **head, **first})
        for body in more:
            self.write({"type": "subscribe", **body})

    def _subscriptions(self) -> list[dict[str, Any]]:
        places = {one.handle: one.place() for one in self.conduits.living()}
        asked = [(name, one) for name, place in places.items() for one in place.pop("pending")]
        told: dict[str, dict[str, Any]] = {"after": {}}
        for name, place in places.items():
            for key, value in place.items():
                if value:
                    told.setdefault(key, {})[name] = value
        questions = [_asking(asked[at : at + PORTION]) for at in range(0, len(asked), PORTION)]
        first = questions.pop(0) if questions else {}
        return [{**told, **first, "channels": list(places)}, *questions]

    def received(self, text: str) -> bool:
        """A message has come. Whether frames flow both ways by now."""
        try:
            raws = frames.split(text)
        except msgspec.DecodeError:
            log.warning("the node sent something that is no JSON")
            return self.ready
        for raw in raws:
            # One that fails must not take those behind it away: they would be a silent hole.
            try:
                frame = frames.read(raw)
                if frame is not None:
                    self._take(frame)
            except msgspec.DecodeError as error:
                log.warning("the node sent a frame of another form: %s", error)
            except Exception:
                log.exception("a frame of the node could not be taken")
        return self.ready

    def lost(self, code: int, *, tried: bool) -> None:
        """The connection is gone."""
        self.ready = False
        for conduit in self.conduits.living():
            if code == TOO_LARGE:
                conduit.sending.too_large()
            if tried:
                conduit.cut_off()

    # Frames

    def _take(self, frame: frames.Frame) -> None:
        if isinstance(frame, frames.Subscribed):
            self._subscribed(frame)
        # Before it, frames may come that belong behind what an older connection was carrying: the
        # answer to our subscription tells them again, in their place.
        elif not self.ready:
            if isinstance(frame, frames.Error):
                self._tell(GoopError(frame.code, frame.reason))
        elif isinstance(frame, frames.Incoming):
            self.requests.add(frame, self.connections)
        elif isinstance(frame, frames.IncomingEnded):
            self.requests.end(frame.channel, frame.code)
        elif isinstance(frame, frames.Error) and not frame.channel:
            self._tell(GoopError(frame.code, frame.reason))
        elif isinstance(frame, frames.State):
            self._state(frame)
        elif frame.channel.startswith("room-"):
            self._room_frame(frame)
        else:
            known = self.conduits.find(frame.channel)
            if known is not None:
                known.received(frame)

    def _room_frame(self, frame: AboutRoom) -> None:
        known = self.conduits.find(frame.channel)
        if isinstance(frame, frames.Room) and frame.state != "left":
            known = self.conduits.room(frame.channel)
        if known is not None and known.ended is None:
            known.received(frame)

    def _subscribed(self, frame: frames.Subscribed) -> None:
        self.peer_id = frame.self or self.peer_id
        for name in frame.since if isinstance(frame.since, dict) else ():
            self.conduits.channel(name).rewound()
        if self.ready:
            return
        self.ready = True
        for conduit in self.conduits.living():
            conduit.reconnected()
        self.spawn(self._reconcile(self.connections))

    async def _reconcile(self, connection: int) -> None:
        """Requests that the node no longer lists have ended while nobody could say so."""
        if not self.requests.older_than(connection):
            return
        try:
            rows = msgspec.convert(await self.endpoints.get(f"{API}/channels"), list[_Asked])
        except GoopError:
            return  # cut again: the next connection does it
        waits = {row.channel_id for row in rows if row.incoming}
        for channel_id in self.requests.older_than(connection):
            if channel_id not in waits:
                self.requests.end(channel_id, "unknown")

    def _state(self, frame: frames.State) -> None:
        self.newest_state += 1
        known = self.conduits.find(frame.channel)
        if not isinstance(known, ChannelConduit) or self.conduits.is_alias(frame.channel):
            return  # nobody asked, or it lives on in another channel
        if frame.replaced_by and frame.replaced_by != known.handle:
            self.follow(self.conduits.replace(known, frame.replaced_by))
            return
        known.told = self.newest_state
        known.received(frame)

    def _tell(self, error: GoopError) -> None:
        if self.on_error is not None:
            self.spawn(call("on_error", self.on_error, error))
        else:
            log.warning("%s (%s)", error, error.code)

    # Channels

    def follow(self, channel: ChannelConduit) -> None:
        """Be told of a channel: its state, and what follows."""
        self.write({"type": "subscribe", "channels": [channel.handle]})

    def answered(self, row: Any, before: int) -> ChannelConduit:
        """What an endpoint says of a channel, asked when ``newest_state`` was ``before``.

        It comes another way than the frames; where one of these has overtaken it, that is believed.
        """
        told = frames.state_of(row)
        channel = self.conduits.channel(told.channel)
        if channel.told <= before:
            channel.received(told)
        self.follow(channel)
        return channel

    async def accept(self, channel_id: str, template: str | None = None) -> Channel:
        """See ``Client.accept``."""
        await self.line.when_ready()
        before = self.newest_state
        row = await self.endpoints.post(
            f"{API}/accept", channelId=channel_id, page=self.page, template=template
        )
        channel: Channel = await self.answered(row, before).opened()
        return channel

    async def decline(self, channel_id: str, reason: str | None = None) -> None:
        """See ``Client.decline``."""
        await self.endpoints.post(f"{API}/decline", channelId=channel_id, reason=reason)


class _Asked(frames.Told, frozen=True):
    channel_id: str
    incoming: bool = False


def _asking(asked: list[tuple[str, str]]) -> dict[str, Any]:
    """Asks what became of messages, given as (channel, id)."""
    pending: dict[str, list[str]] = {}
    for name, message_id in asked:
        pending.setdefault(name, []).append(message_id)
    return {"channels": list(pending), "pending": pending}
