# SPDX-License-Identifier: MIT
"""libp2p as the rest of the node sees it: asyncio calls, plain values, clear errors."""

from __future__ import annotations

import asyncio
import logging
import os
import time
from collections.abc import Callable, Mapping, Sequence, Set
from contextlib import suppress
from pathlib import Path
from typing import Literal

from goop_node.clock import now_ms
from goop_node.config.model import Mdns
from goop_node.escaping import escaped
from goop_node.exchange import Exchange
from goop_node.p2p import limits, presence
from goop_node.p2p.addresses import Address, full_address
from goop_node.p2p.decisions import UNSURE
from goop_node.p2p.friends import Friends
from goop_node.p2p.guest import Guest, GuestEnded
from goop_node.p2p.host import Host
from goop_node.p2p.identity import Identity
from goop_node.p2p.mdns.discovery import Discovery
from goop_node.p2p.network import P2PNetwork
from goop_node.p2p.peers import PeerTable
from goop_node.p2p.people import People
from goop_node.p2p.start_error import start_error
from goop_node.p2p.twin_watch import STAYS, YIELDS, TwinWatch
from goop_node.p2p.twins import OwnRun, Run
from goop_node.p2p.whereabouts import Whereabouts, whereabouts
from goop_node.reach import Reachable
from goop_node.types import NetworkError, Peer, PeerEvent, StreamHandler

log = logging.getLogger(__name__)
# Failed dials and unknown protocols are everyday events here, told as NetworkError.
logging.getLogger("libp2p").setLevel(logging.CRITICAL)

RESTART_MIN = 1.0
RESTART_MAX = 60.0


