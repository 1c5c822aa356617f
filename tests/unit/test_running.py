# SPDX-License-Identifier: MIT
"""What is running and what waits: pages that follow the list have it as it is, at a pace."""

from __future__ import annotations

import dataclasses
import itertools
import json
from typing import Any

import pytest

from goop_node.types import Caller
from goop_realtime.machine import running
from goop_realtime.machine.pages import Page
from goop_realtime.machine.rights import HOME, Rights
from goop_realtime.testing import Life, SimNode, Talk, World
from goop_realtime.testing.tally import TALLY, say
from goop_realtime.types import Summary

SEEDS = range(12)


class Follower:
    """A page that follows the list and does nothing else. It comes back whenever it is cut off."""

    def __init__(self, node: SimNode, name: str = "home", caller: Caller = HOME, **like: bool):
        self.node, self.id, self.caller, self.like = node, name, caller, like
        self.list: dict[str, Any] = {}
        self.gone: list[dict[str, Any]] = []
        self.frames = 0
        self.connected = False
        node.pages[name] = self  # type: ignore[assignment]
        self.come()

    def come(self) -> None:
        if not self.node.up or self.connected:
            return
        self.connected = True
        page = self.node.engine.attach(self.node.world.now, self.id, self.caller)
        self.be(page, **self.like)

    def be(self, page: Page, **like: bool) -> None:
        body = {"channels": [], "running": like}
        self.node.engine.frame(self.node.world.now, page, {"type": "subscribe", **body})
        self.node.flush()

    def frame(self, data: bytes) -> None:
        body = json.loads(data)
        if body["type"] != "running":
            return
        self.frames += 1
        if body["whole"]:
            self.list.clear()
        for row in body["rows"]:
            if row["state"] == "ended":
                assert self.list.pop(row["channelId"]), "it was there"
                self.gone.append(row)
            else:
                self.list[row["channelId"]] = row

    def lost(self) -> None:
        self.connected = False
        self.node.world.later(1_000, self.come)

    def send(self, channel: str, data: Any) -> None:
        """It says nothing."""


def shown(follower: Follower) -> list[dict[str, Any]]:
    """The list as the page has it, without whom it is to notify."""
    rows = [dict(row) for row in follower.list.values()]
    for row in rows:
        del row["notify"]
    return sorted(rows, key=lambda row: str(row["channelId"]))


def true(node: SimNode) -> list[dict[str, Any]]:
    """The list as it is, by way of JSON."""
    rows = json.loads(json.dumps(running.rows(node.engine.core, HOME)))
    return sorted(rows, key=lambda row: str(row["channelId"]))


@pytest.mark.parametrize("seed", SEEDS)
def test_through_all_faults_a_page_comes_to_have_the_list_as_it_is(seed: int) -> None:
    life = Life(seed, Talk(TALLY, say, turns=30))
    followers = [Follower(node, f"w{n}") for n, node in enumerate(life.nodes)]

    def come_back() -> None:
        for follower in followers:
            if not follower.connected or follower.id not in follower.node.engine.core.pages:
                follower.connected = False
                follower.come()
        life.world.later(1_000, come_back)

    come_back()
    life.run()
    life.world.run(5_000)
    for follower in followers:
        assert shown(follower) == true(follower.node)
        assert follower.frames > 0


def saying(summary: Any) -> World:
    """A world with a context that says that."""
    return World(7, [dataclasses.replace(TALLY, summary=summary)])


def opened(world: World) -> tuple[SimNode, SimNode, str]:
    """A channel from Bob to Alice, with a page on each node."""
    alice, bob = world.node("alice"), world.node("bob")
    alice.page("a")
    channel = bob.ask("alice", "tally")
    world.run(500)
    alice.accept(channel)
    bob.page("b")
    world.run(1_000)
    return alice, bob, channel


def counted(session: Any, peer: str) -> Summary:
    """How much was added, as that peer hears it."""
    total = session.snapshot()[1]
    return Summary(text=f"{total} for {peer}", waiting=total % 2 == 1, ended=total == 4)


def test_a_context_says_how_it_stands_and_when_it_has_ended() -> None:
    world = saying(counted)
    alice, bob, channel = opened(world)
    follower = Follower(alice)
    row = follower.list[channel]
    assert (row["text"], row["waiting"], row["state"], row["title"]) == (
        *("0 for alice", False, "connected", "Tally"),
    )
    for n in range(1, 4):
        bob.pages["b"].send(channel, {"type": "add", "n": 1})
        world.run(1_000)
        row = follower.list[channel]
        assert (row["text"], row["waiting"]) == (f"{n} for alice", n % 2 == 1)
        assert world.now - 1_000 <= row["since"] <= world.now
    bob.pages["b"].send(channel, {"type": "add", "n": 2})
    world.run(1_000)
    assert (follower.list[channel]["ended"], follower.list[channel]["waiting"]) == (True, False)
    bob.close(channel)
    world.run(1_000)
    assert follower.list == {}
    (last,) = follower.gone
    assert (last["text"], last["ended"]) == ("4 for alice", True)


def test_the_end_waits_for_whoever_has_no_page_open() -> None:
    world = saying(lambda session, peer: Summary(text="over", ended=True))
    alice, bob, channel = opened(world)
    follower = Follower(alice)
    alice.pages["a"].die()
    del alice.pages["a"]
    bob.pages["b"].send(channel, {"type": "add", "n": 1})
    world.run(1_000)
    assert follower.list[channel]["waiting"]
    alice.page("a2")
    world.run(1_000)
    assert not follower.list[channel]["waiting"]


