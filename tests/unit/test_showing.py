# SPDX-License-Identifier: MIT
"""Pages see what a channel's Session comes to: asked for, or followed at a pace; contained."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest

from goop_node.types import Caller
from goop_realtime.machine.rights import HOME, Rights
from goop_realtime.machine.showing import PACE_MS
from goop_realtime.model import limits
from goop_realtime.testing import SimNode, World, small_bounds
from goop_realtime.testing.tally import TALLY, TallySession
from tests.unit.onlooker import Onlooker

TEMPLATE = Caller(kind="template", name="t")
PROGRAM = Caller(kind="program")


class Hiding(TallySession):
    """A tally whose sum pages do not see."""

    def view(self, peer: str) -> Any:
        return {"for": peer, "count": self._count}


def opened(
    session: Callable[[Any], TallySession] = TallySession, *, push: bool = True
) -> tuple[World, SimNode, SimNode, str]:
    """A channel from Bob to Alice; the template ``t`` has it at Alice's."""
    kind = replace(
        TALLY,
        push_state=push,
        open_session=lambda request, snapshot: session(snapshot.state if snapshot else None),
    )
    world = World(7, [kind])
    alice, bob = world.node("alice"), world.node("bob")
    alice.page("a")
    channel = bob.ask("alice", "tally")
    world.run(500)
    alice.accept(channel)
    bob.page("b")
    world.run(1_000)
    alice.engine.core.rights = Rights({"t": frozenset({"tally"})})
    alice.engine.core.channels[channel].owner = "t"
    return world, alice, bob, channel


def add(world: World, node: SimNode, channel: str, *numbers: int, every: int = 100) -> None:
    page = next(page for name, page in node.pages.items() if name in "ab")
    for n in numbers:
        page.send(channel, {"type": "add", "n": n})
        world.run(every)


def test_a_page_has_the_state_and_where_it_stands() -> None:
    world, alice, bob, channel = opened()
    page = Onlooker(alice, caller=TEMPLATE)
    first = page.ask(channel)
    assert (first["state"][:2], first["position"]) == ([1, 0], [0, 0])
    add(world, bob, channel, 1, 1, 1, every=500)
    told, log = page.ask(channel), alice.engine.core.channels[channel].log
    assert told["type"] == "snapshot"
    assert told["position"] == list(log.last)
    assert (log.last[1], told["state"][:2]) == (3, [4, 3])
    assert alice.engine.read.snapshot(channel, PROGRAM) == {
        "state": told["state"],
        "position": told["position"],
    }


def test_a_page_that_follows_has_the_newest_twenty_times_a_second() -> None:
    world, alice, bob, channel = opened()
    pages = [Onlooker(alice, f"p{n}", TEMPLATE) for n in range(2)]
    for page in pages:
        page.follow(channel)
        assert len(page.told) == 1
    add(world, bob, channel, *[5] * 160, every=7)
    world.run(2_000)
    last = alice.engine.core.channels[channel].log.last
    assert last[1] > 60
    for page in pages:
        moments = [at for at, _ in page.told]
        apart = [later - at for at, later in pairwise(moments)]
        assert min(apart) >= PACE_MS
        assert len(moments) > 10
        assert page.told[-1][1]["position"] == list(last)
    pages[0].say("snapshot", channel=channel, watch=False)
    add(world, bob, channel, 2)
    assert pages[1].told[-1][1]["position"][1] == pages[0].told[-1][1]["position"][1] + 1
    assert alice.engine.look_at is None or alice.engine.look_at > world.now
    pages[1].die()
    assert alice.engine.core.showing.followed == {}