class P2P:
    """libp2p of one node: start, stop, restart when its side fails, peers and streams."""

    def __init__(
        self,
        *,
        identity: Identity,
        listen: Sequence[str],
        peers: Sequence[str],
        label: Callable[[], str],
        data: Path,
        reachable_by: Reachable | None = None,
        mdns: Mdns = "off",
        mdns_interfaces: Sequence[str] = (),
        avatar_hash: Callable[[], str] = str,
    ) -> None:
        self.peers = PeerTable()
        self.network = P2PNetwork(identity.peer_id)
        self.state: Literal["starting", "online", "offline", "stopped"] = "stopped"
        self.error: str | None = None
        self.restarts = 0
        """How often libp2p's side had to be started again; it should never have to."""
        self._identity = identity
        self._listen = list(listen)
        self._own = lambda: presence.Own(label(), avatar_hash())
        self._handlers: list[StreamHandler | Exchange] = []
        self._seen = Friends(
            data / "seen.json",
            bound=limits.MAX_SEEN,
            later=_in_a_while,
            stays=lambda peer_id: bool((peer := self.peers.get(peer_id)) and peer.connected),
        )
        """Where peers that we were connected to said they are: they may know us no more."""
        self._named: dict[str, tuple[str, ...]] = {}
        for address in peers:
            peer_id, _ = full_address(address)
            if peer_id == identity.peer_id:
                log.warning("%s is this node's own address: it is not needed as a peer", address)
            else:
                self._named[peer_id] = (*self._named.get(peer_id, ()), address)
        self.people = People(data, self.peers, self._named, reachable_by)
        self.people.changed = self._hold_to_decisions
        self.peers.subscribe(self._learn)
        self._twin_notice: str | None = None
        self._run_of_ours = OwnRun(identity, Run(now_ms(), os.urandom(16).hex()))
        self._twins = TwinWatch(self._run_of_ours, self.network, self._twin_found)
        self._handlers.append(self._twins.handler)
        self.peers.subscribe(self._twins.peer_changed)
        self._near: Mapping[str, tuple[Address, ...]] = {}
        """Where peers were found in our networks."""
        self.mdns = Discovery(
            mdns, mdns_interfaces, identity.peer_id, self._listening, self._found_near
        )
        self._leaving: asyncio.Task[None] | None = None
        self._task: asyncio.Task[None] | None = None
        self._up = asyncio.Event()

    def sign(self, data: bytes) -> bytes:
        """The signature of ``data`` by the node's key: see ``NodeApi.sign``."""
        return self._identity.sign(data)

    def handle(self, handler: StreamHandler | Exchange) -> None:
        """Serve a protocol, in place of what has served it; before ``start``."""
        others = (one for one in self._handlers if one.protocol != handler.protocol)
        self._handlers = [*others, handler]

    async def start(self) -> None:
        """Listen. Raises ``P2PError``."""
        self.state = "starting"
        self._leaving = None
        self.network.guest = await Guest.acquire()
        self._up.clear()
        self._task = asyncio.create_task(self._run())
        up = asyncio.create_task(self._up.wait())
        await asyncio.wait({up, self._task}, return_when=asyncio.FIRST_COMPLETED)
        if not self._up.is_set():
            up.cancel()
            await self.network.guest.release()
            self.network.guest = None
            error = self._task.exception()
            self._task = None
            self.state = "stopped"
            raise start_error(error, self._listen)
        self.mdns.start()

    async def _run(self) -> None:
        """Serve; should trio's side fail later on, start it again with growing pauses."""
        pause = RESTART_MIN
        while True:
            guest = self.network.guest
            assert guest is not None
            host = Host(
                self._identity,
                self.peers,
                self._own,
                self._whereabouts,
                self._handlers,
                guest.ticks,
                self.people,
            )
            began = time.monotonic()
            try:
                await guest.run(host.serve, self._listen, lambda h=host: self._started(h))
                raise GuestEnded("the host stopped")
            except Exception as error:
                if not self._up.is_set():
                    raise
                if time.monotonic() - began > RESTART_MAX:
                    pause = RESTART_MIN
                self.error = escaped(f"{type(error).__name__}: {error}")
                self.restarts += 1
                log.error("libp2p failed, it starts again in %.0f s: %s", pause, self.error)
            host.hang_up()
            self.state = "offline"
            self.network.host = None
            for peer in self.peers.all():
                self.peers.connected(peer.peer_id, False)
            await asyncio.sleep(pause)
            pause = min(pause * 2, RESTART_MAX)
            if self.network.guest is not None and not self.network.guest.alive:
                self.network.guest = await Guest.acquire()

    def _started(self, host: Host) -> None:
        self.network.host = host
        self.state = "online"
        self.error = None
        self._up.set()

    async def stop(self) -> None:
        """Stop; the streams end, and trio's side is run to completion."""
        self.state = "stopped"
        if self._leaving is not None:
            await asyncio.gather(self._leaving, return_exceptions=True)
        await self.mdns.stop()
        await self._farewell()
        await self._end()
        if self.network.guest is not None:
            guest, self.network.guest = self.network.guest, None
            await guest.release()
        self._seen.save()

    async def _farewell(self) -> None:
        """Say that we go, while there are connections to say it over.

        One that leaves to its twin says nothing: the others would take the twin for gone.
        """
        guest, host = self.network.guest, self.network.host
        if guest is not None and host is not None:
            with suppress(GuestEnded):
                await guest.run(host.farewell)

    async def _end(self) -> None:
        """End libp2p's side, and with it every stream."""
        await self.mdns.stop()
        await self._twins.stop()
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None
        self.network.host = None

    def _twin_found(self, other: Run) -> None:
        """Another node lives with our identity: one of the two has to go."""
        if self._leaving is not None:
            return
        if not self._run_of_ours.yields_to(other):
            if self._twin_notice is None:
                self._twin_notice = STAYS
                log.warning("%s", STAYS)
            return
        self.state, self.error = "offline", YIELDS
        log.error("%s", YIELDS)
        self._leaving = asyncio.create_task(self._leave())

    async def _leave(self) -> None:
        await self._end()
        for peer in self.peers.all():
            self.peers.connected(peer.peer_id, False)

    @property
    def notice(self) -> str | None:
        """What a person should know of, though everything works."""
        return UNSURE if self.people.unsure else self._twin_notice

    @property
    def twice(self) -> tuple[str, ...]:
        """The peers whose identity two nodes are using at this time."""
        return self._twins.twice

    async def add_peer(self, multiaddr: str) -> Peer:
        """Connect to a friend, and remember the address.

        Raises ``NetworkError`` and ``NotKeptError``: then all is as it was.
        """
        peer_id, address = full_address(multiaddr)
        if peer_id == self.network.peer_id:
            raise NetworkError("self", "that is this node's own address")
        self.people.check(peer_id, "presence")
        guest, host = self.network.running()
        known = self.peers.get(peer_id)
        await guest.run(host.add, peer_id, address)
        try:
            self.people.befriend(peer_id, multiaddr)
        except BaseException:
            if known is None or not known.connected:
                await guest.run(host.disconnect, peer_id)
            raise
        self.peers.connected(peer_id, True)
        host.announce()
        peer = self.peers.get(peer_id)
        assert peer is not None
        return peer

    def addresses_of(self, peer_id: str) -> tuple[str, ...]:
        """Where a peer was last known to be: what a person gave, then what it has said itself."""
        peer = self.peers.get(peer_id)
        given = (*self._named.get(peer_id, ()), *self.people.friends.all().get(peer_id, ()))
        near = map(str, self._near.get(peer_id, ()))
        told = (*near, *(peer.addrs if peer else ()), *self._seen.all().get(peer_id, ()))
        return tuple(dict.fromkeys(one.partition("/p2p/")[0] for one in (*given, *told)))

    def forget(self, peer_id: str) -> None:
        """Remember a peer no more, as a friend or otherwise.

        Raises ``NetworkError`` (``fixed``), ``NotKeptError``.
        """
        self.people.unfriend(peer_id)
        self._seen.forget(peer_id)

    def announce(self) -> None:
        """Tell the others at once that something about us changed."""
        if self.network.host is not None:
            self.network.host.announce()

    def _learn(self, event: PeerEvent) -> None:
        """A peer says where it is: that is kept, so that each side finds the other again."""
        peer = event.peer
        if peer.online and peer.connected and peer.addrs:
            self._seen.remember(peer.peer_id, *peer.addrs)

    def _whereabouts(self) -> Mapping[str, Whereabouts]:
        """Where to dial whom: of what the peer itself has said, the last comes first."""
        told = {peer.peer_id: peer.addrs for peer in self.peers.all() if peer.online}
        known = whereabouts(
            named=(self._named, self.people.friends.all()),
            told=(told, self._seen.all()),
            found=self._near,
        )
        return {
            peer_id: where
            for peer_id, where in known.items()
            if self.people.refusal(peer_id, "presence", "out") is None
        }

    def _listening(self) -> tuple[Address, ...]:
        """What is listened on at this moment."""
        return self.network.host.listening if self.network.host is not None else ()

    def _found_near(self, found: Mapping[str, tuple[Address, ...]], news: Set[str]) -> None:
        """Who is in our networks now; of some of them that is news."""
        self._near = found
        self.peers.near(frozenset(found))
        guest, host = self.network.guest, self.network.host
        if news and guest is not None and host is not None:
            guest.spawn(host.found, {one: found[one] for one in news & found.keys()})

    def _hold_to_decisions(self) -> None:
        guest, host = self.network.guest, self.network.host
        if guest is not None and host is not None:
            guest.spawn(host.hold_to_decisions)


def _in_a_while(save: Callable[[], None]) -> None:
    asyncio.get_running_loop().call_later(limits.SAVE_SECONDS, save)
