# SPDX-License-Identifier: MIT
"""Finding others in the local networks: sockets and timers for ``Link``, on asyncio."""

from __future__ import annotations

import asyncio
import logging
import secrets
import socket
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass
from ipaddress import ip_address
from random import Random
from typing import Any, cast

from goop_node.clock import now_ms
from goop_node.config.model import Mdns
from goop_node.p2p.addresses import Address
from goop_node.p2p.mdns import bounds
from goop_node.p2p.mdns.adverts import SERVICES, Place
from goop_node.p2p.mdns.interfaces import Found, interfaces, missing, places
from goop_node.p2p.mdns.link import Link
from goop_node.p2p.mdns.responder import Sender
from goop_node.p2p.mdns.sockets import open_socket

log = logging.getLogger(__name__)

LOOK_SECONDS = 2.0
"""Between two looks at which networks there are."""
SLEPT_SECONDS = 5.0
"""By so much the clock that counts sleep went ahead of the loop's: the machine has slept."""
RETRY_MIN = 2.0
RETRY_MAX = 120.0
"""Until a network is tried again whose socket could not be opened."""

Peers = Mapping[str, tuple[Address, ...]]
"""Where peers may be dialled, by peer."""


@dataclass(frozen=True)
class Network:
    """How it goes in one network: ``probing``, ``told`` (others may find us) or ``failed``."""

    interface: str
    version: int
    state: str
    error: str = ""


@dataclass
class _Failure:
    error: str
    due: float
    pause: float


class Discovery:
    """The local networks of one node, as they come and go."""

    def __init__(
        self,
        mode: Mdns,
        only: Sequence[str],
        peer_id: str,
        listening: Callable[[], Sequence[Address]],
        changed: Callable[[Peers, Set[str]], None],
        *,
        scan: Callable[[], list[Found]] = interfaces,
        opens: Callable[[Place], socket.socket] = open_socket,
    ) -> None:
        """``only`` are the names of interfaces, if a person chose any. ``listening`` gives the
        addresses that the node listens on. ``changed`` is called with everybody who is found,
        and those of whom something is new."""
        self.mode = mode
        names = {"both": tuple(SERVICES), "off": ()}.get(mode, (mode,))
        self._services = [SERVICES[name] for name in names]
        self._only = tuple(only)
        self._peer_id = peer_id
        self._listening = listening
        self._changed = changed
        self._scan = scan
        self._opens = opens
        self._links: dict[Place, _Open] = {}
        self._failures: dict[Place, _Failure] = {}
        self._absent: list[str] = []
        self._ahead: float | None = None
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Look for others from now on, where there is a network to do so in."""
        if self._services and self._task is None:
            self._task = asyncio.create_task(self._watch(), name="local networks")

    async def stop(self) -> None:
        """Say goodbye everywhere."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None
        self._close(list(self._links))

    @property
    def networks(self) -> list[Network]:
        """How it goes in each."""
        fine = [
            Network(place.interface, place.version, "probing" if one.link.probing else "told")
            for place, one in self._links.items()
        ]
        failed = [
            Network(place.interface, place.version, "failed", one.error)
            for place, one in self._failures.items()
        ]
        return fine + failed

    @property
    def absent(self) -> Sequence[str]:
        """Interfaces that a person chose, and that are not there."""
        return self._absent

    @property
    def found(self) -> Peers:
        """Everybody who is found."""
        peers: dict[str, dict[Address, None]] = {}
        for one in self._links.values():
            for peer_id, addresses in one.found.items():
                peers.setdefault(peer_id, {}).update(dict.fromkeys(addresses))
        return {peer: tuple(places)[: bounds.MAX_ADDRESSES] for peer, places in peers.items()}

    async def _watch(self) -> None:
        while True:
            try:
                await self._look()
            except Exception:
                log.exception("looking at the local networks failed")
            await asyncio.sleep(LOOK_SECONDS)

    async def _look(self) -> None:
        """Hold the links to the networks that there are."""
        found = self._scan()
        wanted = places(found, self._listening(), self._only)
        self._miss(missing(found, self._only))
        now = asyncio.get_running_loop().time()
        ahead = now_ms() / 1000 - now
        if self._ahead is not None and ahead - self._ahead > SLEPT_SECONDS:
            # What others know of us may have run out, and Go peers dial no instance twice.
            self._close(list(self._links))
        self._ahead = ahead
        self._close([place for place in self._links if place not in wanted])
        self._failures = {place: one for place, one in self._failures.items() if place in wanted}
        for place in wanted:
            failure = self._failures.get(place)
            if place not in self._links and (failure is None or now >= failure.due):
                await self._open(place, now)

    def _miss(self, names: list[str]) -> None:
        if names != self._absent:
            self._absent = names
            if names:
                log.warning("mdns_interfaces: there is no interface %s here", ", ".join(names))

    async def _open(self, place: Place, now: float) -> None:
        loop = asyncio.get_running_loop()
        # Names that nobody can guess, also of a fork.
        rng = Random(secrets.randbits(128))
        link = Link(place, self._peer_id, self._services, rng, now)
        opened = _Open(link, self._tell)
        try:
            made = self._opens(place)
            try:
                await loop.create_datagram_endpoint(lambda: opened, sock=made)
            except BaseException:
                made.close()
                raise
        except OSError as error:
            self._failed(place, error, now)
            return
        self._failures.pop(place, None)
        self._links[place] = opened
        log.debug("looking for others at %s (IPv%d)", place.interface, place.version)
        opened.go_on()

    def _failed(self, place: Place, error: OSError, now: float) -> None:
        before = self._failures.get(place)
        reason = error.strerror or str(error)
        if before is None or before.error != reason:
            words = "nobody is found at %s (IPv%d): %s; it is tried again and again"
            log.warning(words, place.interface, place.version, reason)
        pause = RETRY_MIN if before is None else min(before.pause * 2, RETRY_MAX)
        self._failures[place] = _Failure(reason, now + pause, pause)

    def _close(self, gone: Sequence[Place]) -> None:
        for place in gone:
            self._links.pop(place).close()
        if gone:
            self._tell(set())

    def _tell(self, news: set[str]) -> None:
        self._changed(self.found, news)


