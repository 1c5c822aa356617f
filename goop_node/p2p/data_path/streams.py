# SPDX-License-Identifier: MIT
"""One stream of a yamux connection (pure): what came and was not read, what is to be sent."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from goop_node.p2p.data_path.credit import INITIAL, ReceiveWindow
from goop_node.p2p.data_path.frames import LARGEST


class Connection(Protocol):
    """What a stream asks of its connection."""

    def due(self, stream: Stream) -> None:
        """The stream has something to send, or credit to give."""

    def read_from(self, stream: Stream) -> None:
        """Somebody has read what came on it."""

    def weigh(self, stream: Stream) -> None:
        """Bring what it holds up to date in the connection's account."""

    def abort(self, stream: Stream) -> None:
        """End it at once, and tell the peer."""


def nobody() -> None:
    """Who hears of what happens to a stream that nobody has taken yet."""


class Stream:
    """Ended by nobody while ``end`` is empty; else it says how: ``"reset"`` by the peer,
    ``"dropped"`` for what it held, ``"closed"`` by us, ``"lost"`` with the connection.

    ``on_input`` is called when something came or it ended, never while the connection still reads;
    ``on_output`` when something of it has left.
    """

    __slots__ = (
        *("_connection", "came", "closed_at", "credits", "deaf", "end", "finished", "finishing"),
        *("number", "on_input", "on_output", "ours", "out", "received_end", "resetting"),
        *("send_window", "unfinished", "weighed", "window"),
    )

    def __init__(self, connection: Connection, number: int, ours: bool, window: ReceiveWindow):
        self._connection = connection
        self.number = number
        self.ours = ours
        self.came = bytearray()
        """Bytes that nobody has read yet."""
        self.out = bytearray()
        """Bytes that are still to be sent."""
        self.window = window
        self.send_window = INITIAL
        self.credits = 0
        """How often the peer has granted something."""
        self.finishing = False
        """Nothing is written any more; the end follows what is in ``out``."""
        self.finished = False
        """Our end has left."""
        self.received_end = False
        self.resetting = False
        """The peer has reset it; whoever reads it is shown first what came before."""
        self.deaf = False
        """Nobody reads it any more."""
        self.end = ""
        self.unfinished = 0
        """Bytes that were read, and that the reader keeps for the want of their end."""
        self.weighed = 0
        self.closed_at = 0.0
        self.on_input: Callable[[], None] = nobody
        self.on_output: Callable[[], None] = nobody

    @property
    def at_end(self) -> bool:
        """Whether the peer has finished, and all of it was read."""
        return self.received_end and not self.came

    @property
    def over(self) -> bool:
        """Whether both sides have finished."""
        return self.finished and self.received_end

    @property
    def listens(self) -> bool:
        """Whether what still comes is of use to anybody."""
        return not (self.deaf or self.end or self.received_end or self.resetting)

    def write(self, data: bytes) -> None:
        """Send it when there is room. Ignored once it has ended, or is about to."""
        if not self.end and not self.finishing:
            self.out += data
            self._connection.due(self)

    def finish(self) -> None:
        """Send no more than what is queued."""
        if not self.end and not self.finishing:
            self.finishing = True
            self._connection.due(self)

    def abort(self) -> None:
        """End both directions at once, and drop what is queued."""
        self._connection.abort(self)

    def read(self, most: int = -1) -> bytes:
        """What came, at most so many bytes of it."""
        came = self.came
        if most < 0 or most >= len(came):
            data = bytes(came)
            came.clear()
        else:
            data = bytes(came[:most])
            del came[:most]
        self._connection.read_from(self)
        return data

    def keep(self, unfinished: int) -> None:
        """Whoever reads it keeps so many bytes of what has no end yet."""
        if unfinished != self.unfinished:
            self.unfinished = unfinished
            self._connection.weigh(self)

    def ignore(self) -> None:
        """Nobody reads it any more: what comes is dropped, as long as it is within the window."""
        self.deaf = True
        self.came.clear()
        self._connection.read_from(self)

    def grant(self, credit: int) -> None:
        """The peer takes so many bytes more."""
        self.credits += 1
        self.send_window = min(self.send_window + credit, LARGEST)
