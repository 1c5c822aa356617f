# SPDX-License-Identifier: MIT
"""Two people who invite each other, at any moment and through any trouble.

Nobody is left waiting for somebody who waits for them without seeing it, and two who accept each
other's invitation are at one table, not at two.
"""

from __future__ import annotations

import random
from collections import Counter
from functools import partial
from typing import Any

import pytest

from goop_realtime.machine.channel import Channel, Phase
from goop_realtime.machine.rights import HOME
from goop_realtime.testing import SimNode, World
from goop_realtime.types import ContextType, Refusal

SEEDS = 30
ANYTHING = {"type": "object"}
TABLE = ContextType(
    name="table", version="1", title="Table", messages={"say": ANYTHING}, single_request=True
)
SETTLED_MS = 45_000
"""More than a lost line, a lost stream and the repeated invitation take together."""


class Person:
    """Somebody at a node, whose page asks, answers, thinks better of it and is reloaded."""

    def __init__(self, world: World, chance: random.Random, name: str, other: str) -> None:
        self.world, self.chance = world, chance
        self.node: SimNode = world.node(name)
        self.other = other
        self.accepts = True
        self._pages = 0
        self.page = self.node.page(f"{name}0")

    def channels(self, *phases: Phase) -> list[Channel]:
        """What the node knows, in one of these phases."""
        known = self.node.engine.core.channels.values()
        return [one for one in known if one.phase in phases and not one.hidden]

    def ask(self, context: str) -> None:
        """Invite, unless the two have agreed already."""
        agreed = self.channels(Phase.JOINING, Phase.OPEN) if self.node.up else [None]
        if not agreed:
            self.node.ask(self.other, context)

    def accept(self) -> None:
        """Accept whatever is shown."""
        if self.node.up and self.accepts:
            for channel in self.channels(Phase.ASKED):
                self.node.accept(channel.id)

    def decline(self) -> None:
        """Decline whatever is shown."""
        if self.node.up:
            for channel in self.channels(Phase.ASKED):
                self.node.decline(channel.id)

    def withdraw(self) -> None:
        """Take back whatever waits."""
        if self.node.up:
            for channel in self.channels(Phase.ASKING):
                self.node.close(channel.id)

    def reload(self) -> None:
        """Another document takes the place of the page."""
        self.page.die()
        del self.node.pages[self.page.id]
        self._pages += 1
        self.page = self.node.page(f"{self.node.peer_id}{self._pages}")

    def crash(self) -> None:
        """The node is killed, and started again."""
        if self.node.up:
            self.node.crash()
            self.world.later(self.chance.choice((1, 300, 4_000)), self.node.start)

    def later(self, *actions: str, within: int) -> None:
        """Do these at moments of their own."""
        for action in actions:
            self.world.later(self.chance.randrange(within), getattr(self, action))


def meet(seed: int) -> tuple[World, random.Random, Person, Person]:
    """Alice and Bob, in either order of their ids."""
    world, chance = World(seed, [TABLE]), random.Random(seed)
    world.slow = chance.choice((1, 5, 15))
    alice, bob = Person(world, chance, "alice", "bob"), Person(world, chance, "bob", "alice")
    return world, chance, *chance.sample((alice, bob), 2)  # type: ignore[return-value]


def nothing_pends(one: Person, other: Person) -> bool:
    """Whether everything that was asked has come to an end or a table."""
    waits = (Phase.ASKING, Phase.ASKED, Phase.JOINING)
    return all(person.node.up and not person.channels(*waits) for person in (one, other))


