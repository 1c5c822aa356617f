# SPDX-License-Identifier: MIT
"""The socket of a connection, read and written by asyncio.

Encrypted is only what leaves at once: one packet waits for the socket at most, and everything else
still lies with the streams, where it can be dropped with them.
"""

from __future__ import annotations

import asyncio
from socket import socket
from typing import Protocol

from goop_node.p2p.data_path.packets import MAX_PLAIN, Packets, Unreadable

READ_BYTES = 128 * 1024
PACKETS_IN_A_ROW = 4
"""Then others have a turn, however much there still is to send."""
READS_IN_THE_END = 64
WRITE_SECONDS = 15.0
"""How long a connection may not take a packet before it is given up."""


class Owner(Protocol):
    """Who has the link. What it raises, it deals with itself."""

    def received(self, data: bytes) -> None:
        """Bytes have come."""

    def take(self, room: int) -> bytes:
        """What is to be sent, ``room`` bytes at most."""

    def lost(self, why: str) -> None:
        """The link is closed. Nothing follows."""


class Link:
    """Bytes in both directions. All calls are made on the loop's thread."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        sock: socket,
        packets: Packets,
        buffer: bytearray,
        owner: Owner,
    ) -> None:
        """``buffer`` is what is read into; all links may share one. See ``begin``."""
        self._loop = loop
        self._sock = sock
        self._packets = packets
        self._buffer = memoryview(buffer)
        self._owner = owner
        self._unsent = b""
        """Of a packet, what the socket has not taken."""
        self._patience: asyncio.TimerHandle | None = None
        self._due: asyncio.Handle | None = None
        self.closed = False

    def begin(self, ahead: bytes) -> None:
        """Read, behind what was read ``ahead`` of us."""
        self._feed(ahead)
        if not self.closed:
            self._loop.add_reader(self._sock, self._readable)

    def wake(self) -> None:
        """There is something to send: it leaves at the end of this turn."""
        if self._due is None and not self._unsent and not self.closed:
            self._due = self._loop.call_soon(self._flush)

    def flush(self) -> None:
        """Send what there is, as far as the socket takes it."""
        while not self._unsent and self._send_packet():
            pass

    def _feed(self, data: bytes) -> None:
        try:
            plain = self._packets.opened(data)
        except Unreadable as error:
            self.close(str(error))
            return
        if plain:
            self._owner.received(plain)

    def close(self, why: str) -> None:
        """Give the connection up, whatever still waits."""
        if self.closed:
            return
        self.closed = True
        self._loop.remove_reader(self._sock)
        self._loop.remove_writer(self._sock)
        for waiting in (self._due, self._patience):
            if waiting is not None:
                waiting.cancel()
        self._sock.close()
        self._owner.lost(why)

    def _readable(self) -> None:
        try:
            size = self._sock.recv_into(self._buffer)
        except (BlockingIOError, InterruptedError):
            return
        except OSError as error:
            self.close(str(error))
            return
        if size:
            self._feed(bytes(self._buffer[:size]))
        else:
            self.close("the peer has closed the connection")

    def _flush(self) -> None:
        self._due = None
        for _ in range(PACKETS_IN_A_ROW):
            if self._unsent or not self._send_packet():
                return
        self.wake()

    def _send_packet(self) -> bool:
        """Whether one has left, as a whole or in part."""
        if self.closed:
            return False
        plain = self._owner.take(MAX_PLAIN)
        if not plain or self.closed:
            return False
        self._send(self._packets.sealed(plain))
        return True

    def _send(self, data: bytes) -> None:
        try:
            sent = self._sock.send(data)
        except (BlockingIOError, InterruptedError):
            sent = 0
        except OSError as error:
            self._hear_out(str(error))
            return
        waited = bool(self._unsent)
        self._unsent = data[sent:]
        if self._unsent and not waited:
            self._loop.add_writer(self._sock, self._writable)
            self._patience = self._loop.call_later(WRITE_SECONDS, self._stuck)
        elif waited and not self._unsent:
            self._loop.remove_writer(self._sock)
            if self._patience is not None:
                self._patience.cancel()
                self._patience = None

    def _writable(self) -> None:
        self._send(self._unsent)
        if not self._unsent and not self.closed:
            self.wake()

    def _hear_out(self, why: str) -> None:
        """The peer takes nothing any more; what it said before that counts."""
        for _ in range(READS_IN_THE_END):
            if not self.closed:
                self._readable()
        self.close(why)

    def _stuck(self) -> None:
        self.close("the peer takes nothing")
