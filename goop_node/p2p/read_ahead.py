# SPDX-License-Identifier: MIT
"""Reads of what has arrived, instead of two bytes and then the rest.

Noise asks its connection for the length of a packet, then for the packet; as the library does
it, each is a system call of its own, and several turns of trio's loop.
"""

from __future__ import annotations

from typing import Any
from weakref import WeakSet

from libp2p.abc import IRawConnection, ISecureConn
from libp2p.network.connection.exceptions import RawConnError
from libp2p.peer.id import ID

READ_BYTES = 64 * 1024


class ReadAhead:
    """A raw connection, read by one task, that keeps what came beyond what was asked for."""

    def __init__(self, conn: IRawConnection) -> None:
        self._conn = conn
        self._rest = b""
        self._from = 0
        self.write = conn.write
        self.close = conn.close

    async def read(self, n: int | None = None) -> bytes:
        """At most ``n`` bytes, at least one; empty at the end of the connection.

        Raises ``RawConnError`` where a peer has announced more than a packet of noise can be.
        """
        if n is not None and n > READ_BYTES:
            raise RawConnError(f"{n} bytes announced before the connection is secured")
        if n == 0:
            return b""
        if self._from == len(self._rest):
            self._rest = await self._conn.read(READ_BYTES)
            self._from = 0
        end = len(self._rest) if n is None else min(self._from + n, len(self._rest))
        data = self._rest[self._from : end]
        self._from = end
        return data

    @property
    def below(self) -> IRawConnection:
        """The connection itself."""
        return self._conn

    def rest(self) -> bytes:
        """What came beyond what was asked for; it is the caller's now."""
        rest, self._rest, self._from = self._rest[self._from :], b"", 0
        return rest

    def __getattr__(self, name: str) -> Any:
        return getattr(self._conn, name)


class ReadingAhead:
    """The host's choice of security, over connections that read ahead."""

    def __init__(self, security: Any) -> None:
        self._security = security
        self._open: WeakSet[IRawConnection] = WeakSet()

    async def secure_inbound(self, conn: IRawConnection) -> ISecureConn:
        """As the library's."""
        self._open.add(conn)
        secured: ISecureConn = await self._security.secure_inbound(ReadAhead(conn))
        return secured

    async def secure_outbound(self, conn: IRawConnection, peer_id: ID) -> ISecureConn:
        """As the library's."""
        self._open.add(conn)
        secured: ISecureConn = await self._security.secure_outbound(ReadAhead(conn), peer_id)
        return secured

    def hang_up(self) -> None:
        """Close every socket at once, without a wait that could be cancelled."""
        for conn in self._open:
            raw: Any = conn
            raw.stream.stream.socket.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._security, name)


def read_ahead(host: Any) -> ReadingAhead:
    """Have a host's connections read ahead; before it listens."""
    upgrader = host.get_network().upgrader
    upgrader.security_multistream = ReadingAhead(upgrader.security_multistream)
    return upgrader.security_multistream  # type: ignore[no-any-return]
