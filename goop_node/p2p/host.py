# SPDX-License-Identifier: MIT
"""The libp2p host, on trio's side: listening, dialling, streams.

Only TCP with noise and yamux: the library's QUIC is an order of magnitude slower. Connections
to discovered peers are opened at once and kept, so that a request needs no dial.
"""

from __future__ import annotations

import logging
import random
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from typing import Any

import trio
from libp2p.custom_types import TProtocol
from libp2p.peer.id import ID
from multiaddr import Multiaddr

from goop_node.clock import now_ms
from goop_node.exchange import Exchange, longest_line, matter_of
from goop_node.p2p import limits
from goop_node.p2p.addresses import Address, parsed, reachable
from goop_node.p2p.containment import NOBODY, contained
from goop_node.p2p.dialler import DIAL_SECONDS, Dialler, ToldTCP
from goop_node.p2p.exchanging import Exchanging
from goop_node.p2p.gossip import Gossip
from goop_node.p2p.guarded_streams import negotiated
from goop_node.p2p.guest_ticks import GuestTicks
from goop_node.p2p.identity import Identity
from goop_node.p2p.library_host import make_host
from goop_node.p2p.line_streams import line_stream, serve_lines
from goop_node.p2p.peers import PeerTable
from goop_node.p2p.people import People
from goop_node.p2p.presence import MAX_ADDRESSES, Own
from goop_node.p2p.read_ahead import ReadingAhead, read_ahead
from goop_node.p2p.redials import Redials
from goop_node.p2p.whereabouts import Whereabouts
from goop_node.types import LineStream, NetworkError, Refusal, StreamHandler

log = logging.getLogger(__name__)

END_SECONDS = 2.0


