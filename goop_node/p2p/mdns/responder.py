# SPDX-License-Identifier: MIT
"""Telling one network of this node (pure): a name is probed, announced, answered for, withdrawn.

    probing ──3 probes──▶ announcing ──3 announcements──▶ standing
       ▲                       │                             │
       └──────── somebody has that name: a new one ──────────┘

Each instance is told of with all of its records in one packet: a Go peer dials nobody else. And
it dials an instance once. So whatever changes, and every start, has a new one.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, field, replace
from random import Random

from goop_node.p2p.addresses import IP
from goop_node.p2p.mdns import bounds
from goop_node.p2p.mdns.adverts import META, Advert, Place, new_label
from goop_node.p2p.mdns.packets import ANY, Message, Name, Question, Record, type_of
from goop_node.p2p.pace import Pace


@dataclass(frozen=True)
class Sender:
    """Where a packet came from."""

    ip: IP
    port: int


@dataclass(frozen=True)
class Outgoing:
    """A message to everybody, or ``to`` one."""

    message: Message
    to: Sender | None = None


@dataclass
class _Asked:
    """What somebody asked for, and when it is answered."""

    due: float
    records: set[Record] = field(default_factory=set)


class Responder:
    """One service of this node in one network. Times are in seconds of any steady clock."""

    def __init__(self, service: Name, peer_id: str, place: Place, rng: Random, now: float) -> None:
        self._rng = rng
        self._asked: dict[Sender, _Asked] = {}
        self._alone = Pace(bounds.UNICAST_RATE, bounds.UNICAST_BURST)
        self._conflicts: deque[float] = deque(maxlen=bounds.CONFLICTS)
        self._harried = False
        """Whether so many names were taken that each further one waits, until one is ours."""
        self._advert = Advert(service, new_label(rng), peer_id, place)
        self._said = -math.inf
        """When records were multicast last, under whatever name: one of them stays the same."""
        self._begin(now)

    def _begin(self, now: float) -> None:
        """Probe for the name that there is now."""
        self._asked.clear()
        self._probes = bounds.PROBES
        self._announcements = bounds.ANNOUNCEMENTS
        self._step = now + self._rng.uniform(0, bounds.FIRST_PROBE)
        """When the next probe or announcement is due."""

    @property
    def label(self) -> bytes:
        """The name of the instance at the moment."""
        return self._advert.label

    @property
    def probing(self) -> bool:
        """Whether the name is still being asked for: until then it is nobody's."""
        return self._announcements == bounds.ANNOUNCEMENTS

    @property
    def due(self) -> float:
        """When ``tick`` has something to do; ``inf`` for never."""
        return min([self._step, *(one.due for one in self._asked.values())])

    def tick(self, now: float) -> list[Outgoing]:
        """What is to be sent now."""
        sent = self._go_on(now) if now >= self._step else []
        due = [one for one in self._asked.values() if now >= one.due]
        if due:
            # Whoever waits hears the same packet.
            wanted = {record for one in self._asked.values() for record in one.records}
            self._asked.clear()
            if wanted:
                self._said = now
                sent.append(Outgoing(self._answer(wanted)))
        return sent

    def _go_on(self, now: float) -> list[Outgoing]:
        if self._probes:
            self._probes -= 1
            self._step = now + bounds.PROBE_GAP
            return [Outgoing(self._probe())]
        if now < self._said + bounds.RECORD_GAP:
            self._step = self._said + bounds.RECORD_GAP
            return []
        said = bounds.ANNOUNCEMENTS - self._announcements
        self._announcements -= 1
        self._harried = False
        self._asked.clear()
        self._step = now + bounds.RECORD_GAP * 2**said if self._announcements else math.inf
        self._said = now
        return [Outgoing(Message(response=True, answers=self._everything()))]

    def _probe(self) -> Message:
        names = (self._advert.instance, self._advert.host)
        # Answers to the sender alone would reach whatever else listens at this port.
        records = tuple(replace(one, flush=False) for one in self._advert.unique)
        return Message(questions=tuple(Question(name, ANY) for name in names), authorities=records)

    def _everything(self, ttl: int | None = None) -> tuple[Record, ...]:
        advert = self._advert
        records = (*advert.unique, advert.pointer, *([advert.meta] if ttl is None else []))
        return records if ttl is None else tuple(replace(one, ttl=ttl) for one in records)

    def _answer(self, wanted: set[Record]) -> Message:
        """An answer, with all that a Go peer wants to see beside it."""
        records = (self._advert.pointer, *self._advert.unique, self._advert.meta)
        return Message(
            response=True,
            answers=tuple(one for one in records if one in wanted),
            additionals=tuple(one for one in records if one not in wanted and one.name != META),
        )

    def farewell(self) -> list[Outgoing]:
        """What withdraws the name, where it was ever announced."""
        if self.probing:
            return []
        return [Outgoing(Message(response=True, answers=self._everything(ttl=0)))]

    def hear_query(self, query: Message, sender: Sender, now: float) -> list[Outgoing]:
        """Somebody asks. What is answered at once."""
        contested = any(map(self._contradicts, query.authorities))
        if self.probing:
            return self._lose(now) if contested else []
        known = {(one.name, one.data) for one in query.answers if one.ttl * 2 >= self._ttl_of(one)}
        wanted = {one for one in self._wanted(query) if (one.name, one.data) not in known}
        waiting = self._asked.get(sender)
        if not query.questions and waiting is not None:
            # The rest of what that one knows (RFC 6762, 7.2).
            waiting.records = {one for one in waiting.records if (one.name, one.data) not in known}
        if not wanted:
            return []
        if sender.port != bounds.PORT:
            return self._to_one(self._legacy(query, wanted), sender, now)
        asked = [one for one in query.questions if self._matching(one)]
        lately = now - self._said < bounds.TTL / 4
        if lately and not query.truncated and all(one.alone for one in asked):
            return self._to_one(self._answer(wanted), sender, now)
        self._put_off(wanted, sender, now, contested=contested, truncated=query.truncated)
        return []

    def _put_off(
        self, wanted: set[Record], sender: Sender, now: float, *, contested: bool, truncated: bool
    ) -> None:
        """Answer everybody, as soon as that may be."""
        if contested:
            due = max(now, self._said + bounds.DEFENCE_GAP)
        else:
            wait = bounds.TRUNCATED_DELAY if truncated else bounds.SHARED_DELAY
            due = max(now + self._rng.uniform(*wait), self._said + bounds.RECORD_GAP)
        if sender not in self._asked and len(self._asked) >= bounds.MAX_ASKING:
            sender = next(iter(self._asked))
        one = self._asked.setdefault(sender, _Asked(due))
        one.due = min(one.due, due)
        one.records |= wanted

    def _to_one(self, message: Message, sender: Sender, now: float) -> list[Outgoing]:
        if not self._alone.affords(1, now):
            return []
        self._alone.spend(1, now)
        return [Outgoing(message, sender)]

    def _legacy(self, query: Message, wanted: set[Record]) -> Message:
        """An answer for a plain DNS client, which asks from a port of its own."""
        answer = self._answer(wanted)

        def plain(records: tuple[Record, ...]) -> tuple[Record, ...]:
            return tuple(
                replace(one, ttl=min(one.ttl, bounds.LEGACY_TTL), flush=False) for one in records
            )

        return replace(
            answer,
            id=query.id,
            questions=query.questions[:1],
            answers=plain(answer.answers),
            additionals=plain(answer.additionals),
        )

    def hear_response(self, response: Message, now: float) -> list[Outgoing]:
        """Somebody answers, or announces. What is to be sent at once."""
        if any(one.ttl and self._contradicts(one) for one in response.records):
            return self._lose(now)
        if not self.probing:
            ours = {(one.name, one.data): one for one in self._everything()}
            mistaken = {
                mine
                for one in response.records
                if (mine := ours.get((one.name, one.data))) is not None
                and one.name != META
                and one.ttl * 2 < mine.ttl
            }
            if mistaken:
                # Somebody says that we go, or will soon (RFC 6762, 6.6).
                nobody = Sender(self._advert.place.ips[0].ip, bounds.PORT)
                self._put_off(mistaken, nobody, now, contested=False, truncated=False)
        return []

    def _lose(self, now: float) -> list[Outgoing]:
        """The name is somebody else's, or is to be: it is too good a guess to be argued about."""
        sent = self.farewell()
        self._conflicts.append(now)
        if len(self._conflicts) == bounds.CONFLICTS:
            self._harried |= now - self._conflicts[0] < bounds.CONFLICT_SECONDS
        self._advert = replace(self._advert, label=new_label(self._rng))
        self._begin(now)
        if self._harried:
            self._step = now + bounds.CONFLICT_PAUSE
        return sent

    def _contradicts(self, record: Record) -> bool:
        """Whether it says something else of a name that is ours alone."""
        if record.name not in (self._advert.instance, self._advert.host):
            return False
        return all(
            (record.name, record.data) != (own.name, own.data) for own in self._advert.unique
        )

    def _ttl_of(self, record: Record) -> int:
        return bounds.HOST_TTL if record.name == self._advert.host else bounds.TTL

    def _wanted(self, query: Message) -> set[Record]:
        return {one for question in query.questions for one in self._matching(question)}

    def _matching(self, question: Question) -> set[Record]:
        """Our records that answer a question."""
        advert = self._advert
        return {
            one
            for one in (advert.pointer, advert.meta, *advert.unique)
            if one.name == question.name and question.type in (type_of(one.data), ANY)
        }
