# SPDX-License-Identifier: MIT
"""What a channel and a room have in common, inside; ``Face`` is what programs see of it."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

from goop_realtime.client.endpoints import Endpoints
from goop_realtime.client.errors import GoopError
from goop_realtime.client.iterating import Messages
from goop_realtime.client.outcomes import Outcome, call, log
from goop_realtime.client.past import meta_of
from goop_realtime.client.protocol import frames
from goop_realtime.client.protocol.places import Item, Places
from goop_realtime.client.sending import Sending, Wire
from goop_realtime.client.values import Message, Meta, Snapshot

Handler = Callable[..., object]
"""A function or coroutine function."""


class Hub(Wire, Protocol):
    """What a conduit needs of the program's connection with its node."""

    endpoints: Endpoints

    def acknowledge(self, conduit: Conduit) -> None:
        """Its handlers are done with something: the node is told soon."""

    def spawn(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """Run it for as long as the program is connected."""


@dataclass(frozen=True)
class Ending:
    """The end, which comes behind all messages; ``tell`` tells of it."""

    tell: Callable[[], None]


class Conduit(ABC):
    """One channel or room. ``handle`` is what frames call it."""

    end_frame: ClassVar[str]
    """The frame that ends it."""
    end_code: ClassVar[str]
    """Why nothing is sent once it has ended."""
    start: ClassVar[str]
    """Where its log starts."""
    passing: ClassVar[bool]
    """Whether what needs no handler passes messages that wait for one."""

    def __init__(self, hub: Hub, handle: str, places: Places, next_id: Callable[[], str]) -> None:
        self.hub = hub
        self.handle = handle
        self.context = ""
        self.version = ""
        self.ended: GoopError | None = None
        """Why it is over."""
        self._gone: GoopError | None = None
        """Why nothing more is done about it, whether it is over or not."""
        self.handlers: dict[str, Handler] = {}
        self.sending = Sending(hub, handle, self, next_id)
        self._places = places
        self._missed_state: tuple[object, ...] | None = None
        self._closing = False
        self._over = asyncio.Event()
        self._openers: list[Outcome[Any]] = []
        self._wake = asyncio.Event()
        self._messages: Messages | None = None
        self._snapshot: frames.Snapshot | None = None
        """The newest that no handler was given."""
        self._telling_snapshot = False
        self._worker = hub.spawn(self._hand_out())

    # Handlers

    def hear(self, name: str, handler: Handler | None) -> None:
        """The program has assigned a handler."""
        watched = name in self.handlers
        self.handlers.pop(name, None)
        if handler is not None:
            self.handlers[name] = handler
        if name == "on_snapshot" and watched != (handler is not None):
            self._watch_snapshot()
        if name == "on_state_change" and handler is not None and self._missed_state is not None:
            self.emit(name, *self._missed_state)
            self._missed_state = None
        self._wake.set()

    def emit(self, name: str, *args: object) -> None:
        """Call the handler of that name, if there is one."""
        if name in self.handlers:
            self.hub.spawn(self.call(name, *args))

    async def call(self, name: str, *args: object) -> bool:
        """The same, awaited; whether it returned in good order."""
        return await call(name, self.handlers.get(name), *args)

    def error(self, error: GoopError) -> None:
        """Something failed that nobody awaits."""
        if "on_error" in self.handlers:
            self.emit("on_error", error)
        else:
            log.warning("%s: %s (%s)", self.handle, error, error.code)

    def changed(self, *state: object) -> None:
        """Tell of another state; a handler that is set later hears it then."""
        self._missed_state = None if "on_state_change" in self.handlers else state
        self.emit("on_state_change", *state)

    def messages(self) -> Messages:
        """What ``async for`` goes over; it takes the messages unless ``on_message`` is set."""
        if self._messages is None:
            self._messages = Messages()
            if self._worker.done():
                self._messages.end()
        if "on_message" not in self.handlers:
            self.hear("on_message", self._to_loop)
        return self._messages

    async def _to_loop(self, *args: Any) -> None:
        assert self._messages is not None
        *_, data, meta = args
        await self._messages.put(Message(data, meta))

    # What the node says

    def received(self, frame: frames.Frame) -> None:
        """A frame about it, of those that channels and rooms have in common."""
        match frame:
            case frames.Receipt() | frames.Refused():
                self.sending.told(frame)
            case frames.Latest():
                self._places.latest(frame)
            case frames.Volatile():
                self.hub.spawn(self.give(meta_of(frame), frame.data))
            case frames.Signal():
                self.emit("on_signal", frame.data, frame.sender)
            case frames.Snapshot():
                self._snapshot = frame
                self.hub.spawn(self._tell_snapshot())
            case frames.Error():
                self.error(GoopError(frame.code, frame.reason, channel_id=self.handle))
        self._wake.set()

    async def _tell_snapshot(self) -> None:
        """Never twice at once; of several that wait the newest counts."""
        if self._telling_snapshot:
            return
        self._telling_snapshot = True
        while (told := self._snapshot) is not None:
            self._snapshot = None
            await self.call("on_snapshot", Snapshot(told.state, told.position))
        self._telling_snapshot = False

    def _watch_snapshot(self) -> None:
        watch = "on_snapshot" in self.handlers
        self.hub.write({"type": "snapshot", "channel": self.handle, "watch": watch})

    def reconnected(self) -> None:
        """There is a new connection: what was under way over the last one begins anew."""
        if "on_snapshot" in self.handlers:
            self._watch_snapshot()
        self.sending.reconnected()

    @abstractmethod
    def cut_off(self) -> None:
        """The node is away."""

    @abstractmethod
    def place(self) -> dict[str, Any]:
        """What a ``subscribe`` says of how far this program is."""

    def acknowledgement(self) -> dict[str, Any] | None:
        """The frame that says how far handlers are."""
        return self._places.acknowledgement(self.handle)

    # What is handed out

    async def _hand_out(self) -> None:
        """One after the other, for as long as there is a handler for it, until the end."""
        while True:
            self._wake.clear()
            while (item := self._places.take(self._is_heard, passing=self.passing)) is not None:
                if isinstance(item.told, Ending):
                    item.told.tell()
                    if self._messages is not None:
                        self._messages.end()
                    return
                well = await self.hand(item)
                if self._places.done(item, well=well):
                    self.hub.acknowledge(self)
            await self._wake.wait()

    def _is_heard(self, item: Item) -> bool:
        is_message = isinstance(item.told, frames.Message | frames.Latest)
        # The end waits behind messages that somebody may still ask for.
        waits = is_message or (
            isinstance(item.told, Ending) and self._places.waiting[0] is not item
        )
        return not waits or "on_message" in self.handlers

    @abstractmethod
    async def hand(self, item: Item) -> bool:
        """Give an item to its handler; whether that returned in good order."""

    @abstractmethod
    async def give(self, meta: Meta, data: Any) -> bool:
        """Give a message to its handler; whether that returned in good order."""

    # What is sent

    @abstractmethod
    def takes_signals(self) -> bool:
        """Whether there is somebody who can take what is sent now or never."""

    def refusal(self) -> GoopError | None:
        """Why nothing more is sent."""
        if self._gone is not None:
            return self._gone
        over = self._closing or self.ended is not None
        return GoopError(self.end_code, channel_id=self.handle) if over else None

    def drained(self) -> None:
        """There is room again."""
        self.emit("on_drain")

    @abstractmethod
    def all_said(self, message_id: str, seq: float) -> None:
        """All was said of a message."""

    def all_left(self) -> None:
        """Nothing waits to leave: where it is to end, the node is told."""
        if self._closing and self.ended is None:
            self.hub.write({"type": self.end_frame, "channel": self.handle})

    # How it begins and ends

    @abstractmethod
    def is_open(self) -> bool:
        """Whether whoever waits for it has it."""

    def opened(self) -> Outcome[Any]:
        """What programs see of it, or of what took its place, once it is open."""
        opener: Outcome[Any] = Outcome()
        self._openers.append(opener)
        self.tell_openers()
        return opener

    @abstractmethod
    def face(self) -> object:
        """What programs see of it."""

    def tell_openers(self) -> None:
        """Whoever waits for it hears of it where it is open, or has ended."""
        if self.ended is None and not self.is_open():
            return
        openers, self._openers = self._openers, []
        for opener in openers:
            if self.ended is not None:
                opener.reject(self.ended)
            else:
                opener.resolve(self.face())

    def goes_on_in(self, other: Conduit) -> None:
        """It has become part of that one: whoever waits for it waits for that."""
        other._openers += self._openers
        self._openers = []
        self.abandon(GoopError(self.end_code, channel_id=self.handle))
        other.tell_openers()

    def end(self, error: GoopError, tell: Callable[[], None]) -> None:
        """It is over; ``tell`` tells of that, behind the messages that wait."""
        self.ended = error
        self.tell_openers()
        self.sending.stop()
        self._over.set()
        busy = self._places.in_hand is not None or bool(self._places.waiting)
        if not busy or "on_message" not in self.handlers:
            tell()  # nothing comes before it, or nobody would hear it there
        self._places.waiting.append(Item(Ending(tell)))
        self._wake.set()

    async def close(self) -> None:
        """End it; returns when it has ended. Raises ``GoopError`` (``client_closed``)."""
        self._ask_to_end()
        await self._over.wait()
        if self._gone is not None and self.ended is None:
            raise self._gone

    def _ask_to_end(self) -> None:
        if not self._closing and self.ended is None and self._gone is None:
            self._closing = True
            self.sending.flush()

    def withdraw(self) -> None:
        """Whoever waited for it has given up: it ends, unless it is open."""
        if not self.is_open():
            self._ask_to_end()

    def abandon(self, error: GoopError) -> None:
        """Nothing more is done about it; whoever awaits something of it hears why."""
        if self._openers:
            self.withdraw()
        self._gone = error
        for opener in self._openers:
            opener.reject(error)
        self.sending.stop()
        self.sending.end(error.code)
        if self._messages is not None:
            self._messages.end()
        self._over.set()
        self._worker.cancel()
