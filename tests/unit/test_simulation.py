# SPDX-License-Identifier: MIT
"""Thousands of seeded lives of a channel, with what must hold looked at in every step.

``pytest tests/unit/test_simulation.py -k lost --seeds 17:18`` lives one again, with its story.
"""

from __future__ import annotations

import pytest

from goop_realtime.testing import Life, Talk, World
from goop_realtime.testing.spots import SPOTS, say_spots
from tests.unit.lives import all_live
from tests.unit.simulated import EXPECTED

ENOUGH = 600
"""Lives in which everything that is expected happens at least once."""


def either(seed: int, *, story: bool = False) -> Life:
    """Every third life has messages in no log, too."""
    return Life(seed, story=story) if seed % 3 else Life(seed, Talk(SPOTS, say_spots), story=story)


def test_nothing_is_lost_doubled_or_reordered(
    pytestconfig: pytest.Config, capsys: pytest.CaptureFixture[str]
) -> None:
    first, _, end = pytestconfig.getoption("--seeds").partition(":")
    seeds = range(int(first), int(end))
    counts = all_live(either, seeds)
    with capsys.disabled():
        print(f"\n{len(seeds)} simulated lives, {counts.total()} events looked at, 0 violations")
        if len(seeds) >= ENOUGH:
            print("\n".join(f"{count:9} {what}" for what, count in sorted(counts.items())))
    if len(seeds) >= ENOUGH:
        assert [what for what in EXPECTED if not counts[what]] == []


@pytest.mark.parametrize("seed", range(200))
def test_crossing_requests_become_one_channel(seed: int) -> None:
    """Glare: both ask for the same context at about the same time; one channel survives."""
    world = World(seed)
    alice, bob = world.node("alice"), world.node("bob")
    alice.page("a")
    bob.page("b")
    world.later(world.random.randrange(30), lambda: alice.ask("bob", "tally_1"))
    world.later(world.random.randrange(30), lambda: bob.ask("alice", "tally_1"))

    def one() -> bool:
        living = [
            {c.id for c in node.engine.core.channels.values() if c.page_state == "connected"}
            for node in (alice, bob)
        ]
        return len(living[0]) == 1 and living[0] == living[1]

    def accept() -> None:
        for node in (alice, bob):
            for channel in list(node.engine.core.channels.values()):
                if channel.phase == "asked" and not channel.hidden:
                    node.accept(channel.id)

    world.later(500, accept)
    assert world.run(20_000, one)
    world.run(5_000)
    assert one()
    assert not any(
        channel.living and channel.page_state != "connected"
        for node in (alice, bob)
        for channel in node.engine.core.channels.values()
    )


@pytest.mark.parametrize("seed", range(200))
def test_closing_loses_nothing_before_it(seed: int) -> None:
    world = World(seed)
    alice, bob = world.node("alice"), world.node("bob")
    a, b = alice.page("a"), bob.page("b")
    channel = alice.ask("bob")
    assert world.run(10_000, lambda: bool(b.incoming))
    bob.accept(channel)
    rows = [node.engine.core.channels[channel] for node in (alice, bob)]
    assert world.run(10_000, lambda: all(row.page_state == "connected" for row in rows))
    closer, other = world.random.choice(((a, b), (b, a)))
    if world.random.random() < 0.3:
        world.cut()
    sent = [closer.send(channel, n) for n in range(20)]
    closer.node.close(channel)
    if world.random.random() < 0.3:
        world.cut()
    assert world.run(60_000, lambda: all(row.final for row in rows)), "not closed on both sides"
    world.run(1_000)
    assert other.got[channel] == sent
