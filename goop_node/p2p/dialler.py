# SPDX-License-Identifier: MIT
"""Dialling, on trio's side: what a person named as it is, what peers told within bounds."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from ipaddress import ip_address
from typing import Any

import trio
from libp2p.abc import IRawConnection
from libp2p.io.trio import TrioTCPStream
from libp2p.network.connection.raw_connection import RawConnection
from libp2p.peer.id import ID
from libp2p.security.noise.exceptions import PeerIDMismatchesPubkey
from libp2p.transport.exceptions import OpenConnectionError
from libp2p.transport.tcp.tcp import TCP
from multiaddr import Multiaddr

from goop_node.p2p.addresses import Address, networks, parsed
from goop_node.p2p.dial_budget import DialBudget
from goop_node.p2p.dial_policy import is_loopback, may_dial, only_loopback
from goop_node.p2p.names import resolved
from goop_node.p2p.whereabouts import Whereabouts
from goop_node.types import NetworkError

log = logging.getLogger(__name__)

DIAL_SECONDS = 8.0
"""For all addresses of a peer."""
STAGGER_SECONDS = 0.5
"""After which the next address is tried beside one that has not answered yet."""
MAX_TOLD_DIALS = 16
"""Connections under way at the same time on others' word."""

Dial = Callable[[str, Address], Awaitable[None]]


class ToldTCP(TCP):
    """TCP that dials what it is told to here: the library would dial by itself whatever a peer
    has put into its address book, when a connection has just gone."""

    def __init__(self) -> None:
        super().__init__()
        self._wanted: Counter[Address] = Counter()

    @contextmanager
    def wanting(self, address: Address) -> Iterator[None]:
        """This address may be dialled while the block runs."""
        self._wanted[address] += 1
        try:
            yield
        finally:
            self._wanted[address] -= 1
            self._wanted = +self._wanted

    async def dial(self, maddr: Multiaddr) -> IRawConnection:
        """See the library's. Raises ``OpenConnectionError``."""
        address = Address.parse(str(maddr))
        if address is None or not self._wanted[address]:
            raise OpenConnectionError(f"{maddr} is not to be dialled")
        if address.zone:
            return await _dial_zoned(address)
        return await super().dial(maddr)


async def _dial_zoned(address: Address) -> IRawConnection:
    """As the library does it, which would leave out the zone. Raises ``OpenConnectionError``."""
    try:
        stream = await trio.open_tcp_stream(f"{address.host}%{address.zone}", address.port)
    except OSError as error:
        raise OpenConnectionError(f"cannot dial {address}: {error}") from error
    return RawConnection(TrioTCPStream(stream), True)


