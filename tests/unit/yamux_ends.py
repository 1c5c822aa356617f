# SPDX-License-Identifier: MIT
"""Ends of yamux connections without a network, and what goes between them."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import NamedTuple

from goop_node.p2p.data_path.packets import MAX_PLAIN
from goop_node.p2p.data_path.streams import Stream
from goop_node.p2p.data_path.yamux import Yamux
from goop_node.p2p.held import Budget


class Frame(NamedTuple):
    """As the specification has it."""

    kind: int
    flags: int
    number: int
    length: int
    body: bytes = b""


def frames(data: bytes) -> Iterator[Frame]:
    """What is in these bytes; they must end with a frame."""
    while data:
        version, kind, flags, number, length = struct.unpack(">BBHII", data[:12])
        assert version == 0
        size = length if kind == 0 else 0
        assert len(data) >= 12 + size
        yield Frame(kind, flags, number, length, data[12 : 12 + size])
        data = data[12 + size :]


def encoded(kind: int, flags: int, number: int, length: int = 0, body: bytes = b"") -> bytes:
    """A frame as a peer sends it."""
    return struct.pack(">BBHII", 0, kind, flags, number, length or len(body)) + body


class End:
    """One end, with a clock that a test sets."""

    def __init__(
        self, initiator: bool, *, share: int = 100, each: int = 10**7, whole: int = 10**8
    ) -> None:
        self.budget = Budget(each, whole)
        self.yamux = Yamux(self, initiator, self.budget, lambda: share)
        self.now = 0.0
        self.accepted: list[Stream] = []
        self.waiting = False
        self.heard: dict[int, list[str]] = {}
        """What each stream was told."""

    def opened(self, stream: Stream) -> None:
        """See ``Owner``."""
        self.accepted.append(stream)

    def wake(self) -> None:
        """See ``Owner``."""
        self.waiting = True

    def open(self) -> Stream:
        """A stream of this end."""
        return self.yamux.open(self.now)

    def take(self, room: int = MAX_PLAIN) -> bytes:
        """One packet."""
        self.waiting = False
        data = self.yamux.take(room, self.now)
        assert len(data) <= room
        return data

    def all(self) -> bytes:
        """Everything that it would send."""
        data = b""
        while some := self.take():
            data += some
        return data

    def receive(self, data: bytes) -> None:
        """Take bytes in."""
        self.yamux.receive(data, self.now)

    def answers(self, data: bytes) -> list[Frame]:
        """What it says to these bytes."""
        self.receive(data)
        return list(frames(self.all()))


def carry(a: End, b: End) -> None:
    """Everything to the other side, until nobody has anything to send."""
    while True:
        there, back = a.all(), b.all()
        if not there and not back:
            return
        if there:
            b.receive(there)
        if back:
            a.receive(back)
