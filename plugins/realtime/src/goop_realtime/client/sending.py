# SPDX-License-Identifier: MIT
"""What a program sends on a channel or room: when it leaves, and what becomes of it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from typing import Any, Protocol

import msgspec

from goop_realtime.client.errors import GoopError
from goop_realtime.client.outcomes import Sent
from goop_realtime.client.protocol.fleeting import Fleeting
from goop_realtime.client.protocol.frames import Kind, Receipt, Refused, Room, State
from goop_realtime.client.protocol.outbox import Drained, HandledBy, Outbox, Reached
from goop_realtime.model.jsonio import MalformedJson, read

USUAL_SIGNAL_BYTES = 4096


class Wire(Protocol):
    """Where frames leave."""

    @property
    def ready(self) -> bool:
        """Whether frames flow both ways."""

    def write(self, body: Mapping[str, Any] | str) -> bool:
        """Send a frame; whether it left."""

    def now(self) -> float:
        """Seconds of a clock that never goes back."""


class Owner(Protocol):
    """The channel or room whose sends these are."""

    def takes_signals(self) -> bool:
        """Whether there is somebody who can take what is sent now or never."""

    def refusal(self) -> GoopError | None:
        """Why nothing more is sent."""

    def drained(self) -> None:
        """There is room again."""

    def all_said(self, message_id: str, seq: float) -> None:
        """All was said of a message, which has that number in the log."""

    def error(self, error: GoopError) -> None:
        """Something failed that nobody awaits."""

    def all_left(self) -> None:
        """Nothing waits to leave."""


class Sending:
    """See above. ``next_id`` makes the id of the next message."""

    def __init__(self, wire: Wire, channel: str, owner: Owner, next_id: Callable[[], str]) -> None:
        self._wire = wire
        self._channel = channel
        self._owner = owner
        self.outbox = Outbox(channel, next_id)
        self._fleeting = Fleeting()
        self._renewed: dict[str, list[Sent]] = {}
        """The newest of each kind that have not left, with those that they replaced."""
        self._kinds: dict[str, Kind] = {}
        self._signal_bytes = USUAL_SIGNAL_BYTES
        self._sent: dict[str, Sent] = {}
        self._timer: asyncio.TimerHandle | None = None

    def limit(self, told: State | Room) -> None:
        """What the node says that it takes."""
        self._kinds = self._kinds if told.messages is None else told.messages
        if told.limits is not None:
            self.outbox.message_bytes = told.limits.message_bytes
            self.outbox.pace.limit(told.limits.rate, told.limits.burst)
            self._signal_bytes = told.limits.signal_bytes

    @property
    def unaccepted(self) -> list[Sent]:
        """What the node has not taken yet."""
        renewed = [sent for waiting in self._renewed.values() for sent in waiting]
        return [*(sent for sent in self._sent.values() if not sent.accepted.done()), *renewed]

    def knows(self, message_id: str) -> bool:
        """Whether it is about a message that has not settled."""
        return message_id in self._sent

    # What a program sends

    def send(self, data: Any, to: str = "") -> Sent:
        """See ``Channel.send``; ``to``: the one member of a room that it is for."""
        kind = self._kinds.get(str(data.get("type"))) if isinstance(data, dict) else None
        body, size = json_of(data)
        sent = Sent()
        refusal = self._owner.refusal()
        try:
            if refusal is not None:
                raise refusal
            if kind is not None and not to:
                self._send_unlogged(sent, data, body, size, kind)
                return sent
            sent.id = self.outbox.send(body, size, to).id
        except GoopError as error:
            self._refuse(sent, error)
            return sent
        self._sent[sent.id] = sent
        self.flush()
        return sent

    def _refuse(self, sent: Sent, error: GoopError) -> None:
        """Soon, so that the program has had its chance to await it."""

        def refuse() -> None:
            if not sent.over(error):
                self._owner.error(error)

        asyncio.get_running_loop().call_soon(refuse)

    def _send_unlogged(self, sent: Sent, data: Any, body: str, size: int, kind: Kind) -> None:
        limits, name = kind.limits, str(data["type"])
        most = self.outbox.message_bytes
        if limits is not None and limits.message_bytes is not None:
            most = limits.message_bytes
        if size > most:
            words = f"a message of {size} bytes; at most {most} are taken"
            raise GoopError("too_large", words, channel_id=self._channel)
        text = f'{{"type":"send","channel":{json.dumps(self._channel)},"data":{body}}}'
        if kind.delivery == "latest":
            key = self._fleeting.renew(name, kind, data, text)
            self._renewed.setdefault(key, []).append(sent)
            self.flush()
        # Whoever sends such a thing does not wait for it: it is told to who asks.
        elif not self._owner.takes_signals() or not self._wire.ready:
            sent.over(GoopError("not_connected", channel_id=self._channel))
        elif not self._fleeting.take(name, kind, self._wire.now()):
            sent.over(GoopError("too_fast", channel_id=self._channel))
        else:
            self._wire.write(text)
            self._left(sent)

    def _left(self, sent: Sent) -> None:
        """What is in no log has left for the own node; more is never said of it."""
        sent.reached(1, failed=False)
        sent.over(GoopError("unsupported", channel_id=self._channel))

    def signal(self, data: Any) -> bool:
        """See ``Channel.signal``."""
        body, size = json_of(data)
        if size > self._signal_bytes:
            words = f"a signal of {size} bytes; at most {self._signal_bytes} are taken"
            raise GoopError("too_large", words, channel_id=self._channel)
        if self._owner.refusal() or not self._owner.takes_signals() or not self._wire.ready:
            return False
        if not self.outbox.pace.take(self._wire.now()):
            return False
        text = f'{{"type":"signal","channel":{json.dumps(self._channel)},"data":{body}}}'
        return self._wire.write(text)

    # What leaves

    def reconnected(self) -> None:
        """There is a new connection, over which nothing has left."""
        self.outbox.reconnected()
        self._fleeting.reconnected()
        self.flush()

    def flush(self) -> None:
        """What has its turn leaves, and who waits hears what became of the rest."""
        wire = self._wire
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if wire.ready:
            now = wire.now()
            for text in self.outbox.flush(now):
                wire.write(text)
            for key, text in self._fleeting.flush(now):
                wire.write(text)
                for sent in self._renewed.pop(key, ()):
                    self._left(sent)
            if self.outbox.all_left:
                self._owner.all_left()
            waits = (self.outbox.wait(now), self._fleeting.wait(now))
            soonest = min((one for one in waits if one is not None), default=None)
            if soonest is not None:
                self._timer = asyncio.get_running_loop().call_later(soonest, self.flush)
        self._settle()

    # What becomes of it

    def told(self, frame: Receipt | Refused) -> None:
        """The node says what became of a message."""
        if isinstance(frame, Receipt):
            self.outbox.receipt(frame)
        else:
            self.outbox.refused(frame, self._wire.now())
        self.flush()

    def too_large(self) -> None:
        """The node hung up over the size of something."""
        self.outbox.largest_refused()
        self._settle()

    def end(self, code: str) -> None:
        """It is over: what has not settled never will."""
        self.outbox.end(code)
        self._settle()

    def stop(self) -> None:
        """Nothing leaves any more."""
        if self._timer is not None:
            self._timer.cancel()
        error = self._owner.refusal() or GoopError("closed", channel_id=self._channel)
        for waiting in self._renewed.values():
            for sent in waiting:
                sent.over(error)
        self._renewed.clear()
        self._fleeting = Fleeting()

    def _settle(self) -> None:
        while self.outbox.news:
            news = self.outbox.news.popleft()
            if isinstance(news, Drained):
                self._owner.drained()
                continue
            sent = self._sent[news.sent.id]
            if isinstance(news, Reached):
                sent.reached(news.stage, failed=news.failed)
            elif isinstance(news, HandledBy):
                sent.handled_by_one(news.peer, failed=news.failed)
            else:
                del self._sent[news.sent.id]
                heard = sent.over(news.error)
                if news.error is None:
                    self._owner.all_said(news.sent.id, news.sent.seq)
                elif news.loud and not heard:
                    self._owner.error(news.error)


def json_of(data: Any) -> tuple[str, int]:
    """The JSON of a message, and its bytes. Raises ``GoopError`` for what no node would take."""
    try:
        body = msgspec.json.encode(data)
        read(body)
    except MalformedJson as error:
        raise GoopError(error.code, error.reason) from error
    except (TypeError, ValueError, RecursionError) as error:
        raise GoopError("not_serialisable", f"this cannot be sent as JSON: {error}") from error
    return body.decode(), len(body)