class Dialler:
    """Makes the connections of one host."""

    def __init__(self, network: Any, tcp: ToldTCP, own: Callable[[], Iterable[str]]) -> None:
        """``own`` are the addresses at which this node listens."""
        self._network = network
        self._tcp = tcp
        self._own = own
        self._budget = DialBudget()
        self._told = trio.CapacityLimiter(MAX_TOLD_DIALS)
        self._under_way: dict[str, trio.Lock] = {}

    def connected(self, peer_id: str) -> bool:
        """Whether there is a living connection."""
        connections = self._network.get_connections(ID.from_base58(peer_id))
        return any(not connection.is_closed for connection in connections)

    async def connect(self, peer_id: str, where: Whereabouts) -> None:
        """Be connected with the peer. Raises ``NetworkError``."""
        lock = self._under_way.setdefault(peer_id, trio.Lock())
        try:
            async with lock:
                if not self.connected(peer_id):
                    await self._connect(peer_id, where)
        finally:
            if not lock.statistics().tasks_waiting and not lock.locked():
                self._under_way.pop(peer_id, None)

    async def _connect(self, peer_id: str, where: Whereabouts) -> None:
        told = (*where.found, *self._worth_it(where.told))
        if not (where.named or told):
            raise NetworkError("undiscovered", "no address of that peer is known")
        failures: list[NetworkError] = []
        reached = False
        numbers = [address for address in where.named if address.ip is not None]
        heard = [address for address in dict.fromkeys(told) if address not in numbers]

        async def attempt(dial: Dial, address: Address, over: trio.Event) -> None:
            nonlocal reached
            try:
                await dial(peer_id, address)
                reached = True
                nursery.cancel_scope.cancel()
            except NetworkError as error:
                failures.append(error.with_traceback(None))
            finally:
                over.set()

        async def each(addresses: Sequence[Address], dial: Dial) -> None:
            for address in addresses:
                over = trio.Event()
                nursery.start_soon(attempt, dial, address, over)
                with trio.move_on_after(STAGGER_SECONDS):
                    await over.wait()

        async def by_name() -> None:
            names = [address for address in where.named if address.ip is None]
            places = await resolved(names, peer_id, failures)
            await each([one for one in places if one not in numbers], self._dial)

        with trio.move_on_after(DIAL_SECONDS):
            async with trio.open_nursery() as nursery:
                nursery.start_soon(each, heard, partial(self._dial_told, where.source or peer_id))
                nursery.start_soon(each, numbers, self._dial)
                nursery.start_soon(by_name)
        if not reached:
            # One that stayed in the list would hold itself, by the frames of its traceback.
            raise failures.pop(0) if failures else _too_slow()

    def heard_from(self, addresses: Iterable[Address]) -> None:
        """A peer has just said in our network that it is there."""
        for address in addresses:
            self._budget.heard_from(address)

    def _worth_it(self, told: Sequence[Address]) -> list[Address]:
        """Which of what was told may be dialled from where we are."""
        if not told:
            return []
        ours, here = networks(), self._alone()
        return [address for address in told if may_dial(address, ours, here=here)]

    def _alone(self) -> bool:
        """Whether this node, and everybody it is connected with, is on loopback."""
        if not only_loopback(parsed(self._own())):
            return False
        try:
            remotes = [
                one.muxed_conn.get_remote_address() for one in self._network.get_connections()
            ]
            return all(is_loopback(ip_address(host)) for host, _ in filter(None, remotes))
        except (OSError, ValueError) as error:
            log.debug("a connection of unknown origin: %r", error)
            return False

    async def _dial_told(self, source: str, peer_id: str, address: Address) -> None:
        async with self._told:
            if not self._budget.may_dial(address, source, trio.current_time()):
                raise NetworkError("unreachable", "that address did not answer lately")
            await self._dial(peer_id, address)
            self._budget.answered(address, source, trio.current_time())

    async def _dial(self, peer_id: str, address: Address) -> None:
        """Raises ``NetworkError`` (refused, wrong_id, …)."""
        peer = ID.from_base58(peer_id)
        try:
            with self._tcp.wanting(address):
                await self._network.dial_addr(Multiaddr(str(address)), peer)
        except Exception as error:
            log.debug("dialling %s at %s: %r", peer_id, address, error)
            raise _why(error) from None

    async def prove(self, peer_id: str, address: Address) -> None:
        """See that the peer answers at an address, though it is connected.

        A dial would only find the connection that is there. Raises ``NetworkError``.
        """
        failures: list[NetworkError] = []
        with trio.move_on_after(DIAL_SECONDS):
            for place in await resolved([address], peer_id, failures):
                try:
                    with self._tcp.wanting(place):
                        raw = await self._tcp.dial(Multiaddr(str(place)))
                    try:
                        await self._network.upgrader.upgrade_security(
                            raw, True, ID.from_base58(peer_id)
                        )
                    finally:
                        await raw.close()
                    return
                except Exception as error:
                    log.debug("proving %s at %s: %r", peer_id, place, error)
                    failures.append(_why(error))
        raise failures[0] if failures else _too_slow()


def _too_slow() -> NetworkError:
    return NetworkError("timeout", "the peer did not answer in time; is a firewall in between?")


def _why(error: BaseException) -> NetworkError:
    """Why a dial failed, in a code and words; the library wraps the reason several times."""
    causes = list(_causes(error))

    def caused_by(*kinds: type[BaseException]) -> bool:
        return any(isinstance(one, kinds) for one in causes)

    if caused_by(PeerIDMismatchesPubkey) or any("Peer ID mismatch" in str(one) for one in causes):
        return NetworkError("wrong_id", "what answers at that address is not that peer")
    if not caused_by(OpenConnectionError):
        return NetworkError("no_node", "what answers at that address is no libp2p node")
    if caused_by(ConnectionRefusedError):
        return NetworkError("refused", "nothing listens at that address")
    words = [one.strerror for one in causes if isinstance(one, OSError) and one.strerror]
    return NetworkError(
        "unreachable", f"the peer could not be reached: {words[0] if words else error}"
    )


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """An error, and whatever it was raised from."""
    while error is not None:
        yield error
        if isinstance(error, BaseExceptionGroup):
            for one in error.exceptions:
                yield from _causes(one)
        error = error.__cause__ or error.__context__
