# SPDX-License-Identifier: MIT
"""A virtual link: what the engine takes for a stream is a membership in a 1.0.0 group."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Iterator

from goop_node.groups import GROUP_PROTOCOL, Membership, Pacing
from goop_node.types import NetworkError
from goop_realtime.goop2.best_effort import Item, Virtual
from goop_realtime.goop2.go_doors import Ears
from goop_realtime.machine.liveness import Wait
from goop_realtime.machine.waits import PAGE_MS
from goop_realtime.model.limits import OUTBOX_MESSAGES
from goop_realtime.model.wire import parse
from goop_realtime.types import Refusal

log = logging.getLogger(__name__)

QUEUE = 4 * OUTBOX_MESSAGES
"""Items on their way to the peer: the engine's own bounds stop long before."""
LOOK_MS = 100.0
"""What waits for our pages is looked at again so often, whoever has told what until then."""
DRAIN_MS = 5_000.0
"""How long a link that is being closed waits for a stream that takes nothing."""
READ_MS = 30_000
"""A peer that has taken nothing for so long reads no more, alive as it may be."""
RENEWAL_MS = 45_000
"""A leave, a stream and a welcome take less, or fail."""
INBOX = 16 * 1024
"""Messages read from a peer that is faster than it may be; reading pauses meanwhile."""


