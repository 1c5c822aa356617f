# SPDX-License-Identifier: MIT
"""The way out of a yamux connection (pure): frames are cut when they are asked for."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from goop_node.p2p.data_path.frames import (
    ACK,
    DATA,
    FIN,
    GO_AWAY,
    HEADER,
    PING,
    RST,
    SYN,
    WINDOW,
    frame,
)
from goop_node.p2p.data_path.streams import Stream

MAX_ANSWERS = 16 * 1024
"""Bytes of frames that no stream's data is in. More of them wait only for a peer that asks for
them and does not read."""
MAX_PONGS = 16
"""Answers to pings that may wait; of more, the oldest are dropped, as go-yamux does."""


class Outgoing:
    """Streams take turns: whoever has much to say does not keep the others waiting."""

    def __init__(self, wake: Callable[[], None]) -> None:
        """``wake`` is called when there is something to ``take``."""
        self._wake = wake
        self._due: dict[int, Stream] = {}
        self._brief = bytearray()
        """Frames that no stream's data is in."""
        self._pongs: deque[int] = deque(maxlen=MAX_PONGS)

    @property
    def overdue(self) -> bool:
        """Whether the peer asks for more than it takes."""
        return len(self._brief) > MAX_ANSWERS

    def due(self, stream: Stream) -> None:
        """A stream has something to send, or credit to give."""
        self._due[stream.number] = stream
        self._wake()

    def begin(self, number: int, *, ours: bool) -> None:
        """A stream begins. What is said on it follows at once: this goes along with that."""
        self._brief += frame(WINDOW, SYN if ours else ACK, number)

    def reset(self, number: int) -> None:
        """A stream is refused, or ended at once."""
        self._brief += frame(WINDOW, RST, number)
        self._wake()

    def ping(self, number: int) -> None:
        """Ask for a sign of life."""
        self._brief += frame(PING, SYN, 0, number)
        self._wake()

    def pong(self, number: int) -> None:
        """Give one."""
        self._pongs.append(number)
        self._wake()

    def go_away(self, code: int) -> None:
        """Take leave."""
        self._brief += frame(GO_AWAY, 0, 0, code)
        self._wake()

    def forget(self, number: int) -> None:
        """A stream is no more."""
        self._due.pop(number, None)

    def clear(self) -> None:
        """The connection is no more."""
        self._due.clear()
        self._brief.clear()
        self._pongs.clear()

    def take(self, room: int, now: float, round_trip: float) -> tuple[bytes, list[Stream]]:
        """Whole frames, ``room`` bytes at most, and the streams of which something leaves."""
        while self._pongs:
            self._brief += frame(PING, ACK, 0, self._pongs.popleft())
        parts = [bytes(self._brief)] if self._brief else []
        room -= len(self._brief)
        self._brief.clear()
        sent = []
        for number in list(self._due):
            if room <= 3 * HEADER.size:
                break
            stream = self._due.pop(number)
            room -= _credit(stream, parts, now, round_trip)
            credited = len(parts)
            room -= _data(stream, parts, room - HEADER.size)
            if stream.out:
                if stream.send_window:
                    self._due[number] = stream  # behind all others
            elif stream.finishing and not stream.finished:
                parts.append(frame(WINDOW, FIN, number))
                room -= HEADER.size
                stream.finished = True
                stream.closed_at = now
            if len(parts) > credited:
                sent.append(stream)
        return b"".join(parts), sent


def _credit(stream: Stream, parts: list[bytes], now: float, round_trip: float) -> int:
    """What the peer may send from now on; the bytes that it takes to say so."""
    if stream.received_end or stream.deaf:
        return 0
    credit = stream.window.grant(len(stream.came), now, round_trip)
    if not credit:
        return 0
    parts.append(frame(WINDOW, 0, stream.number, credit))
    return HEADER.size


def _data(stream: Stream, parts: list[bytes], room: int) -> int:
    """One frame of what is queued, as far as there is room; the bytes that it takes."""
    out = stream.out
    size = min(len(out), stream.send_window, room - HEADER.size)
    if size <= 0:
        return 0
    parts.append(frame(DATA, 0, stream.number, size))
    parts.append(bytes(out) if size == len(out) else bytes(out[:size]))
    del out[:size]
    stream.send_window -= size
    return HEADER.size + size
