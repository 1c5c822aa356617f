# SPDX-License-Identifier: MIT
"""Whatever waits is named once when it waits too long, and begins anew where that is safe."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from goop_realtime.engine.door import Engine
from goop_realtime.machine.channel import Channel
from goop_realtime.machine.liveness import Liveness, Wait
from goop_realtime.model.effects import OpenLink
from goop_realtime.model.wire import parse
from goop_realtime.testing import Life, SimNode, SimPage, Talk, World, small_bounds
from goop_realtime.testing.tally import TALLY, say

BOUND = 100
ENDS_WITHIN_MS = 120_000
HEALTHY_LIVES = 25


@given(
    st.lists(st.tuples(st.integers(0, 3 * BOUND), st.sampled_from([None, 1, 2])), max_size=20),
    st.booleans(),
)
def test_a_wait_is_told_once_and_only_when_it_did_not_get_on(
    looks: list[tuple[int, int | None]], heals: bool
) -> None:
    """``looks``: pauses, each with the wait's sign then, or ``None`` where nothing waits."""
    liveness, healed, told = Liveness(), [], []
    sign: int | None = None
    now = since = 0

    def source() -> list[Wait]:
        heal = (lambda: healed.append(now)) if heals else None
        return [] if sign is None else [Wait("rt-1", "an answer", sign, BOUND, heal)]

    liveness.sources.append(source)
    due: int | None = None
    for pause, seen in looks:
        now += pause
        if seen != sign:
            since, due = now, now + BOUND
        sign = seen
        late = liveness.look(now)
        expected = sign is not None and due is not None and now > due
        assert [(item.since, item.healed) for item in late] == [(since, heals)] * expected
        told += late
        due = None if expected else due
    assert len(healed) == len(told) * heals


class Scene:
    """Two nodes with a page each that have agreed on a channel."""

    def __init__(self, seed: int = 1) -> None:
        self.world = World(seed)
        self.world.watch.healthy = False
        self.alice, self.bob = self.world.node("alice"), self.world.node("bob")
        self.a, self.b = self.alice.page("a"), self.bob.page("b")
        self.channel = self.alice.ask("bob")
        assert self.world.run(10_000, lambda: self.channel in self.b.incoming)

    def agree(self) -> None:
        """Bob accepts."""
        assert self.bob.accept(self.channel) == ""
        assert self.world.run(ENDS_WITHIN_MS, self.connected)

    def rows(self) -> tuple[Channel, Channel]:
        """The channel at the host and at the guest."""
        return tuple(node.engine.core.channels[self.channel] for node in (self.alice, self.bob))  # type: ignore[return-value]

    def connected(self) -> bool:
        """Whether both are."""
        return all(row.page_state == "connected" for row in self.rows())

    def at_rest(self) -> bool:
        """Whether the two have the same, and nothing waits."""
        host, guest = self.rows()
        if host.final and guest.final:
            return host.other.link is None and guest.other.link is None
        return self.connected() and host.log.last == guest.log.last and not guest.outbox

    def overdue(self) -> list[str]:
        """What the trace says of waits."""
        return [
            row["detail"]
            for node in (self.alice, self.bob)
            for row in node.engine.core.trace.rows(self.channel)
            if row["code"] == "overdue"
        ]


def test_a_question_for_a_stream_that_is_never_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    scene = Scene()
    opens = SimNode.open_stream
    swallowed: list[OpenLink] = []

    def swallow(node: SimNode, effect: OpenLink) -> None:
        if swallowed:
            opens(node, effect)
        else:
            swallowed.append(effect)

    monkeypatch.setattr(SimNode, "open_stream", swallow)
    scene.agree()
    (told,) = scene.overdue()
    assert "a stream to its host" in told
    assert told.endswith("it begins anew")


LINES = ["join", "welcome", "msg", "confirm", "ack", "ping", "pong", "page"]


@pytest.mark.parametrize("kind", LINES)
@pytest.mark.parametrize("seed", range(3))
def test_whichever_answer_is_lost_nothing_waits_for_it_for_good(
    monkeypatch: pytest.MonkeyPatch, kind: str, seed: int
) -> None:
    """As a node loses it that has a bug: the stream stands, and its pings are answered."""
    scene = Scene(seed)
    chance = scene.world.random
    deliver = SimNode.line
    to_lose = chance.randrange(1, 3)

    def lossy(node: SimNode, link: int, sender: str, data: bytes, *, first: bool) -> None:
        nonlocal to_lose
        line = parse(data)
        if to_lose and line.type == kind and (kind == "join" or chance.random() < 0.3):
            to_lose -= 1
            return
        if first and line.type != "join":
            return  # the node that lost a join reads on, and waits for it
        deliver(node, link, sender, data, first=first)

    monkeypatch.setattr(SimNode, "line", lossy)
    scene.agree()
    for n in range(30):
        chance.choice([scene.a, scene.b]).send(scene.channel, n)
        scene.world.run(chance.choice([0, 10, 1_000]))
    to_lose = 0
    assert scene.world.run(ENDS_WITHIN_MS, scene.at_rest), scene.overdue()
    closer: SimPage = chance.choice([scene.a, scene.b])
    closer.node.close(scene.channel)
    assert scene.world.run(ENDS_WITHIN_MS, scene.at_rest)


def test_a_page_that_never_handles_is_named() -> None:
    scene = Scene()
    scene.agree()
    scene.b.handler_ms = 10**9
    scene.a.send(scene.channel, 1)
    scene.world.run(ENDS_WITHIN_MS)
    assert [text for text in scene.overdue() if "page b to handle" in text]
    assert scene.connected()


def test_healthy_lives_have_nothing_overdue() -> None:
    with small_bounds():
        for seed in range(HEALTHY_LIVES):
            Life(seed, Talk(TALLY, say, turns=40), faults={}).run()


def test_the_engine_looks_at_every_tick() -> None:
    scene = Scene()
    engine: Any = scene.alice.engine
    assert isinstance(engine, Engine)
    engine.core.liveness.sources.append(lambda: [Wait("rt-1", "Godot", 1, 0)])
    now = scene.world.now
    assert engine.tick(now) == []
    (overdue,) = engine.tick(now + 3_000)
    assert str(overdue) == "rt-1 has waited 3 s for Godot"
    assert overdue.since == now
    assert engine.tick(now + 4_000) == []
