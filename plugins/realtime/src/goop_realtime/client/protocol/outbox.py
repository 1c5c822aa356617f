# SPDX-License-Identifier: MIT
"""What was sent on one channel or room and has not settled: when it leaves, what is sent again.

The node takes each id once and answers every repetition, so a new connection sends everything
anew that was not delivered: nothing is doubled and nothing lost.
"""

from __future__ import annotations

import json
import math
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from goop_realtime.client.errors import GoopError
from goop_realtime.client.protocol.frames import Receipt, Refused
from goop_realtime.client.protocol.pace import Pace

MOST_MESSAGES = 1_000
MOST_BYTES = 4 * 1024 * 1024
"""What may be on its way and not handled yet."""
USUAL_MESSAGE_BYTES = 64 * 1024
PORTION = 0.025
"""Seconds: what waits for its channel's pace goes out together, so often at most."""
DRAIN = 1.0
"""Seconds that a full node is left alone where no receipt can tell that it has room again."""
ACCEPTED, DELIVERED, HANDLED = 1, 2, 3
_STAGES = {"accepted": ACCEPTED, "ordered": ACCEPTED, "delivered": DELIVERED, "handled": HANDLED}


@dataclass(eq=False)
class Sent:
    """One send. ``stage`` is how far it has come, ``left`` whether over this connection.

    ``seq`` is its number in a room's log, as far as it is known.
    """

    id: str
    text: str
    size: int
    stage: int = 0
    left: bool = False
    seq: float = math.inf


@dataclass(frozen=True)
class Reached:
    """A send has come to ``stage``. ``failed``, of *handled*: a handler there raised."""

    sent: Sent
    stage: int
    failed: bool = False


@dataclass(frozen=True)
class HandledBy:
    """One member of a room is done with it."""

    sent: Sent
    peer: str
    failed: bool


@dataclass(frozen=True)
class Over:
    """Nothing more will be said of a send: ``error`` says why, ``None`` where all was said.

    ``loud``: it is an error at all, and not only a receipt that will not come.
    """

    sent: Sent
    error: GoopError | None
    loud: bool = False


@dataclass(frozen=True)
class Drained:
    """There is room again."""


News = Reached | HandledBy | Over | Drained


