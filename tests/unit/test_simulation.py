# SPDX-License-Identifier: MIT
"""Thousands of seeded lives of a channel: cuts, partitions, crashes, reloads, two tabs.

After each: both logs are equal, nothing is lost, doubled or out of its author's order, and
every tab has handled every message exactly once. Replay one seed with
``pytest tests/unit/test_simulation.py --seeds 17:18``.
"""

from __future__ import annotations

import pytest

from goop_realtime.testing import SimNode, SimPage, World

MESSAGES = 120


def _seeds(config: pytest.Config) -> range:
    first, _, end = config.getoption("--seeds").partition(":")
    return range(int(first), int(end))


def _fault(world: World, nodes: list[SimNode], tabs: list[SimPage]) -> bool:
    roll, pick = world.random.random(), world.random.choice
    if roll < 0.03:
        world.cut()
    elif roll < 0.05:
        world.partitioned = True
        world.later(pick((500, 5_000, 30_000)), lambda: setattr(world, "partitioned", False))
    elif roll < 0.07:
        node = pick(nodes)
        if node.up:
            node.crash()
            world.later(pick((10, 2_000, 20_000)), lambda: _restart(node))
    elif roll < 0.10:
        tab = pick(tabs)
        if tab.connected:
            tab.cut()
            world.later(pick((5, 300, 9_000)), tab.attach)
    else:
        return False
    return True


def _restart(node: SimNode) -> None:
    node.start()
    for tab in node.pages.values():
        tab.attach()


def live(seed: int) -> None:
    """One life of a channel, and the judgement."""
    world = World(seed)
    alice, bob = world.node("alice"), world.node("bob")
    a, b, b2 = alice.page("a"), bob.page("b"), bob.page("b2")
    channel = alice.ask("bob")
    assert world.run(60_000, lambda: bool(b.incoming))
    bob.accept(channel)
    assert world.run(10_000, lambda: _connected(alice, bob, channel))
    sent: dict[str, list[str]] = {"a": [], "b": []}
    faults = 0
    for n in range(MESSAGES):
        page = world.random.choice((a, b))
        sent[page.id].append(page.send(channel, {"n": n}))
        faults += _fault(world, [alice, bob], [a, b, b2])
        world.run(world.random.choice((0, 1, 5, 50, 500)))
    world.partitioned = False
    world.run(10_000)  # the last tabs come back
    assert world.run(180_000, lambda: _settled(alice, bob, channel)), "never settled"
    world.run(5_000)
    logs = [
        [(entry.position, entry.id) for entry in node.engine.core.channels[channel].log.after(0)]
        for node in (alice, bob)
    ]
    assert logs[0] == logs[1]
    ids = [message_id for _, message_id in logs[0]]
    for page in (a, b):
        accepted = [message_id for message_id in sent[page.id] if message_id not in page.refused]
        assert [x for x in ids if x.rpartition("-")[0] == page.id] == accepted
    assert [x for x, _ in a.handled[channel]] == [x for x in ids if not x.startswith("a-")]
    assert [x for x, _ in b.handled[channel]] == [x for x in ids if not x.startswith("b-")]
    assert [x for x, _ in b2.handled[channel]] == ids
    assert len(ids) == MESSAGES - len(a.refused) - len(b.refused)


def _connected(alice: SimNode, bob: SimNode, channel: str) -> bool:
    return all(
        node.up and node.engine.core.channels[channel].page_state == "connected"
        for node in (alice, bob)
    )


def _settled(alice: SimNode, bob: SimNode, channel: str) -> bool:
    if not _connected(alice, bob, channel):
        return False
    states = [node.engine.core.channels[channel] for node in (alice, bob)]
    pages = [page for node in (alice, bob) for page in node.pages.values()]
    return (
        not any(state.outbox or state.held for state in states)
        and states[0].log.last == states[1].log.last
        and not any(page.pending for page in pages)
    )


def test_nothing_is_lost_doubled_or_reordered(pytestconfig: pytest.Config) -> None:
    for seed in _seeds(pytestconfig):
        try:
            live(seed)
        except AssertionError as error:
            pytest.fail(
                f"seed {seed}: replay with pytest {__name__.replace('.', '/')}.py "
                f"--seeds {seed}:{seed + 1}\n{error}"
            )


@pytest.mark.parametrize("seed", range(200))
def test_crossing_requests_become_one_channel(seed: int) -> None:
    """Glare: both ask for the same context at about the same time; one channel survives."""
    from goop_realtime.types import ContextType

    duel = ContextType(name="duel", version="1", title="Duel", messages={"go": {}})
    world = World(seed, [duel])
    alice, bob = world.node("alice"), world.node("bob")
    alice.page("a")
    bob.page("b")
    world.later(world.random.randrange(30), lambda: alice.ask("bob", "duel_1"))
    world.later(world.random.randrange(30), lambda: bob.ask("alice", "duel_1"))

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
    assert world.run(10_000, lambda: _connected(alice, bob, channel))
    closer, other = world.random.choice(((a, b), (b, a)))
    if world.random.random() < 0.3:
        world.cut()
    for n in range(20):
        closer.send(channel, n)
    closer.node.engine.close(world.now, channel, "")
    closer.node.flush()
    if world.random.random() < 0.3:
        world.cut()

    def both_final() -> bool:
        return all(node.engine.core.channels[channel].final for node in (alice, bob))

    assert world.run(60_000, both_final), "not closed on both sides"
    assert [data for _, data in other.handled[channel]] == list(range(20))
