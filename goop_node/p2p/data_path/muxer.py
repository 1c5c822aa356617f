# SPDX-License-Identifier: MIT
"""A connection as the library knows it, with its bytes on asyncio: what py-libp2p's own streams
need (identify, ping, gossip), and the bounds that hold for all of them."""

from __future__ import annotations

import inspect
import logging
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import trio
from libp2p.abc import IMuxedConn, ISecureConn
from libp2p.connection_types import ConnectionType
from libp2p.peer.id import ID
from libp2p.stream_muxer.exceptions import MuxedConnUnavailable, MuxedStreamError
from multiaddr import Multiaddr

from goop_node.p2p import limits
from goop_node.p2p.containment import complain, warn
from goop_node.p2p.data_path.heartbeat import Heartbeat
from goop_node.p2p.data_path.library_streams import LibraryStream
from goop_node.p2p.data_path.link import Link
from goop_node.p2p.data_path.streams import Stream
from goop_node.p2p.data_path.takeover import Secured
from goop_node.p2p.data_path.yamux import Breach, Yamux
from goop_node.p2p.guest_ticks import GuestTicks
from goop_node.p2p.held import Budget

log = logging.getLogger(__name__)

CLEANUP_SECONDS = 2.0


class DirectYamux(IMuxedConn):
    """Stands in the place of the library's muxer. Both loops call it, on their one thread."""

    def __init__(
        self,
        conn: ISecureConn,
        peer_id: ID,
        secured: Secured,
        budget: Budget,
        share: Callable[[], int],
        ticks: GuestTicks,
        buffer: bytearray,
    ) -> None:
        """``share`` is how many streams a peer may have open towards us just now; ``buffer`` is
        what its socket is read into."""
        self.secured_conn = conn
        self.peer_id = peer_id
        self.on_close: Callable[[], Any] | None = None
        self.event_started = trio.Event()
        self.event_closed = trio.Event()
        self.spoken: set[str] = set()
        """Protocols that the peer has agreed on, on this connection."""
        self._remote = conn.get_remote_address()
        self._secured = secured
        self._ticks = ticks
        self._loop = ticks.loop
        self._buffer = buffer
        self._yamux = Yamux(self, conn.is_initiator, budget, share)
        self._accepted, self._accepting = trio.open_memory_channel[LibraryStream](
            limits.MAX_STREAMS
        )
        self._link: Link | None = None
        self._heartbeat: Heartbeat | None = None
        self._over = trio.Event()

    # What the library calls

    async def start(self) -> None:
        """Take the connection over, and serve it to its end."""
        try:
            self._take_over()
            self.event_started.set()
            await self._over.wait()
        finally:
            self.hang_up()
            with trio.move_on_after(CLEANUP_SECONDS) as scope:
                scope.shield = True
                await self._finish()

    async def close(self, error_code: int = 0) -> None:
        """Take leave, and close the connection."""
        link = self._link
        if link is None:
            self._yamux.end()
            await self.secured_conn.close()
        elif not link.closed:
            link.flush()
            self._yamux.go_away(error_code)
            link.flush()
            link.close("closed by us")
        await self._finish()

    async def _finish(self) -> None:
        """Tell all who wait for it that it has ended."""
        self._accepted.close()
        self.event_closed.set()
        self.event_started.set()
        on_close, self.on_close = self.on_close, None
        if on_close is not None:
            told = on_close()
            if inspect.isawaitable(told):
                await told

    async def open_stream(self) -> LibraryStream:
        """A stream of ours. Raises ``MuxedStreamError``."""
        await trio.lowlevel.checkpoint()
        if not self.is_established:
            raise MuxedStreamError("the connection has ended")
        try:
            return LibraryStream(self, self._yamux.open(self._loop.time()))
        except Breach as error:
            raise MuxedStreamError(str(error)) from None

    async def accept_stream(self) -> LibraryStream:
        """The next stream that the peer opens. Raises ``MuxedConnUnavailable`` at the end."""
        try:
            return await self._accepting.receive()
        except trio.EndOfChannel:
            raise MuxedConnUnavailable("the connection has ended") from None

    @property
    def is_initiator(self) -> bool:
        """Whether we have made the connection."""
        return self.secured_conn.is_initiator

    @property
    def is_established(self) -> bool:
        """Whether streams can be opened."""
        return self._link is not None and not self._link.closed

    @property
    def is_closed(self) -> bool:
        """Whether it has ended."""
        return self.event_closed.is_set() or (self._link is not None and self._link.closed)

    def rtt(self) -> float:
        """How long a round trip takes, in seconds; 0 when it is not known."""
        return self._yamux.round_trip

    def get_transport_addresses(self) -> list[Multiaddr]:
        """As the connection's."""
        return self.secured_conn.get_transport_addresses()

    def get_connection_type(self) -> ConnectionType:
        """As the connection's."""
        return self.secured_conn.get_connection_type()

    def get_remote_address(self) -> tuple[str, int] | None:
        """The peer's: the library has no socket any more that could be asked."""
        return self._remote

    # What the rest of the node calls

    @property
    def streams(self) -> dict[int, Stream]:
        """Those that are open."""
        return self._yamux.streams

    def doubt(self) -> None:
        """The peer has come with another connection: see soon whether this one still lives."""
        if self._heartbeat is not None and self.is_established:
            self._heartbeat.doubt()

    def hang_up(self) -> None:
        """Close the socket at once, behind what it still takes."""
        if self._link is not None and not self._link.closed:
            self._link.flush()
            self._link.close("hung up")

    def tell(self, event: trio.Event) -> None:
        """Set an event that trio's side waits for."""
        if not event.is_set():
            with suppress(RuntimeError):  # trio's side has ended, and nobody waits any more
                self._ticks.nudge()
                event.set()

    # What comes from the link, and from yamux

    def received(self, data: bytes) -> None:
        """See ``Link``."""
        try:
            self._yamux.receive(data, self._loop.time())
        except Exception as error:
            self._failed(error)
        if self._yamux.gone and self._link is not None:
            self._link.close(self._yamux.gone)

    def take(self, room: int) -> bytes:
        """See ``Link``."""
        try:
            return self._yamux.take(room, self._loop.time())
        except Exception as error:
            self._failed(error)
            return b""

    def lost(self, why: str) -> None:
        """See ``Link``."""
        log.debug("the connection to %s has ended: %s", self.peer_id, why)
        if self._heartbeat is not None:
            self._heartbeat.stop()
        self._yamux.end()
        self.tell(self._over)

    def wake(self) -> None:
        """See ``Yamux``."""
        if self._link is not None:
            self._link.wake()

    def opened(self, stream: Stream) -> None:
        """See ``Yamux``."""
        self._ticks.nudge()
        try:
            self._accepted.send_nowait(LibraryStream(self, stream))
        except (trio.WouldBlock, trio.BrokenResourceError, trio.ClosedResourceError, RuntimeError):
            stream.abort()  # too many wait already, or nobody takes them any more

    def _take_over(self) -> None:
        sock, packets, plain, ahead = self._secured.take()
        self._link = link = Link(self._loop, sock, packets, self._buffer, self)
        self._heartbeat = Heartbeat(self._loop, self._yamux, self._silent)
        if plain:
            self.received(plain)
        if not link.closed:
            link.begin(ahead)

    def _silent(self) -> None:
        if self._link is not None:
            self._link.close("nothing comes any more")

    def _failed(self, error: Exception) -> None:
        if isinstance(error, Breach):
            warn(str(self.peer_id), f"connection to {self.peer_id} ended: {error}")
        else:
            complain("a connection", str(self.peer_id), error)
        if self._link is not None:
            self._link.close(str(error))
