# SPDX-License-Identifier: MIT
"""A connection that the library has secured, taken from it: its socket, its keys, what was read.

That needs attributes of the library which are not public. They are looked at first; where one is
not as known here (another version), the connection stays with the library.
"""

from __future__ import annotations

from socket import socket
from typing import Any, NamedTuple

import trio
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from libp2p.io.trio import TrioTCPStream
from libp2p.network.connection.raw_connection import RawConnection
from libp2p.security.noise.io import NoisePacketReadWriter, NoiseTransportReadWriter
from libp2p.security.secure_session import SecureSession
from noise.constants import MAX_NONCE  # type: ignore[import-untyped]
from noise.state import CipherState  # type: ignore[import-untyped]

from goop_node.p2p.data_path.packets import Packets
from goop_node.p2p.read_ahead import ReadAhead


class Unknown(Exception):
    """The library is not as known here."""


class Taken(NamedTuple):
    """What a connection consists of."""

    sock: socket
    packets: Packets
    plain: bytes
    """What was decrypted and not used."""
    ahead: bytes
    """What was read and not decrypted."""


class Secured:
    """A connection as the library has it. Raises ``Unknown``; nothing has changed then."""

    def __init__(self, conn: Any) -> None:
        self._session = _exactly(SecureSession, conn)
        transport = _exactly(NoiseTransportReadWriter, _of(conn, "conn"))
        protocol = _of(transport, "noise_state", "noise_protocol")
        self._sending = _cipher(_of(protocol, "cipher_state_encrypt"))
        self._receiving = _cipher(_of(protocol, "cipher_state_decrypt"))
        if self._sending is self._receiving:
            raise Unknown("one cipher for both ways")
        packets = _exactly(NoisePacketReadWriter, _of(transport, "read_writer"))
        self._ahead = _exactly(ReadAhead, _of(packets, "read_write_closer"))
        raw = _exactly(RawConnection, self._ahead.below)
        stream = _exactly(TrioTCPStream, _of(raw, "stream"))
        self._socket = _of(_exactly(trio.SocketStream, _of(stream, "stream")), "socket")
        _of(self._socket, "detach")
        low, high = _of(conn, "low_watermark"), _of(conn, "high_watermark")
        self._plain = _of(conn, "buf", "getvalue")()[low:high]

    def take(self) -> Taken:
        """It is the caller's from now on. Raises ``OSError`` when it was closed meanwhile.

        The library has no socket any more, and its counters are at their end, so that nothing
        that it does could use a number twice.
        """
        if self._socket.fileno() < 0:
            raise OSError("the connection has been closed")
        packets = Packets(
            self._sending.cipher.cipher.encrypt,
            self._sending.n,
            self._receiving.cipher.cipher.decrypt,
            self._receiving.n,
        )
        self._sending.n = self._receiving.n = MAX_NONCE
        trio.lowlevel.notify_closing(self._socket)
        sock = socket(fileno=self._socket.detach())
        sock.setblocking(False)
        return Taken(sock, packets, self._plain, self._ahead.rest())


def _of(one: Any, *names: str) -> Any:
    for name in names:
        try:
            one = getattr(one, name)
        except AttributeError:
            raise Unknown(f"{type(one).__name__} has no {name}") from None
    return one


def _exactly(kind: type, one: Any) -> Any:
    if type(one) is not kind:
        raise Unknown(f"{type(one).__name__} in place of {kind.__name__}")
    return one


def _cipher(state: Any) -> Any:
    _exactly(CipherState, state)
    _exactly(ChaCha20Poly1305, _of(state, "cipher", "cipher"))
    _exactly(int, _of(state, "n"))
    return state