class Host:
    """One libp2p host with its presence. Every method runs on trio."""

    def __init__(
        self,
        identity: Identity,
        table: PeerTable,
        own: Callable[[], Own],
        whereabouts: Callable[[], Mapping[str, Whereabouts]],
        handlers: Sequence[StreamHandler | Exchange],
        ticks: GuestTicks,
        people: People,
    ) -> None:
        self.peer_id = identity.peer_id
        self._people = people
        self._ticks = ticks
        self._table = table
        self._whereabouts = whereabouts
        self._handlers = handlers
        self._exchanging = Exchanging()
        tcp = ToldTCP()
        self._host: Any = make_host(identity.key_pair, tcp, DIAL_SECONDS, self._lets_in, ticks)
        self._dialler = Dialler(self._host.get_network(), tcp, lambda: self.addrs)
        # Before it listens: it must see every connection.
        self._gossip = Gossip(self._host, table, own, lambda: self.addrs)
        self.farewell = self._gossip.farewell
        self._nursery: trio.Nursery | None = None
        self._redials = Redials(table.is_named)
        self._dialling: set[str] = set()
        self._unreached: set[str] = set()
        """Whom a person named and nobody could reach; the log has said so."""
        self._opening: dict[str, trio.CapacityLimiter] = {}

    async def serve(self, listen: Sequence[str], started: Callable[[], None]) -> None:
        """Run until cancelled; ``started`` is called when it listens. Raises ``OSError``."""
        connections = read_ahead(self._host)
        for handler in self._handlers:
            self._host.set_stream_handler(TProtocol(handler.protocol), self._inbound(handler))
        async with AsyncExitStack() as stack:
            stack.push_async_callback(self._end, connections)
            await stack.enter_async_context(
                self._host.listening([Multiaddr(address) for address in listen])
            )
            if not self._host.get_network().listeners:
                raise OSError(f"cannot listen on {', '.join(listen)}")
            await stack.enter_async_context(self._gossip.running())
            async with trio.open_nursery() as nursery:
                self._nursery = nursery
                nursery.start_soon(self._keep)
                started()

    async def _end(self, connections: ReadingAhead) -> None:
        """Close every socket: what the library closes when it is cancelled stays open, and a
        listener left behind would go on taking connections beside that of the next host."""
        connections.hang_up()
        self.hang_up()
        with trio.move_on_after(END_SECONDS) as scope:
            scope.shield = True
            async with trio.open_nursery() as nursery:
                for listener in self._host.get_network().listeners.values():
                    nursery.start_soon(listener.close)

    def hang_up(self) -> None:
        """Close the sockets that asyncio has. May be called when trio's side has failed."""
        self._host.hang_up()

    def announce(self) -> None:
        """Say who we are at once, not only at the next heartbeat."""
        self._gossip.announce()

    @property
    def addrs(self) -> tuple[str, ...]:
        """Our full multiaddrs, as others can dial them; those of loopback come last."""
        return tuple(one for own in self._host.get_addrs() for one in reachable(str(own)))

    @property
    def listening(self) -> tuple[Address, ...]:
        """The addresses that are listened on: wildcards as they are, with their ports."""
        return parsed(str(own) for own in self._host.get_addrs())

    # Streams

    def _lets_in(self, peer_id: str, protocol: str | None) -> bool:
        """Whether the peer may open a stream of a protocol, or (``None``) be connected at all."""
        if protocol is None and not self._has_place(peer_id):
            log.debug("there is no place for %s", peer_id)
            return False
        refusal = self._people.refusal(peer_id, matter_of(protocol, self._handlers), "in")
        if refusal is not None:
            log.debug("%s of %s is refused: %s", protocol or "a connection", peer_id, refusal.code)
        return refusal is None

    def _has_place(self, peer_id: str) -> bool:
        """Whether there is a place for another connection with the peer; a friend has one."""
        if self._table.is_named(peer_id):
            return True
        connections = self._host.get_network().get_connections_map()
        strangers = sum(
            len(its)
            for peer, its in connections.items()
            if not self._table.is_named(peer.to_base58())
        )
        return strangers < limits.STRANGERS

    def _inbound(self, handler: StreamHandler | Exchange) -> Callable[[Any], Any]:
        if isinstance(handler, Exchange):
            return partial(self._exchanging.serve, handler)
        return partial(serve_lines, handler, self._ticks)

    async def open_stream(
        self, peer_id: str, protocols: Sequence[str], max_line: int, early: bool
    ) -> LineStream:
        """See ``Network.open_stream``. ``max_line`` is for protocols not served here."""
        self._people.check(peer_id, "exchange")
        async with self._place(peer_id):
            stream, due = await self._new_stream(peer_id, protocols, early)
        negotiated(stream)
        protocol = str(stream.get_protocol())
        bound = longest_line(protocol, self._handlers, max_line)
        lines = line_stream(stream, protocol, bound, self._ticks, proposal=due)
        assert self._nursery is not None
        self._nursery.start_soon(contained, "a stream", peer_id, lines.serve)
        return lines

    @asynccontextmanager
    async def _place(self, peer_id: str) -> AsyncIterator[None]:
        """One of the few places for streams to a peer that it has not agreed to yet."""
        places = self._opening.setdefault(peer_id, trio.CapacityLimiter(limits.OPENING))
        try:
            async with places:
                yield
        finally:
            found = places.statistics()
            if not found.borrowed_tokens and not found.tasks_waiting:
                self._opening.pop(peer_id, None)

    async def _new_stream(
        self, peer_id: str, protocols: Sequence[str], early: bool
    ) -> tuple[Any, bytes]:
        """It, and the proposal that is still to be sent on it."""
        peer = ID.from_base58(peer_id)
        attempts = 3
        while True:
            await self.connect(peer_id)
            try:
                if early and (found := await self._host.early_stream(peer, protocols[0])):
                    return found  # type: ignore[no-any-return]
                return await self._host.new_stream(peer, list(map(TProtocol, protocols))), b""
            except Exception as error:
                attempts -= 1
                if "not supported" in repr(error.__cause__ or error):
                    raise NetworkError(
                        "unsupported", f"the peer speaks none of {', '.join(protocols)}"
                    ) from None
                if not attempts:
                    raise NetworkError("unreachable", f"no stream: {error}") from None
                # The connection that was chosen may just have ended: there may be another.
                if attempts == 1:
                    # A dead one can win over a fresh one: away with all, and dial anew.
                    await self.disconnect(peer_id)

    # Connections

    async def connect(self, peer_id: str) -> None:
        """Be connected to the peer. Raises ``NetworkError``."""
        self._people.check(peer_id, "presence")
        if not self._dialler.connected(peer_id):
            where = self._whereabouts().get(peer_id, Whereabouts())
            await self._dialler.connect(peer_id, where)

    async def meet(self, peer_id: str, addrs: Sequence[str], told_by: str) -> None:
        """Be connected to a peer of which another one has told. Raises ``NetworkError``."""
        self._people.check(peer_id, "exchange")
        where = Whereabouts(told=parsed(addrs)[:MAX_ADDRESSES], source=told_by)
        await self._dialler.connect(peer_id, where)
        self._table.connected(peer_id, True)

    async def disconnect(self, peer_id: str) -> None:
        """Close every connection to the peer."""
        try:
            with trio.move_on_after(2):
                await self._host.get_network().close_peer(ID.from_base58(peer_id))
        except Exception as error:
            log.debug("closing connections to %s: %r", peer_id, error)

    async def hold_to_decisions(self) -> None:
        """End the connections with those who may not reach us any more.

        Whose presence may still be seen comes again.
        """
        connected = [peer.to_base58() for peer in self._host.get_network().get_connections_map()]
        async with trio.open_nursery() as nursery:
            for peer_id in connected:
                if self._people.refusal(peer_id, "exchange", "in") is not None:
                    nursery.start_soon(self.disconnect, peer_id)

    async def add(self, peer_id: str, address: Address) -> None:
        """Be connected to a peer that answers at this address. Raises ``NetworkError``."""
        if self._dialler.connected(peer_id):
            await self._dialler.prove(peer_id, address)
        else:
            await self._dialler.connect(peer_id, Whereabouts(named=(address,)))

    async def found(self, peers: Mapping[str, tuple[Address, ...]]) -> None:
        """These have just said in our network where they are: they are dialled at once."""
        for peer_id, addresses in peers.items():
            self._redials.forget(peer_id)
            self._dialler.heard_from(addresses)
        await contained("what was found", NOBODY, self._look)

    async def _keep(self) -> None:
        """Watch the connections, and redial the peers that we know with growing pauses."""
        while True:
            await contained("watching the connections", NOBODY, self._look)
            await trio.sleep(1.0)

    async def _look(self) -> None:
        now = time.monotonic()
        connected = {
            peer.to_base58()
            for peer, conns in self._host.get_network().get_connections_map().items()
            if any(not conn.is_closed for conn in conns)
        } - {self.peer_id}
        for peer in self._table.all():
            if peer.connected and peer.peer_id not in connected:
                self._table.connected(peer.peer_id, False)
        assert self._nursery is not None
        for peer_id in connected:
            self._redials.forget(peer_id)
            self._table.connected(peer_id, True)
            if peer_id in self._unreached:
                self._unreached.discard(peer_id)
                log.info("%s is reached", peer_id)
            if self._people.refusal(peer_id, "presence", "in") is not None:
                # Decided while the connection was being made.
                self._nursery.start_soon(self.disconnect, peer_id)
        known = self._whereabouts()
        self._redials.keep(known)
        away = known.keys() - connected - self._dialling - {self.peer_id}
        for peer_id in self._redials.due(away, self._dialling, now):
            self._redials.begun(peer_id, now, random.random())
            self._dialling.add(peer_id)
            self._nursery.start_soon(
                contained, "a dial", peer_id, self._try, peer_id, known[peer_id]
            )
        self._table.expire(now_ms() / 1000)

    async def _try(self, peer_id: str, where: Whereabouts) -> None:
        try:
            if not self._dialler.connected(peer_id):
                await self._dialler.connect(peer_id, where)
            self._table.connected(peer_id, True)
        except NetworkError as error:
            log.debug("dialling %s: %s", peer_id, error)
            self._table.undialled(peer_id, Refusal(code=error.code, reason=error.reason))
            if self._table.is_named(peer_id) and peer_id not in self._unreached:
                self._unreached.add(peer_id)
                words = "%s cannot be reached at %s: %s; it is tried again and again"
                log.warning(words, peer_id, ", ".join(map(str, where.named)) or "?", error.reason)
        finally:
            self._dialling.discard(peer_id)