class GoLink:
    """A ``LineStream`` towards the engine, paced lines towards the peer.

    What the engine writes goes through ``virtual`` into a paced queue; what the peer sends waits
    where it comes faster than the channel's rate, or than our pages handle.
    """

    protocol = GROUP_PROTOCOL

    def __init__(
        self,
        member: Membership,
        virtual: Virtual,
        ears: Ears,
        *,
        hosted: bool,
        rate: float,
        burst: int,
    ) -> None:
        self.peer_id = member.peer_id
        self._hosted = hosted
        self._member = member
        self._virtual = virtual
        self._ears = ears
        self._out: Pacing[Item] = Pacing(bound=QUEUE)
        self._in: Pacing[bytes] = Pacing(bound=INBOX, interval=1000 / rate, burst=burst)
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self._paused = self._closing = self._deaf = self._over = False
        self.renewing = False
        """Whether the membership is being exchanged: nothing is written meanwhile."""
        self._entered = self._written = 0
        """What was passed on so far, in each direction."""
        self._taken_at = 0.0
        """When the stream below last had nothing left to take, for a link that is closing."""
        self._heard_at = self._clock()
        self._hear(member)

    def _hear(self, member: Membership) -> None:
        self._member = member
        member.on_message = self._received
        member.on_end = self._ended

    async def renew(self, join: Callable[[Callable[[Membership], None]], Awaitable[None]]) -> None:
        """Leave in good order and ``join`` again; to the engine nothing happens."""
        left: asyncio.Future[str] = self._loop.create_future()
        self.renewing = True
        self._member.on_end = lambda code: None if left.done() else left.set_result(code)
        self._member.depart()
        code = await left
        if code != "closed" and not self._silent():
            try:
                await join(self._renewed)
                return
            except NetworkError as error:
                code = error.code
            except Exception:
                log.exception("a membership at %s was not renewed", self.peer_id)
                code = "failed"
        self.renewing = False
        self._ended(code)

    def _renewed(self, member: Membership) -> None:
        if self._silent():
            member.end()
            return
        self.renewing = self._paused = False
        self._hear(member)
        self._wake(0)

    @property
    def over(self) -> bool:
        """Whether the link has ended."""
        return self._silent()

    @property
    def silent_ms(self) -> float:
        """How long ago the peer's last message came, or the link began."""
        return self._clock() - self._heard_at

    def let_go(self) -> tuple[Membership, list[bytes]]:
        """End the link because the peer is silent, and leave its membership as it is.

        With the membership come the messages that our pages have no room for yet.
        """
        rest = deque(self._in.flush())
        while rest and self._virtual.ready:
            self._enter(rest.popleft())
        self._tell_engine()
        if self._paused:
            self._member.resume()
        self._finish("silent")
        return self._member, list(rest)

    def waits(self, channel_id: str) -> Iterator[Wait]:
        """What the link waits for at the moment, if for anything but its pace."""
        if self.renewing:
            yield Wait(channel_id, "a newer membership", 0, RENEWAL_MS, self.reset)
        if self._closing:
            yield Wait(channel_id, "its last lines to leave", self._written, READ_MS, self.reset)
        elif len(self._out) and self._member.queued:
            yield Wait(channel_id, "the peer to read", self._written, READ_MS)
        if len(self._in) and not self._virtual.ready:
            yield Wait(channel_id, "our pages to make room", self._entered, PAGE_MS)

    # What the engine's driver sees

    @property
    def queued(self) -> int:
        """Bytes that the stream below has not taken."""
        return self._member.queued

    def start(self, on_lines: Callable[[list[bytes]], None], on_end: Callable[[str], None]) -> None:
        """Lines go to ``Ears`` instead."""

    def write(self, line: bytes) -> None:
        """A line of the engine."""
        if self._silent():
            return
        self._virtual.from_engine(parse(line), self._ears.now())
        # Not from within the driver's turn: the answer is a step of its own.
        self._wake(0)

    def pause(self) -> None:
        """The link itself paces what comes in."""

    def resume(self) -> None:
        """See ``pause``."""

    def close(self) -> None:
        """Let go when all that is queued has been written."""
        if not self._closing and not self._silent():
            self._closing = True
            self._taken_at = self._clock()
            self._wake(0)

    def reset(self) -> None:
        """Let go at once."""
        if not self._over:
            if self._hosted:
                self._member.drop()
            else:
                self._member.end()
        self._finish("closed")

    # The peer

    def _received(self, author: str, message: bytes | None) -> None:
        if self._over:
            return
        self._heard_at = self._clock()
        if author != self.peer_id:
            # Others may be in its group; the channel is between us two.
            self._ears.refused("foreign_author", f"a message of {author[:60]}")
        elif not self._in.put(message or b"null"):
            self._ears.refused("overflow", "the peer sends more than it may")
            self.reset()
        else:
            self._run()

    def _ended(self, code: str) -> None:
        """The membership is over: what was read before is still passed on, as far as it may."""
        if self._over:
            return
        for message in self._in.flush():
            self._enter(message)
        if code == "closed" and not self._hosted:
            self._virtual.ended_by_peer()
        self._tell_engine()
        if code == "replaced":
            # The newer membership takes this link's place; to the engine it never ended.
            self._deaf = True
            self._stop()
        else:
            self._finish(code)

    # Both directions

    def _wake(self, delay_ms: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop.call_later(delay_ms / 1000, self._run)

    def _run(self) -> None:
        """Let go of what is due, in both directions, and see when to look again."""
        self._stop()
        if self._silent():
            return
        self._take_in()
        self._give_out()
        self._tell_engine()
        if self._silent():
            return
        if self._closing and self._is_drained():
            if self._ears.final():
                self._member.end()
            else:
                self._member.drop()
            self._finish("closed")
            return
        self._hold_back()
        waits = []
        if len(self._in):
            waits.append(self._in.wait(self._clock()) if self._virtual.ready else LOOK_MS)
        if len(self._out):
            waits.append(self._out.wait(self._clock()) if self._may_write else LOOK_MS)
        due = [wait for wait in waits if wait is not None]
        if due:
            self._wake(max(1.0, min(due)))

    @property
    def _may_write(self) -> bool:
        # What is written on a link that closes is numbered nowhere: nothing holds it back.
        return self._closing or self._virtual.may_write

    def _is_drained(self) -> bool:
        """Whether all is written, or will not be: the stream takes nothing any more."""
        if not self._member.queued:
            self._taken_at = self._clock()
        return not len(self._out) or self._clock() - self._taken_at > DRAIN_MS

    def _take_in(self) -> None:
        while self._virtual.ready and (message := self._in.take(self._clock())) is not None:
            self._enter(message)

    def _enter(self, message: bytes) -> None:
        self._entered += 1
        refusal: Refusal | None = Refusal(code="overflow", reason="too much is unhandled")
        if self._virtual.ready:
            refusal = self._virtual.from_peer(message, self._ears.now())
        if refusal is not None:
            self._ears.refused(refusal.code, refusal.reason)
        self._tell_engine()

    def _give_out(self) -> None:
        for item in self._virtual.to_peer:
            if not self._out.put(item, paced=item.payload is not None):
                self._ears.refused("outbox_full", "the queue to the peer is full")
                self.reset()
                return
        self._virtual.to_peer.clear()
        while self._may_write and not self.renewing and not self._member.queued:
            turn = self._out.take(self._clock())
            if turn is None:
                return
            if turn.payload is not None:
                self._member.send(turn.payload)
            self._virtual.written(turn)
            self._written += 1
            if turn.last:
                self._tell_engine()
                self._member.end()
                return

    def _tell_engine(self) -> None:
        lines, self._virtual.to_engine = self._virtual.to_engine, []
        if lines:
            self._ears.lines(lines)

    def _hold_back(self) -> None:
        wanted = len(self._in) > 0
        if wanted != self._paused:
            self._paused = wanted
            if wanted:
                self._member.pause()
            else:
                self._member.resume()

    def _silent(self) -> bool:
        return self._over or self._deaf

    def _clock(self) -> float:
        return self._loop.time() * 1000

    def _stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _finish(self, code: str) -> None:
        self._stop()
        if not self._over:
            self._over = True
            self._ears.ended(code)