@dataclass(eq=False)
class Outbox:
    """The sends of one channel or room. ``next_id`` makes the id of the next one.

    What became of them gathers in ``news``. Times are in seconds, as those of ``Pace``.
    """

    channel: str
    next_id: Callable[[], str]
    best_effort: bool = False
    """Whether the other side confirms nothing."""
    message_bytes: int = USUAL_MESSAGE_BYTES
    pace: Pace = field(default_factory=Pace)
    news: deque[News] = field(default_factory=deque)
    waiting: int = 0
    """Bytes of sends that the node has not accepted."""
    _open: dict[str, Sent] = field(default_factory=dict)
    _bytes: int = 0
    _held: bool = False
    """Sends wait for their turn; later ones wait behind them."""
    _full: bool = False
    """A send was refused for want of room here."""
    _node_full: int | None = None
    """How many sends were unsettled when the node would take no more."""
    _drain_at: float | None = None

    def send(self, body: str, size: int, to: str = "") -> Sent:
        """Take a message of ``size`` bytes, as JSON. Raises ``GoopError`` where it cannot be."""
        if size > self.message_bytes:
            words = f"a message of {size} bytes; at most {self.message_bytes} are taken"
            raise GoopError("too_large", words, channel_id=self.channel)
        if len(self._open) >= MOST_MESSAGES or self._bytes + size > MOST_BYTES:
            self._full = True
            raise GoopError("outbox_full", channel_id=self.channel)
        message_id = self.next_id()
        whom = f'"to":{json.dumps(to)},' if to else ""
        head = f'{{"type":"send","channel":{json.dumps(self.channel)},"id":"{message_id}"'
        sent = Sent(message_id, f'{head},{whom}"data":{body}}}', size)
        self._open[message_id] = sent
        self._bytes += size
        self.waiting += size
        return sent

    # Out

    def reconnected(self) -> None:
        """Nothing has left over this connection."""
        for sent in self._open.values():
            sent.left = False

    def flush(self, now: float) -> Iterator[str]:
        """The frames that leave now, in their order."""
        if self._drain_at is not None and now >= self._drain_at:
            self._drain_at = None
            self._drain()
        self._held = False
        for sent in self._open.values():
            if sent.left or sent.stage >= DELIVERED:
                continue
            # What was accepted before is only asked about: the node's rate does not count it.
            counts = sent.stage == 0
            if not self.pace.take(now) if counts else now < self.pace.until:
                self._held = True
                return
            sent.left = True
            yield sent.text

    def wait(self, now: float) -> float | None:
        """Seconds until ``flush`` has something to do; ``None`` where nothing waits."""
        drain = None if self._drain_at is None else max(0.0, self._drain_at - now)
        held = max(PORTION, self.pace.wait(now)) if self._held else None
        return min((one for one in (drain, held) if one is not None), default=None)

    @property
    def all_left(self) -> bool:
        """Whether nothing waits to leave."""
        return all(sent.left or sent.stage >= DELIVERED for sent in self._open.values())

    def questions(self) -> list[str]:
        """The ids whose fate a new connection asks for; what is sent again asks by itself."""
        return [sent.id for sent in self._open.values() if sent.stage >= DELIVERED]

    def above(self, seq: float) -> list[str]:
        """Of those, the ids of what stands above a number in the log."""
        return [one.id for one in self._open.values() if one.stage >= DELIVERED and one.seq > seq]

    # In

    def receipt(self, told: Receipt) -> bool:
        """The node says how far a send is; whether it is one that has not settled."""
        sent = self._open.get(told.id)
        if sent is None:
            return False
        if told.seq is not None:
            sent.seq = told.seq
        if told.by:
            self.news.append(HandledBy(sent, told.by, told.failed))
        # Where a fate stands in place of a stage: what is not delivered is on its way again.
        elif told.stage != "unknown" or sent.stage >= DELIVERED:
            self._progress(sent, told)
        return True

    def _progress(self, sent: Sent, told: Receipt) -> None:
        known = _STAGES.get(told.stage, 0)
        code = told.code or (None if known else told.stage)
        if code == "unsupported":
            # Nobody can say whether it was handled; but it got there, unless nothing is confirmed.
            known = ACCEPTED if self.best_effort else DELIVERED
        elif code:
            known = 0
        if known:
            self.pace.taken()
        if sent.stage == 0 and known:
            self.waiting -= sent.size
        for stage in range(sent.stage + 1, known + 1):
            sent.stage = stage
            self.news.append(Reached(sent, stage, told.failed and stage == HANDLED))
        if sent.stage == HANDLED:
            self._settle(sent, None)
        elif code or (self.best_effort and sent.stage == ACCEPTED):
            # What a room has lost may have been applied nowhere; a channel only says no more of it.
            loud = sent.stage == 0 or code == "lost"
            self._settle(sent, self._about(sent, code or "unsupported", told.reason), loud=loud)

    def refused(self, told: Refused, now: float) -> bool:
        """A send was refused; whether it is one of these."""
        sent = self._open.get(told.id)
        if sent is None:
            return False
        if told.code == "too_fast":
            self._too_fast(sent, now)
            return True
        error = self._about(sent, told.code, told.reason, told.pointer)
        self._settle(sent, error, loud=True)
        if told.code == "outbox_full":
            self._node_full = len(self._open)
            if not self._open:
                self._drain_at = now + DRAIN
        return True

    def _too_fast(self, sent: Sent, now: float) -> None:
        """It, and by that every later one, leaves again in its order, with the id that it has."""
        behind = False
        for other in self._open.values():
            behind = behind or other is sent
            if behind and other.stage < DELIVERED:
                other.left = False
        self.pace.too_fast(now)
        self._held = True

    def largest_refused(self) -> None:
        """The node hung up over the size of something: it can only be the largest."""
        unaccepted = [sent for sent in self._open.values() if sent.stage == 0]
        if unaccepted:
            sent = max(unaccepted, key=lambda one: one.size)
            self._settle(sent, self._about(sent, "too_large"), loud=True)

    def end(self, code: str) -> None:
        """It is over: what has not settled never will."""
        for sent in list(self._open.values()):
            self._settle(sent, self._about(sent, code), loud=sent.stage == 0)

    def _about(
        self, sent: Sent, code: str, reason: str | None = None, pointer: str | None = None
    ) -> GoopError:
        return GoopError(code, reason, pointer=pointer, id=sent.id, channel_id=self.channel)

    def _settle(self, sent: Sent, error: GoopError | None, *, loud: bool = False) -> None:
        del self._open[sent.id]
        self._bytes -= sent.size
        if sent.stage == 0:
            self.waiting -= sent.size
        self.news.append(Over(sent, error, loud))
        self._drain()

    def _drain(self) -> None:
        if self._drain_at is not None:
            return
        most = MOST_MESSAGES / 2 if self._node_full is None else self._node_full / 2
        roomy = len(self._open) <= most and self._bytes <= MOST_BYTES / 2
        if roomy and (self._full or self._node_full is not None):
            self._full, self._node_full = False, None
            self.news.append(Drained())
