# SPDX-License-Identifier: MIT
"""The other node's part towards our engine, played for a Goop² peer that has no log.

Such a peer (protocol 1.0.0) joins, sends and receives, and knows no numbers, confirmations or
acknowledgements. So that the engine keeps one mechanism, a ``VirtualGuest`` or ``VirtualHost``
speaks our own protocol with it over a virtual link. To the engine, what was written to the peer
is with it; to a page nothing ever counts as delivered or handled. Pure: no I/O, no clock.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import msgspec

from goop_node.types import JsonValue
from goop_realtime.model.jsonio import MalformedJson, encode, read
from goop_realtime.model.limits import OUTBOX_BYTES, OUTBOX_MESSAGES
from goop_realtime.model.log import Position
from goop_realtime.model.wire import Join, Line, payload, raw
from goop_realtime.types import Refusal

PAGE_UNKNOWN = "unknown"
"""Such a peer does not say whether a page of it is open."""


@dataclass(frozen=True, slots=True)
class Item:
    """What takes its turn in the queue to the peer.

    ``payload`` is an encoded message; without one nothing is written, and ``last`` says that
    the channel ends here. ``line`` is what the engine wrote.
    """

    line: Line
    payload: bytes | None = None
    last: bool = False


class Virtual:
    """What both parts have in common. ``to_engine`` and ``to_peer`` gather what to pass on.

    ``unread`` says how many entries our pages have not handled, and of how many bytes: it is
    asked for each message, so whoever passes one on lets the engine have it before the next.
    Times are Unix milliseconds.
    """

    def __init__(
        self,
        group: str,
        *,
        peer: str,
        prefix: str,
        message_bytes: int,
        unread: Callable[[], tuple[int, int]],
    ) -> None:
        self.to_engine: list[Line] = []
        self.to_peer: list[Item] = []
        self._group = group
        self._peer = peer
        self._prefix = prefix
        self._count = 0
        self._message_bytes = message_bytes
        self._unread = unread

    @property
    def ready(self) -> bool:
        """Whether our pages have handled enough for another message of the peer."""
        return self._within(1)

    @property
    def may_write(self) -> bool:
        """Whether another message of our own may be written to the peer."""
        return True

    def _within(self, share: int) -> bool:
        count, size = self._unread()
        return count < share * OUTBOX_MESSAGES and size < share * OUTBOX_BYTES

    def ended_by_peer(self) -> None:
        """The peer ended the channel for good."""
        self.to_engine.append(Line(type="close", group=self._group, code="closed"))

    def from_engine(self, line: Line, now: int) -> None:
        """A line that our engine wrote to the virtual link."""
        if line.type == "ping":
            self.to_engine.append(Line(type="pong", group=self._group))
        elif line.type == "close":
            self.to_peer.append(Item(line, last=True))

    def from_peer(self, message: bytes | None, now: int) -> Refusal | None:
        """A message of the peer; refused where it breaks a bound."""
        try:
            encoded = encode(None if message is None else read(message))
        except MalformedJson as error:
            return Refusal(code=error.code, reason=error.reason)
        if len(encoded) > self._message_bytes:
            return Refusal(code="too_large", reason=f"a message of {len(encoded)} bytes")
        self._take(encoded, now)
        return None

    def written(self, item: Item) -> None:
        """The item has had its turn: it is with the peer, as far as anybody knows."""
        raise NotImplementedError

    def _take(self, encoded: bytes, now: int) -> None:
        raise NotImplementedError

    def _next_id(self) -> str:
        self._count += 1
        return f"{self._prefix}-{self._count}"


class VirtualGuest(Virtual):
    """The guest of a channel that we host: the peer is a member of our group."""

    def join(self, have: Position) -> Line:
        """The first line. ``have``: the last entry that was written to the peer."""
        fields = {"have": list(have) if have[1] else None, "page": PAGE_UNKNOWN}
        return Line(type="join", group=self._group, payload=raw(fields))

    def from_engine(self, line: Line, now: int) -> None:
        """Entries go to the peer; of its own ones only the number is of interest."""
        super().from_engine(line, now)
        if line.type == "confirm" or (line.type == "msg" and line.from_ == self._peer):
            self.to_peer.append(Item(line))
        elif line.type == "msg" and line.kind == "close":
            self.to_peer.append(Item(line, last=True))
        elif line.type == "msg":
            self.to_peer.append(Item(line, _payload(line)))

    def written(self, item: Item) -> None:
        """Acknowledge the entry, as one that was written and never as one that was handled."""
        line = item.line
        if line.seq:
            place: dict[str, Any] = {"group": self._group, "epoch": line.epoch, "seq": line.seq}
            self.to_engine.append(Line(type="ack", stage="written", **place))

    def _take(self, encoded: bytes, now: int) -> None:
        self.to_engine.append(
            Line(
                type="msg", group=self._group, id=self._next_id(), at=now, payload=payload(encoded)
            )
        )


class VirtualHost(Virtual):
    """The host of a channel that we are the guest of: it gives both directions their numbers."""

    _epoch = 0
    _seq = 0

    @property
    def ready(self) -> bool:
        """Not before our engine has joined."""
        return self._epoch > 0 and super().ready

    @property
    def may_write(self) -> bool:
        """It gets its number there and then: not behind more than an engine takes unhandled."""
        return self._within(2)

    def from_engine(self, line: Line, now: int) -> None:
        """Our own messages go to the peer, and get their number when they are written."""
        super().from_engine(line, now)
        if line.type == "join":
            self._welcome(line, now)
        elif line.type == "msg" and line.kind == "close":
            self.to_peer.append(Item(line, last=True))
        elif line.type == "msg":
            self.to_peer.append(Item(line, _payload(line)))

    def _welcome(self, line: Line, now: int) -> None:
        """The order goes on after what our engine has, in a new epoch."""
        epoch, self._seq = line.told(Join).have or (0, 0)
        self._epoch = max(epoch + 1, now)
        fields: dict[str, JsonValue] = {"last": [epoch, self._seq], "page": PAGE_UNKNOWN}
        self.to_engine.append(
            Line(type="welcome", group=self._group, epoch=self._epoch, payload=raw(fields))
        )

    def written(self, item: Item) -> None:
        """Give our message its place."""
        if item.line.id:
            place = self._next_place()
            self.to_engine.append(Line(type="confirm", id=item.line.id, **place))
            self.to_engine.append(Line(type="ack", stage="written", **place))

    def _take(self, encoded: bytes, now: int) -> None:
        place = self._next_place()
        self.to_engine.append(
            Line(
                type="msg",
                from_=self._peer,
                id=self._next_id(),
                at=now,
                payload=payload(encoded),
                **place,
            )
        )

    def _next_place(self) -> dict[str, Any]:
        self._seq += 1
        return {"group": self._group, "epoch": self._epoch, "seq": self._seq}


def _payload(line: Line) -> bytes:
    return b"null" if isinstance(line.payload, msgspec.UnsetType) else bytes(line.payload)
