# SPDX-License-Identifier: MIT
"""Every field of every line at the extremes of its type, sent to a running node by a peer.

Whatever one peer sends, nothing fails here, the journal can be read, and the channels of others
lose nothing. Fields and types come from the declared table, so a new one is tried as it is added.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from typing import Any

import pytest

from goop_node.types import Caller
from goop_realtime.machine.channel import Phase
from goop_realtime.model.jsonio import MalformedJson
from goop_realtime.model.wire import SHAPES, Line, parse
from goop_realtime.testing import World
from goop_realtime.testing.extremes import EXTREMES, fields_of
from tests.unit.test_line_fields import example

FIRST_LINK = 10_000
SHORT = [extreme for extreme in EXTREMES if len(extreme) < 5_000]


def mutants(kind: str, group: str, chance: random.Random) -> Iterator[bytes]:
    """Lines of that type, each with one field (or several) at an extreme."""
    line = {**example(kind), "group": group}
    payload = SHAPES[kind].payload
    for field in fields_of(Line):
        if field not in ("type", "group"):
            for extreme in EXTREMES:
                yield _with(line, {field: extreme})
    inner = fields_of(payload) if payload is not None and kind != "tail" else []
    for field in inner:
        for extreme in SHORT:
            text = json.dumps({**line["payload"], field: "HERE"}).replace('"HERE"', extreme)
            yield _with(line, {"payload": text})
    for _ in range(60):
        fields = chance.sample([one for one in fields_of(Line) if one not in ("type", "group")], 4)
        yield _with(line, {field: chance.choice(SHORT) for field in fields})


def _with(line: dict[str, Any], extremes: dict[str, str]) -> bytes:
    fields = {name: json.dumps(value) for name, value in line.items()} | extremes
    body = ",".join(f"{json.dumps(name)}:{value}" for name, value in fields.items())
    return f"{{{body}}}".encode("utf-8", "surrogatepass")


class Siege:
    """Alice, with a channel to Bob that goes on, and one with Mallory, who is no node at all."""

    def __init__(self, *, hosted: bool) -> None:
        self.world = World(11)
        self.world.watch.undue.clear()  # Mallory's channel may end however it likes
        self.hosted = hosted
        self.alice, self.bob = self.world.node("alice"), self.world.node("bob")
        self.page = self.alice.page("p")
        self.good = self.alice.ask("bob")
        self.world.run(500)
        self.bob.accept(self.good)
        self.world.run(1_000)
        self.client = self.alice.engine.attach(self.world.now, "x", Caller(kind="program"))
        self.said = 0
        self.link = FIRST_LINK
        self.numbers = 0
        self.bad = ""

    def channel(self) -> str:
        """Mallory's channel, a new one where it has ended; it is joined on a new link."""
        row = self.alice.engine.core.channels.get(self.bad)
        if row is None or row.final:
            self.bad = self._asked() if self.hosted else self._invited()
            row = self.alice.engine.core.channels[self.bad]
        if row.other.link is None:
            self.link += 1
            now = self.world.now
            if self.hosted:
                join = {"type": "join", "group": self.bad, "payload": {"have": None}}
                self.alice.engine.joined(
                    now, self.link, "mallory", parse(json.dumps(join).encode())
                )
            else:
                self.alice.engine.link_opened(now, self.bad, self.link)
                self.hears({"type": "welcome", "epoch": 1, "payload": {"last": [0, 0]}})
                # Something that the lines of the table, whose id this is, may be about.
                self.alice.engine.send(now, self.bad, self.client, "x-1", 0)
            self.alice.flush()
        return self.bad

    def _asked(self) -> str:
        found = self.alice.ask("mallory", new=True)
        assert found
        self.world.watch.consents(found)
        return found

    def _invited(self) -> str:
        self.numbers += 1
        group = f"rt-{self.numbers:016x}"
        self.world.now += 1_000
        invite = {"type": "invite", "group": group, "payload": {"timeout": 60_000}}
        self.alice.engine.control(self.world.now, "mallory", parse(json.dumps(invite).encode()))
        self.alice.accept(group)
        return group

    def hears(self, line: dict[str, Any]) -> None:
        """A line on the link of Mallory's channel."""
        raw = json.dumps({"group": self.bad, **line}).encode()
        assert self.alice.engine.lines(self.world.now, self.link, [raw])

    def suffers(self, raw: bytes) -> None:
        """A line in each place where it can come, in the same step as one of Bob's."""
        engine, now = self.alice.engine, self.world.now
        if not engine.lines(now, self.link, [raw]):
            engine.link_ended(now, self.link, "reset")
        try:
            line = parse(raw)
        except MalformedJson:
            line = None
        if line is not None:
            if line.type == "join":
                engine.joined(now, self.link + 10**6, "mallory", line)
            engine.control(now, "mallory", line)
        self.alice.flush()
        self.world.now += 40

    def goes_on(self) -> None:
        """Another message to Bob."""
        self.said += 1
        self.page.send(self.good, self.said)
        self.world.run(2_000)


def besiege(siege: Siege, kinds: list[str]) -> None:
    """All mutants of those types; then Bob has everything, and so has a start."""
    chance = random.Random(1)
    for kind in kinds:
        for raw in mutants(kind, "GROUP", chance):
            siege.suffers(raw.replace(b"GROUP", siege.channel().encode()))
        siege.goes_on()
    alice, bob = siege.alice, siege.bob
    row = alice.engine.core.channels[siege.good]
    assert row.phase is Phase.OPEN
    log = bob.engine.core.channels[siege.good].log
    assert [json.loads(entry.raw) for entry in log.after(0)] == list(range(1, siege.said + 1))
    stored = alice.journal.load()
    assert alice.journal.flaws == []
    assert len(stored[siege.good].entries) == siege.said


@pytest.mark.parametrize("kind", SHAPES)
@pytest.mark.parametrize("hosted", [True, False], ids=["as host", "as guest"])
def test_no_extreme_of_any_field_fails_here_or_costs_others_anything(
    kind: str, hosted: bool
) -> None:
    besiege(Siege(hosted=hosted), [kind])
