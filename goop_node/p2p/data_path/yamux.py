# SPDX-License-Identifier: MIT
"""Yamux without I/O (pure): what came goes in by ``receive``, what is to be sent is asked for by
``take``, and everything else is a plain call.

What a stream has to say lies with the stream until ``take`` cuts it into frames. A peer is held to
its word: what it was not granted ends the connection at the frame's header.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from goop_node.p2p import limits
from goop_node.p2p.data_path.credit import INITIAL, ReceiveWindow
from goop_node.p2p.data_path.frames import DATA, FIN, GO_AWAY, HEADER, LARGEST, PING, RST, SYN
from goop_node.p2p.data_path.outgoing import Outgoing
from goop_node.p2p.data_path.streams import Stream
from goop_node.p2p.held import Budget
from goop_node.p2p.stream_numbers import StreamNumbers

STALE_SECONDS = 60.0
"""How long what came is kept on a stream that both sides have finished, and nobody reads."""


class Breach(Exception):
    """The peer sent what it was never granted, or what is no yamux."""


class Owner(Protocol):
    """Who has the connection."""

    def opened(self, stream: Stream) -> None:
        """The peer has opened a stream."""

    def wake(self) -> None:
        """There is something to ``take``."""


class Yamux:
    """One side of one connection. ``now`` is in seconds, by any clock that is never set."""

    def __init__(
        self, owner: Owner, initiator: bool, budget: Budget, share: Callable[[], int]
    ) -> None:
        """``share`` is how many streams the peer may have open towards us just now."""
        self.streams: dict[int, Stream] = {}
        self.gone = ""
        """Why there is no more to read: the peer has taken its leave."""
        self.heard = 0
        """How often something came."""
        self.round_trip = 0.0
        """Seconds; 0 when it is not known yet."""
        self._owner = owner
        self._share = share
        self._numbers = StreamNumbers(odd=not initiator)
        self._next = 1 if initiator else 2
        self._theirs = 0
        self._out = Outgoing(owner.wake)
        self._account = budget.open(self._drop)
        self._dropped = 0
        self._ping = 0
        self._pinged_at: float | None = None
        self._now = 0.0
        # The frame under way.
        self._header = b""
        self._body = 0
        self._into: Stream | None = None
        self._flags = 0
        # What is told when all of it was read.
        self._opened: list[Stream] = []
        self._touched: dict[int, Stream] = {}

    # What we want

    def open(self, now: float) -> Stream:
        """A stream of ours. The peer hears of it with the first that is sent on it.

        Raises ``Breach`` when there are no numbers left.
        """
        if self._next > LARGEST:
            raise Breach("this connection has had all streams that it can have")
        stream = Stream(self, self._next, True, ReceiveWindow(limits.MAX_WINDOW, now))
        self._next += 2
        self.streams[stream.number] = stream
        self._out.begin(stream.number, ours=True)
        return stream

    def ping(self, now: float) -> None:
        """Ask for a sign of life."""
        self._ping = (self._ping + 1) % LARGEST
        self._pinged_at = now
        self._out.ping(self._ping)

    def go_away(self, code: int) -> None:
        """Take leave, with one of yamux's codes."""
        self._out.go_away(code)

    def end(self) -> None:
        """The connection is no more."""
        self.gone = self.gone or "ended"
        for stream in list(self.streams.values()):
            self._end(stream, "lost")
        self._account.close()
        self._out.clear()

    def sweep(self, now: float) -> None:
        """Let go of what lies on streams that are over, and that nobody has read for long."""
        for stream in list(self.streams.values()):
            if stream.over and now - stream.closed_at >= STALE_SECONDS:
                self._end(stream, "lost")

    def take(self, room: int, now: float) -> bytes:
        """What is to be sent, in whole frames, ``room`` bytes at most; it has gone with that.

        ``room`` is more than ``MAX_ANSWERS``. Raises ``Breach``.
        """
        self._now = now
        self._check()
        data, sent = self._out.take(room, now, self.round_trip)
        for stream in sent:
            self._forget_if_over(stream)
            stream.on_output()
        return data

    # What streams ask for

    def due(self, stream: Stream) -> None:
        """See ``Connection``."""
        self._out.due(stream)

    def read_from(self, stream: Stream) -> None:
        """See ``Connection``."""
        if not stream.received_end and not stream.deaf and stream.window.owes(len(stream.came)):
            self._out.due(stream)
        self.weigh(stream)
        self._forget_if_over(stream)

    def weigh(self, stream: Stream) -> None:
        """See ``Connection``."""
        held = len(stream.came) + stream.unfinished
        if held != stream.weighed and stream.number in self.streams:
            stream.weighed = held
            self._account.set(stream.number, held)

    def abort(self, stream: Stream) -> None:
        """See ``Connection``."""
        if not stream.end:
            if not stream.over:
                self._out.reset(stream.number)
            self._end(stream, "closed")

    # In

    def receive(self, data: bytes, now: float) -> None:
        """What has come, cut anywhere. Raises ``Breach``: then the connection must end."""
        self._now = now
        self.heard += 1
        self._read(data)
        self._check()
        opened, self._opened = self._opened, []
        touched, self._touched = self._touched, {}
        for stream in opened:
            if not stream.end and not stream.resetting:
                self._owner.opened(stream)
        for stream in touched.values():
            self._tell(stream)

    def _check(self) -> None:
        if self._dropped > limits.MAX_DROPPED:
            raise Breach(f"more than {limits.MAX_DROPPED} streams were dropped for what they held")
        if self._out.overdue:
            raise Breach("it asks for more answers than it takes")

    def _read(self, data: bytes) -> None:
        if self._header:
            data = self._header + data
            self._header = b""
        at, end = 0, len(data)
        while at < end and not self.gone:
            if self._body:
                stop = min(at + self._body, end)
                self._take_in(data[at:stop])
                at = stop
            elif end - at < HEADER.size:
                self._header = data[at:]
                return
            else:
                version, kind, flags, number, length = HEADER.unpack_from(data, at)
                at += HEADER.size
                if version or kind > GO_AWAY:
                    raise Breach("what it says is not yamux")
                if kind == PING:
                    self._pinged(flags, length)
                elif kind == GO_AWAY:
                    self.gone = f"the peer has taken its leave ({length})"
                else:
                    self._of_a_stream(kind, flags, number, length)

    def _take_in(self, piece: bytes) -> None:
        """Bytes of the frame that is under way."""
        stream = self._into
        if stream is not None and stream.listens:
            stream.came += piece
            self._touched[stream.number] = stream
        self._body -= len(piece)
        if not self._body and stream is not None:
            self._heed(stream, self._flags)

    def _of_a_stream(self, kind: int, flags: int, number: int, length: int) -> None:
        if flags & SYN and (why := self._numbers.take(number)):
            raise Breach(why)
        stream = self._begin(number) if flags & SYN else self.streams.get(number)
        if kind == DATA:
            if stream is not None:
                granted = stream.window.left
            else:
                # Refused, or ended by us while this was under way: it is read and dropped.
                granted = INITIAL if flags & SYN else limits.MAX_WINDOW
            if length > granted:
                raise Breach(f"{length} bytes on stream {number}, {granted} were granted")
            self._body, self._into, self._flags = length, stream, flags
            if stream is not None:
                stream.window.left -= length
                if not length:
                    self._heed(stream, flags)
        elif stream is not None:
            if length and not flags & RST:  # there it is the code of an error
                stream.grant(length)
                if stream.out:
                    self._out.due(stream)
            self._heed(stream, flags)

    def _begin(self, number: int) -> Stream | None:
        """The stream that the peer opens, or nothing where it has its share already."""
        if self._theirs >= min(limits.MAX_STREAMS, self._share()):
            self._out.reset(number)
            return None
        stream = Stream(self, number, False, ReceiveWindow(limits.MAX_WINDOW, self._now))
        self.streams[number] = stream
        self._theirs += 1
        self._opened.append(stream)
        self._out.begin(number, ours=False)
        return stream

    def _heed(self, stream: Stream, flags: int) -> None:
        """The end of a stream, or of what the peer has to say on it."""
        if flags & RST:
            stream.resetting = True
            self._touched[stream.number] = stream
        elif flags & FIN and not stream.received_end:
            stream.received_end = True
            stream.closed_at = self._now
            self._touched[stream.number] = stream

    def _tell(self, stream: Stream) -> None:
        if not stream.end:
            stream.on_input()
            if stream.resetting:
                self._end(stream, "reset")
            else:
                self.weigh(stream)
                self._forget_if_over(stream)

    def _pinged(self, flags: int, number: int) -> None:
        if flags & SYN:
            self._out.pong(number)
        elif self._pinged_at is not None and number == self._ping:
            took = self._now - self._pinged_at
            self.round_trip = (self.round_trip + took) / 2 if self.round_trip else took
            self._pinged_at = None

    # Ends

    def _drop(self, number: int) -> None:
        """Too much is held for strangers, and most of it on this stream."""
        self._dropped += 1
        stream = self.streams.get(number)
        if stream is not None:
            self._out.reset(number)
            self._end(stream, "dropped")

    def _end(self, stream: Stream, how: str) -> None:
        if not stream.end:
            stream.end = how
            stream.out.clear()
            if how != "lost":
                # Else whoever reads it is shown first what came before, as a farewell does.
                stream.came.clear()
            self._forget(stream)
            stream.on_input()
            stream.on_output()

    def _forget_if_over(self, stream: Stream) -> None:
        if stream.over and not stream.came:
            self._forget(stream)

    def _forget(self, stream: Stream) -> None:
        if self.streams.pop(stream.number, None) is not None:
            self._out.forget(stream.number)
            self._account.set(stream.number, 0)
            if not stream.ours:
                self._theirs -= 1