class _Open(asyncio.DatagramProtocol):
    """A link with its socket and its timer."""

    def __init__(self, link: Link, tell: Callable[[set[str]], None]) -> None:
        self.link = link
        self.found = link.found()
        self._tell = tell
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.DatagramTransport | None = None
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See asyncio."""
        self._transport = cast(asyncio.DatagramTransport, transport)  # uvloop's is none by type

    def error_received(self, exc: Exception) -> None:
        """A packet could not be sent, as when a cable was just pulled: the next one may."""
        log.debug("%s: %r", self.link.place.interface, exc)

    def datagram_received(self, data: bytes, addr: Any) -> None:
        """See asyncio."""
        try:
            sender = Sender(ip_address(str(addr[0]).partition("%")[0]), int(addr[1]))
            news = self.link.hear(data, sender, self._loop.time())
        except Exception:
            log.exception("a packet of the local network")
            return
        self._know(news)
        self.go_on()

    def go_on(self) -> None:
        """Do what is due, send what is to be sent, and come back in time."""
        if self._timer is not None:
            self._timer.cancel()
        self.link.tick(self._loop.time())
        self._know(set())
        self._send()
        self._timer = self._loop.call_at(self.link.due, self.go_on)

    def close(self) -> None:
        """Say goodbye; nothing is heard any more."""
        if self._timer is not None:
            self._timer.cancel()
        self.found = {}
        self.link.stop()
        self._send()
        if self._transport is not None:
            self._transport.close()

    def _know(self, news: set[str]) -> None:
        found = self.link.found()
        if news or found != self.found:
            self.found = found
            self._tell(news)

    def _send(self) -> None:
        place = self.link.place
        for packet in self.link.take():
            if packet.to is None:
                host, port = bounds.GROUPS[place.version], bounds.PORT
            else:
                host, port = str(packet.to.ip), packet.to.port
            to = (host, port) if place.version == 4 else (host, port, 0, place.index)
            try:
                assert self._transport is not None
                self._transport.sendto(packet.data, to)
            except OSError as error:
                self.error_received(error)
