# SPDX-License-Identifier: MIT
"""What RFC 6762 allows on the wire, as a judge of everything that was multicast in one network."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from goop_node.p2p.mdns.adverts import META
from goop_node.p2p.mdns.packets import (
    ANY,
    PTR,
    Message,
    Name,
    Pointer,
    Question,
    Record,
    Server,
    Strings,
    parse,
)

RECORD_GAP = 1.0
PROBE_GAP = 0.25
PROBES = 3
ANNOUNCEMENTS = 8
"""At most (8.3)."""
HOUR = 3600
REFRESH_GAP = 19.9
TTL = 3200
LONGEST_PACKET = 1472
"""Bytes that fit into one frame of Ethernet, behind the heads of IP and UDP."""
SOON = 2.0
"""Seconds within which a question is answered: 0.5 at most, or when the record may be sent."""


@dataclass(frozen=True)
class Seen:
    """A packet to the group; ``at`` in seconds, ``sender`` whatever tells senders apart."""

    at: float
    sender: str
    data: bytes
    port: int = 5353
    hops: int = 255


@dataclass
class _Instance:
    probes: list[float] = field(default_factory=list)
    said: list[float] = field(default_factory=list)
    announcements: int = 0
    gone: bool = False


class Judge:
    """Looks at packets in their order. ``slack`` seconds may be lost by clocks and schedulers."""

    def __init__(self, services: Iterable[Name], slack: float) -> None:
        self._services = tuple(services)
        self._slack = slack
        self._last: dict[tuple[str, Name, object], float] = {}
        self._queries: dict[tuple[str, Name], list[float]] = defaultdict(list)
        self._asked: list[tuple[float, str, Message]] = []
        self.instances: dict[tuple[str, Name], _Instance] = defaultdict(_Instance)
        self.strangers = False
        """Whether others are in the network whose packets are not seen here."""
        self.packets = 0
        self.responses = 0

    def see(self, packet: Seen) -> None:
        """Raises ``AssertionError`` at what is not allowed."""
        message = parse(packet.data)
        assert message is not None, f"{packet}: malformed"
        assert len(packet.data) <= LONGEST_PACKET, f"{packet}: too long for one frame"
        assert (packet.port, packet.hops, message.id) == (5353, 255, 0), packet
        self.packets += 1
        if message.response:
            self.responses += 1
            self._response(packet, message)
        else:
            self._query(packet, message)

    def hear(self, now: float, query: Message) -> None:
        """Somebody who is no node of ours asks."""
        self._asked.append((now, "", query))

    def _query(self, packet: Seen, message: Message) -> None:
        assert not any(one.flush for one in message.records), "cache-flush in a query"
        assert not message.additionals
        for question in message.questions:
            if question.type == ANY and question.name[1:] in self._services:
                self._probe(packet, message, question.name)
            elif question.name in self._services:
                assert not question.alone, "other programs of the machine could get the answer"
                self._ask(packet, question)
        self._asked.append((packet.at, packet.sender, message))
        self._asked = [one for one in self._asked if packet.at - one[0] <= SOON + self._slack]

    def _ask(self, packet: Seen, question: Question) -> None:
        times = self._queries[packet.sender, question.name]
        if times and packet.at - times[-1] > REFRESH_GAP and self._runs_out(packet.at):
            return
        times.append(packet.at)
        # 5.2: a second after the first, and each interval at least twice the one before.
        earliest = times[0] + sum(min(2**n, HOUR) for n in range(len(times) - 1))
        assert packet.at >= earliest - self._slack, f"{packet.sender} asks too often: {times}"

    def _runs_out(self, now: float) -> bool:
        """Whether somebody was told of so long ago that it is asked for once more (5.2)."""
        if self.strangers:
            return True
        ages = [now - one.said[-1] for one in self.instances.values() if one.said]
        return any(0.8 * TTL <= age + self._slack <= TTL for age in ages)

    def _probe(self, packet: Seen, message: Message, name: Name) -> None:
        instance = self.instances[packet.sender, name]
        assert not instance.said, "probed after it was announced"
        proposed = [one.data for one in message.authorities if one.name == name]
        assert {type(one) for one in proposed} == {Server, Strings}, proposed
        if instance.probes:
            gap = packet.at - instance.probes[-1]
            assert gap >= PROBE_GAP - self._slack, f"probes {gap:.3f} s apart"
        instance.probes.append(packet.at)

    def _response(self, packet: Seen, message: Message) -> None:
        assert not message.questions
        assert not message.authorities
        if all(one.ttl == 0 for one in message.records):
            self._farewell(packet, message)
            return
        for record in message.records:
            assert record.flush != isinstance(record.data, Pointer), f"{record}: flush or not?"
            assert record.ttl > 0
            self._rate(packet, record)
        for name in {one.name for one in message.records if one.name[1:] in self._services}:
            self._announced(packet, message, name)

    def _farewell(self, packet: Seen, message: Message) -> None:
        for record in message.records:
            if record.name[1:] in self._services:
                self.instances[packet.sender, record.name].gone = True

    def _rate(self, packet: Seen, record: Record) -> None:
        key = (packet.sender, record.name, record.data)
        gap = packet.at - self._last.get(key, float("-inf"))
        assert gap >= RECORD_GAP - self._slack, f"{record} {gap:.3f} s after the last time"
        self._last[key] = packet.at

    def _announced(self, packet: Seen, message: Message, name: Name) -> None:
        instance = self.instances[packet.sender, name]
        assert not instance.gone, f"{name} was said goodbye to"
        assert len(instance.probes) == PROBES, f"{name} after {len(instance.probes)} probes"
        waited = packet.at - instance.probes[-1]
        assert waited >= PROBE_GAP - self._slack, f"announced {waited:.3f} s after the last probe"
        instance.said.append(packet.at)
        if any(one.name == META for one in message.answers):
            # Everything at once, with what nobody asks for here.
            instance.announcements += 1
            assert instance.announcements <= ANNOUNCEMENTS, f"{name} is announced too often"
        elif not self.strangers:
            assert self._wanted(packet, name), f"{packet.at:.3f} {name}: nobody asked"

    def _wanted(self, packet: Seen, name: Name) -> bool:
        """Whether somebody asked, and did not know."""
        for at, sender, query in self._asked:
            if sender == packet.sender or packet.at - at > SOON + self._slack:
                continue
            known = any(one.data == Pointer(name) and one.ttl >= TTL / 2 for one in query.answers)
            if Question(name[1:], PTR) in query.questions and not known:
                return True
        return False

    def end(self) -> None:
        """Everything that was probed for in time was announced at least twice (8.3)."""
        for (sender, name), instance in self.instances.items():
            if len(instance.probes) == PROBES and not instance.gone:
                times = instance.announcements
                assert times >= 2, f"{sender} announced {name} {times}×"
