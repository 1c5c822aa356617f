# SPDX-License-Identifier: MIT
"""A node where nothing happens does next to nothing, whatever it remembers and waits for."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from goop_realtime.machine import deadlines
from goop_realtime.machine.channel import Channel
from goop_realtime.machine.core import Core
from goop_realtime.machine.tombstones import REST_MS, TOMBSTONE_MS
from goop_realtime.testing import SimNode, World

QUIET_MS = 60_000
LOOKS = 75
"""In a quiet minute: one a second, and what retries and pokes there are."""


class Pair:
    """Alice, who asks, and Bob."""

    def __init__(self) -> None:
        self.world = World(1)
        self.alice, self.bob = self.world.node("alice"), self.world.node("bob")
        self.alice.page("a")
        self.bob.page("b")

    def asked(self) -> str:
        channel: str = self.alice.ask("bob")
        self.world.run(300)
        return channel

    def agreed(self) -> str:
        channel = self.asked()
        self.bob.accept(channel)
        self.world.run(300)
        return channel

    def ended(self) -> str:
        channel = self.agreed()
        self.alice.close(channel)
        self.world.run(REST_MS + 62_000)  # where nothing else happens it looks once a minute
        return channel


def _bob_dies(pair: Pair) -> None:
    pair.agreed()
    pair.bob.crash()


def _alice_dies(pair: Pair) -> None:
    pair.agreed()
    pair.alice.crash()


def _apart(pair: Pair) -> None:
    pair.agreed()
    pair.world.cut()
    pair.world.blocked |= {("alice", "bob"), ("bob", "alice")}


@pytest.mark.parametrize(
    "live", [Pair.asked, Pair.agreed, Pair.ended, _bob_dies, _alice_dies, _apart]
)
def test_a_quiet_minute(live: Callable[[Pair], object], monkeypatch: pytest.MonkeyPatch) -> None:
    pair = Pair()
    live(pair)
    looks: dict[Core, int] = {}
    tick = deadlines.tick

    def counted(core: Core) -> object:
        looks[core] = looks.get(core, 0) + 1
        return tick(core)

    monkeypatch.setattr(deadlines, "tick", counted)
    pair.world.run(QUIET_MS)
    assert all(count <= LOOKS for count in looks.values()), list(looks.values())


def looked_at(node: SimNode, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The channels that a tick looks after."""
    found: list[str] = []
    keep = deadlines._keep

    def noted(core: Core, channel: Channel) -> None:
        found.append(channel.id)
        keep(core, channel)

    with monkeypatch.context() as patch:
        patch.setattr(deadlines, "_keep", noted)
        node.engine.tick(node.now())
    return found


def test_what_has_ended_costs_nothing_as_time_goes_by(monkeypatch: pytest.MonkeyPatch) -> None:
    pair = Pair()
    old, new = pair.ended(), pair.agreed()
    for node in (pair.alice, pair.bob):
        assert looked_at(node, monkeypatch) == [new]
        assert old in node.engine.core.channels
    pair.alice.crash()
    pair.alice.start()
    pair.world.run(1_000)
    assert looked_at(pair.alice, monkeypatch) == [new]


def test_it_is_forgotten_all_the_same() -> None:
    pair = Pair()
    old = pair.ended()
    pair.world.run(TOMBSTONE_MS + 120_000)
    assert not any(old in node.engine.core.channels for node in (pair.alice, pair.bob))
