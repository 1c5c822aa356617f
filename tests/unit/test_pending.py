# SPDX-License-Identifier: MIT
"""What is on its way: accepted by the own node, without a place in the log; told to every tab."""

from __future__ import annotations

from typing import Any

import pytest

from goop_node.problems import Problem
from goop_realtime.machine import history
from goop_realtime.machine.pending import pending_page
from goop_realtime.testing import SimNode, World

Told = dict[str, Any]


def opened() -> tuple[World, SimNode, SimNode, str]:
    """Alice, who asked, and Bob with a plain channel, a page on each side."""
    world = World(1)
    alice, bob = world.node("alice"), world.node("bob")
    alice.page("a")
    bob.page("b")
    channel = alice.ask("bob")
    world.run(1_000)
    bob.accept(channel)
    world.run(5_000)
    return world, alice, bob, channel


def on_their_way(node: SimNode, channel: str) -> list[Any]:
    """What a page of the node is answered."""
    told: Told = pending_page(node.engine.core.channels[channel], "", 500)
    assert told["next"] is None
    return [message["data"] for message in told["messages"]]


def test_what_a_guest_says_while_its_host_is_dead_is_on_its_way_until_it_is_back() -> None:
    world, alice, bob, channel = opened()
    other_tab = bob.page("b2")
    world.run(1_000)
    alice.crash()
    bob.pages["b"].send(channel, {"type": "move"})
    world.run(5_000)
    assert on_their_way(bob, channel) == [{"type": "move"}]
    assert other_tab.pending[channel] == bob.pages["b"].pending[channel] == 1
    bob.pages["b"].die()  # a reload: another document, which finds it
    late = bob.page("b3")
    world.run(1_000)
    assert late.pending[channel] == 1
    alice.start()
    world.run(20_000)
    assert on_their_way(bob, channel) == []
    assert other_tab.pending[channel] == late.pending[channel] == 0


def test_it_outlives_the_guests_own_node() -> None:
    world, alice, bob, channel = opened()
    alice.crash()
    bob.pages["b"].send(channel, 1)
    world.run(1_000)
    bob.crash()
    bob.start()
    world.run(10_000)
    assert on_their_way(bob, channel) == [1]
    assert bob.pages["b"].pending[channel] == 1


def test_a_host_orders_at_once_but_for_what_waits_for_the_first_join_after_a_start() -> None:
    world, alice, bob, channel = opened()
    bob.crash()
    world.run(1_000)
    alice.pages["a"].send(channel, "now")
    world.run(1_000)
    assert on_their_way(alice, channel) == []
    assert alice.engine.core.channels[channel].log.last[1] == 1
    alice.crash()
    alice.start()
    world.run(6_000)  # its page is back
    alice.pages["a"].send(channel, "later")
    world.run(1_000)
    assert on_their_way(alice, channel) == ["later"]
    bob.start()
    world.run(20_000)
    assert on_their_way(alice, channel) == []
    assert alice.pages["a"].pending[channel] == 0


def test_what_is_refused_is_on_its_way_no_more() -> None:
    world = World(1)
    alice, bob = world.node("alice"), world.node("bob")
    alice.page("a")
    page = bob.page("b")
    channel = alice.ask("bob", "tally_1")
    world.run(1_000)
    bob.accept(channel)
    world.run(5_000)
    alice.crash()
    page.send(channel, {"type": "add", "n": 1})
    bad = page.send(channel, {"type": "add", "n": 3})  # behind another one only the host judges
    world.run(1_000)
    assert page.pending[channel] == 2
    alice.start()
    world.run(20_000)
    assert page.fate[bad] == "divisible"
    assert page.pending[channel] == 0


def test_the_close_is_no_message_and_what_it_leaves_behind_is_gone() -> None:
    world, alice, bob, channel = opened()
    alice.crash()
    bob.pages["b"].send(channel, 1)
    bob.close(channel)
    world.run(1_000)
    assert on_their_way(bob, channel) == [1]
    alice.start()
    world.run(20_000)
    assert bob.engine.core.channels[channel].final
    assert on_their_way(bob, channel) == []


@pytest.mark.parametrize("limit", [1, 3, 500])
def test_it_is_listed_in_portions_of_bounded_size(
    limit: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    world, alice, bob, channel = opened()
    alice.crash()
    for n in range(10):
        bob.pages["b"].send(channel, n)
    world.run(1_000)
    monkeypatch.setattr("goop_realtime.machine.pending.MAX_BYTES", 4)
    got: list[Any] = []
    after: Any = ""
    while after is not None:
        told: Told = pending_page(bob.engine.core.channels[channel], after, limit)
        assert 0 < len(told["messages"]) <= min(limit, 4)
        got += [message["data"] for message in told["messages"]]
        after = told["next"]
    assert got == list(range(10))


def test_a_portion_behind_what_has_left_begins_with_what_is_there() -> None:
    world, alice, bob, channel = opened()
    alice.crash()
    bob.pages["b"].send(channel, 1)
    world.run(1_000)
    told: Told = pending_page(bob.engine.core.channels[channel], "b-0", 100)
    assert [message["data"] for message in told["messages"]] == [1]
    assert told["messages"][0]["id"] == "b-1"
    assert isinstance(told["messages"][0]["sentAt"], int)


@pytest.mark.parametrize("limit", [0, -1, history.MAX_ENTRIES + 1])
def test_a_limit_beyond_bounds_is_refused_in_words(limit: int) -> None:
    _, _, bob, channel = opened()
    with pytest.raises(Problem, match="limit: expected 1 to 500"):
        pending_page(bob.engine.core.channels[channel], "", limit)


def test_pages_that_did_not_ask_are_told_nothing() -> None:
    world, alice, bob, channel = opened()
    plain = bob.page("plain", acks=False)
    world.run(1_000)
    alice.crash()
    bob.pages["b"].send(channel, 1)
    world.run(1_000)
    assert bob.pages["b"].pending == {channel: 1}
    assert plain.pending == {}