def test_what_a_session_hides_is_hidden_from_pages_and_not_from_the_person() -> None:
    world, alice, bob, channel = opened(Hiding)
    page, program = Onlooker(alice, "t", TEMPLATE), Onlooker(alice, "program", PROGRAM)
    page.follow(channel)
    program.follow(channel)
    add(world, bob, channel, 1)
    assert page.ask(channel)["state"] == {"for": "alice", "count": 1}
    assert page.told[-2][1]["state"] == {"for": "alice", "count": 1}
    assert program.ask(channel)["state"][:2] == [2, 1]
    assert program.told[-2][1]["state"][:2] == [2, 1]
    # Home leaves to the template what is said there.
    assert Onlooker(alice, "home", HOME).ask(channel)["code"] == "unknown_channel"


def _raises(peer: str) -> Any:
    raise ValueError("planted")


@pytest.mark.parametrize(
    ("view", "code"),
    [
        (_raises, "plugin_error"),
        (lambda peer: {1, 2}, "plugin_error"),
        (lambda peer: "x" * limits.STATE_BYTES, "too_large"),
    ],
)
def test_a_view_that_fails_is_told_once_and_blamed(view: Any, code: str) -> None:
    class Failing(TallySession):
        def view(self, peer: str) -> Any:
            return view(peer)

    world, alice, bob, channel = opened(Failing)
    reports: list[str] = []
    alice.engine.core.report = lambda plugin, error, doing, code, about: reports.append(
        f"{plugin}: {doing}: {about}"
    )
    page = Onlooker(alice, "t", TEMPLATE)
    assert page.ask(channel)["code"] == code
    blamed = f"sim: view() of the context tally: channel {channel}"
    assert reports == ([blamed] if code == "plugin_error" else [])
    page.follow(channel)
    add(world, bob, channel, 1, 2)
    assert [one["code"] for _, one in page.told] == [code] * 2
    assert Onlooker(alice, "program", PROGRAM).ask(channel)["state"][:2] == [4, 2]


def test_who_cannot_see_it_is_told_why() -> None:
    world, alice, bob, channel = opened(push=False)
    page = Onlooker(alice, "t", TEMPLATE)
    page.follow(channel)
    assert page.told[-1][1]["code"] == "not_pushed"
    assert page.ask("rt-0123456789abcdef")["code"] == "unknown_channel"
    asked = bob.ask("alice", "tally_2")
    world.run(500)
    assert Onlooker(alice, "program", PROGRAM).ask(asked)["code"] == "not_connected"
    alice.crash()
    alice.plugin = "missing"
    alice.start()
    assert Onlooker(alice, "person", PROGRAM).ask(channel)["code"] == "plugin_missing"


def test_a_context_without_rules_has_no_state() -> None:
    world = World(7)
    alice, bob = world.node("alice"), world.node("bob")
    channel = bob.ask("alice", "")
    world.run(500)
    alice.accept(channel)
    world.run(500)
    assert Onlooker(alice, caller=PROGRAM).ask(channel)["state"] is None


def test_behind_a_start_and_a_trimmed_log_it_is_the_same() -> None:
    world, alice, bob, channel = opened()
    alice.engine.core.channels[channel].owner = ""
    page = Onlooker(alice, "p", PROGRAM)
    page.follow(channel)
    with small_bounds():
        add(world, bob, channel, *[5] * 40, every=200)
    assert alice.engine.core.channels[channel].log.start[1] > 0
    before = page.ask(channel)
    alice.crash()
    alice.start()
    world.run(10_000)
    assert page.ask(channel) == before
    assert page.told[-2][1] == {key: before[key] for key in before if key != "ref"}


def test_an_end_leaves_the_state_for_a_while() -> None:
    world, alice, bob, channel = opened()
    page = Onlooker(alice, "t", TEMPLATE)
    add(world, bob, channel, 1)
    bob.close(channel)
    world.run(1_000)
    told = page.ask(channel)
    assert (told["state"][:2], told["position"][1]) == ([2, 1], 2)
    world.run(10 * 60_000, lambda: page.ask(channel).get("code") == "closed")
    assert page.ask(channel)["code"] == "closed"
