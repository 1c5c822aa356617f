# SPDX-License-Identifier: MIT
"""One network in virtual time: links of many nodes, and packets that are late, lost or twice."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from ipaddress import IPv4Interface, IPv6Interface
from random import Random

from libp2p.peer.id import ID

from goop_node.p2p.addresses import IP, Address
from goop_node.p2p.mdns.adverts import SERVICES, Place
from goop_node.p2p.mdns.link import Link, Packet
from goop_node.p2p.mdns.packets import Name, parse
from goop_node.p2p.mdns.responder import Sender
from tests.mdns.law import Judge, Seen

GOOP = SERVICES["goop"]
LIBP2P = SERVICES["libp2p"]


def peer(number: int) -> str:
    """A peer id that could be one."""
    return str(ID(bytes.fromhex("002408011220") + number.to_bytes(32, "big")).to_base58())


def place(number: int, *, version: int = 4, port: int = 4000) -> Place:
    """The network as the machine of that number has it."""
    if version == 4:
        ip = IPv4Interface(f"10.0.{number // 250}.{number % 250 + 1}/16")
        return Place("eth0", 2, (ip,), (Address.of(ip.ip, port),))
    six = IPv6Interface(f"fe80::{number + 1:x}/64")
    return Place("eth0", 2, (six,), (Address.of(six.ip, port),))


@dataclass
class Fate:
    """What befalls packets; ``lost`` and ``twice`` are probabilities, ``late`` seconds."""

    lost: float = 0.0
    twice: float = 0.0
    late: float = 0.0


@dataclass
class Node:
    """One node's link while it lives, and what it was told of as news."""

    link: Link
    peer_id: str
    name: str
    news: list[tuple[float, str]] = field(default_factory=list)
    hears: bool = True


class Ether:
    """Every packet is judged as it is sent."""

    def __init__(self, seed: int, *, services: Iterable[Name] = (GOOP,)) -> None:
        self.rng = Random(seed)
        self.now = 1000.0
        self.services = tuple(services)
        self.judge = Judge(self.services, slack=1e-6)
        self.fate = Fate()
        self.nodes: dict[int, Node] = {}
        self.sent: list[tuple[float, int, Packet]] = []
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._count = itertools.count()

    def at(self, seconds: float, what: Callable[[], None]) -> None:
        """Have something happen so many seconds from now."""
        heapq.heappush(self._events, (self.now + seconds, next(self._count), what))

    def join(self, number: int, *, version: int = 4) -> Node:
        """A node starts (again)."""
        who = peer(number)
        link = Link(
            place(number, version=version),
            who,
            self.services,
            Random(self.rng.getrandbits(64)),
            self.now,
        )
        self.nodes[number] = Node(link, who, f"{number}, life {next(self._count)}")
        return self.nodes[number]

    def leave(self, number: int, *, politely: bool = True) -> None:
        """A node ends, with a goodbye or without."""
        node = self.nodes.pop(number)
        if politely:
            node.link.stop()
            self._carry(number, node)

    def run(self, seconds: float) -> None:
        """Let so much time pass."""
        end = self.now + seconds
        while True:
            dues = [(node.link.due, number) for number, node in self.nodes.items()]
            due, number = min(dues, default=(end + 1, -1))
            when = self._events[0][0] if self._events else end + 1
            if min(due, when) > end:
                break
            if when <= due:
                self.now = max(self.now, when)
                heapq.heappop(self._events)[2]()
            else:
                self.now = max(self.now, due)
                node = self.nodes[number]
                node.link.tick(self.now)
                assert node.link.due > self.now, "a timer that is due at once, for ever"
                self._carry(number, node)
        self.now = end

    def say(self, data: bytes, sender: Sender) -> None:
        """A stranger's packet to everybody."""
        message = parse(data)
        if message is not None and not message.response:
            self.judge.hear(self.now, message)
        for number in list(self.nodes):
            self._deliver(number, data, sender)

    def _carry(self, number: int, node: Node) -> None:
        ip = node.link.place.ips[0].ip
        for packet in node.link.take():
            self.sent.append((self.now, number, packet))
            if packet.to is None:
                self.judge.see(Seen(self.now, node.name, packet.data))
            for other, one in self.nodes.items():
                mine = packet.to is None or packet.to.ip == one.link.place.ips[0].ip
                if other != number and mine:
                    self._throw(other, packet.data, ip)

    def _throw(self, number: int, data: bytes, ip: IP) -> None:
        copies = (self.rng.random() >= self.fate.lost) + (self.rng.random() < self.fate.twice)
        for _ in range(copies):
            delay = 0.001 + self.rng.random() * self.fate.late
            self.at(delay, lambda: self._deliver(number, data, Sender(ip, 5353)))

    def _deliver(self, number: int, data: bytes, sender: Sender) -> None:
        node = self.nodes.get(number)
        if node is None or not node.hears:
            return
        for who in node.link.hear(data, sender, self.now):
            node.news.append((self.now, who))
        node.link.tick(self.now)
        self._carry(number, node)

    def known(self, number: int) -> set[str]:
        """Whom that node has found."""
        return set(self.nodes[number].link.found())