def test_without_a_summary_what_is_new_is_counted_and_waits() -> None:
    world = World(7)
    alice, bob, channel = opened(world)
    follower = Follower(alice)
    alice.pages["a"].die()
    del alice.pages["a"]
    for n in range(120):
        bob.pages["b"].send(channel, {"type": "add", "n": 5})
        world.run(20)
        assert n or follower.list[channel]["text"] == ""
    world.run(2_000)
    row = follower.list[channel]
    assert (row["unread"], row["waiting"], row["text"]) == (running.MOST_UNREAD, True, "")
    # 120 messages in 4.4 s: a frame for each look at most.
    assert follower.frames <= 3 + 4_400 // running.PACE_MS
    alice.page("a2")
    world.run(2_000)
    assert (follower.list[channel]["unread"], follower.list[channel]["waiting"]) == (0, False)


def test_nobody_is_due_whose_answer_is_on_its_way() -> None:
    world = saying(lambda session, peer: Summary(text="Your move", waiting=True))
    alice, bob, channel = opened(world)
    hosts = alice.engine.core.channels[channel].hosted
    host, guest = (alice, bob) if hosts else (bob, alice)
    follower = Follower(guest)

    def told() -> tuple[bool, int]:
        row = follower.list[channel]
        return row["waiting"], row["sending"]

    assert told() == (True, 0)
    host.crash()
    guest.pages["b" if hosts else "a"].send(channel, {"type": "add", "n": 1})
    world.run(1_000)
    assert told() == (False, 1)
    host.start()
    world.run(30_000)
    assert told() == (True, 0)


def test_a_context_is_asked_once_for_each_state_whoever_looks() -> None:
    asked: list[int] = []

    def says(session: Any, peer: str) -> Summary:
        asked.append(session.snapshot()[1])
        raise ValueError("planted")

    world = saying(says)
    alice, bob, channel = opened(world)
    reports: list[str] = []
    alice.engine.core.report = lambda plugin, error, doing, code, about: reports.append(
        f"{plugin}: {doing}: {error} {about} {code is says}"
    )
    followers = [Follower(alice, f"w{n}", visible=n == 1) for n in range(3)]
    world.run(10_000)
    assert asked == [0]
    assert followers[0].list[channel]["text"] == ""
    assert reports == [f"sim: summary() of the context tally: planted channel {channel} True"]
    bob.pages["b"].send(channel, {"type": "add", "n": 1})
    world.run(10_000)
    assert asked == [0, 1]


def test_who_is_away_suspended_asked_and_asking() -> None:
    world = World(7)
    alice, bob, channel = opened(world)
    follower = Follower(alice)

    def state() -> str:
        return str(follower.list[channel]["state"])

    assert state() == "connected"
    page = bob.pages.pop("b")
    page.die()
    world.run(70_000, lambda: state() == "away")
    assert state() == "away"
    bob.crash()
    world.run(30_000, lambda: state() == "suspended")
    assert state() == "suspended"
    bob.start()
    world.run(30_000, lambda: state() != "suspended")
    asked = bob.ask("alice", "tally_2")
    asking = alice.ask("bob", "tally_3")
    world.run(1_000)
    assert {key: row["state"] for key, row in follower.list.items()} == {
        channel: state(),
        asked: "asked",
        asking: "asking",
    }
    assert follower.list[asked]["waiting"]
    assert not follower.list[asking]["waiting"]
    alice.close(asking)
    world.run(1_000)
    assert asking not in follower.list


TEMPLATE = Caller(kind="template", name="t")
PAGES = {"home": HOME, "one": TEMPLATE, "two": TEMPLATE}
SEEN, ABLE, MUTE = {"visible": True}, {"notifies": True}, {"visible": False}


@pytest.mark.parametrize("likes", list(itertools.product((SEEN, ABLE, MUTE), repeat=3)))
def test_one_page_notifies_and_none_where_one_is_seen(likes: tuple[dict[str, bool], ...]) -> None:
    world = World(7)
    alice, _, channel = opened(world)
    alice.engine.core.rights = Rights({"t": frozenset({"tally"})})
    alice.engine.core.channels[channel].owner = "t"
    followers = [
        Follower(alice, name, caller, **like)
        for (name, caller), like in zip(PAGES.items(), likes, strict=True)
    ]
    world.run(1_000)
    notify = [one.id for one in followers if one.list[channel]["notify"]]
    able = [name for name, like in zip(PAGES, likes, strict=True) if like is ABLE]
    if SEEN in likes or not able:
        assert notify == []
    else:
        assert notify == [next((name for name in able if name != "home"), "home")]
    # Whoever is seen from now on shows it.
    page = alice.engine.core.pages["one"]
    followers[1].be(page, visible=True)
    world.run(1_000)
    assert not any(one.list[channel]["notify"] for one in followers)


def test_what_no_longer_follows_is_told_nothing() -> None:
    world = World(7)
    alice, bob, channel = opened(world)
    follower = Follower(alice)
    frames = follower.frames
    alice.engine.frame(
        world.now, alice.engine.core.pages["home"], {"type": "subscribe", "running": False}
    )
    alice.flush()
    bob.close(channel)
    world.run(2_000)
    assert follower.frames == frames
    assert alice.engine.core.running.due_at is None