@pytest.mark.parametrize("contexts", [("table_r", "table_r"), ("table_a", "table_b")])
def test_two_who_accept_each_others_invitation_are_at_one_table(contexts: tuple[str, str]) -> None:
    seen: Counter[str] = Counter()
    for seed in range(SEEDS):
        world, chance, one, other = meet(seed)
        for person, context in zip((one, other), contexts, strict=True):
            world.later(chance.randrange(200), partial(person.ask, context))
            moments = range(0, 20_000, chance.choice((97, 1_003, 2_003)))
            for moment in moments:
                world.later(250 + moment + chance.randrange(90), person.accept)
            trouble = chance.choices(("crash", "reload"), k=chance.randrange(3))
            person.later(*trouble, within=2_500)
        if chance.random() < 0.3:
            world.later(chance.randrange(2_500), world.cut)
        assert world.run(SETTLED_MS, partial(_at_table, one, other)), f"seed {seed}"
        world.run(20_000)
        assert _at_table(one, other), f"seed {seed}"
        assert nothing_pends(one, other), f"seed {seed}"
        kept = one.channels(Phase.CLOSED) + other.channels(Phase.CLOSED)
        seen.update(channel.close_code for channel in kept)
        assert not any(channel.missed for channel in kept), f"seed {seed}"
    assert set(seen) == {"replaced"}, seen


def test_who_wants_none_that_is_there_is_told_and_meets_a_crossing_request_all_the_same() -> None:
    world, _, one, other = meet(1)

    def ask() -> Any:
        now, peer = one.node.now(), one.other
        found = one.node.engine.request(
            now, peer, "table_x", None, 60_000, new=False, unopened=True, caller=HOME
        )
        one.node.flush()
        return found

    other.ask("table_x")
    assert not isinstance(ask(), Refusal)
    for phase in (Phase.ASKING, Phase.OPEN):
        assert one.channels(phase)
        again = ask()
        assert isinstance(again, Refusal)
        assert again.code == "already_open"
        assert world.run(2_000, partial(_at_table, one, other))


def test_joins_that_cross_leave_the_table_of_the_smaller_peer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Both accept, and join, in the same moment: neither has heard of the other's yes."""
    world, _, one, other = meet(1)
    monkeypatch.setattr(world, "delay", lambda *_: 50)
    one.ask(f"table_{one.node.peer_id}")
    other.ask(f"table_{other.node.peer_id}")
    world.run(200)
    one.accept()
    other.accept()
    assert world.run(2_000, partial(_at_table, one, other))
    [table] = one.channels(Phase.OPEN)
    assert table.request.context == "table_alice"
    world.run(30_000)
    assert _at_table(one, other)
    assert nothing_pends(one, other)


def _at_table(one: Person, other: Person) -> bool:
    """Whether both are at the same one table, and at no other."""
    if not (one.node.up and other.node.up):
        return False
    tables = [{row.id for row in who.channels(Phase.OPEN)} for who in (one, other)]
    linked = all(row.linked for who in (one, other) for row in who.channels(Phase.OPEN))
    return len(tables[0]) == 1 and tables[0] == tables[1] and linked


ACTIONS = ("accept", "accept", "decline", "withdraw", "crash", "reload")


@pytest.mark.parametrize("contexts", [("table_r", "table_r"), ("table_a", "table_b")])
def test_whatever_the_two_do_nobody_waits_without_seeing_who_waits_for_them(
    contexts: tuple[str, str],
) -> None:
    seen: Counter[str] = Counter()
    for seed in range(2 * SEEDS):
        world, chance, one, other = meet(seed)
        for person, context in zip((one, other), contexts, strict=True):
            world.later(chance.randrange(300), partial(person.ask, context))
            person.later(*chance.choices(ACTIONS, k=chance.randrange(4)), within=1_500)
        world.run(25_000)
        asking = [person.channels(Phase.ASKING) for person in (one, other)]
        for person, theirs in ((one, asking[1]), (other, asking[0])):
            shown = {channel.id for channel in person.channels(Phase.ASKED)}
            assert {channel.id for channel in theirs} <= shown, f"seed {seed}"
            assert not person.channels(Phase.JOINING), f"seed {seed}"
            assert not any(channel.replaced_by for channel in person.channels(Phase.ASKING))
            assert all(row.linked for row in person.channels(Phase.OPEN)), f"seed {seed}"
        seen["both wait"] += bool(asking[0] and asking[1])
        seen["one waits"] += bool(asking[0]) != bool(asking[1])
        seen["table"] += bool(one.channels(Phase.OPEN))
        world.run(60_000)
        assert nothing_pends(one, other), f"seed {seed}"
    assert seen["one waits"]
    assert seen["table"]
    # Crossing requests of one name are one at once, those of two names wait for a person.
    assert bool(seen["both wait"]) is (contexts[0] != contexts[1])
