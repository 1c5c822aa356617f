# SPDX-License-Identifier: MIT
"""A handler that failed is told to the message's sender, whatever becomes of nodes and streams."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from goop_realtime.machine.channel import Channel
from goop_realtime.machine.failures import note
from goop_realtime.model.wire import MAX_FAILED
from goop_realtime.testing import SimNode, World
from goop_realtime.testing.page import SimPage

STEPS = st.lists(
    st.sampled_from(("send", "back", "cut", "socket", "sender's socket", "crash", "wait")),
    min_size=5,
    max_size=40,
)


def opened(seed: int) -> tuple[World, SimNode, SimPage, SimPage, str]:
    """Alice and Bob with a plain channel and a page each."""
    world = World(seed)
    alice, bob = world.node("alice"), world.node("bob")
    a, b = alice.page("a"), bob.page("b")
    channel = alice.ask("bob")
    world.run(1_000)
    bob.accept(channel)
    world.run(5_000)
    return world, alice, a, b, channel


def is_third(message_id: str) -> bool:
    """Whether the handler fails on it."""
    return int(message_id.rpartition("-")[2]) % 3 == 0


@settings(max_examples=80, deadline=None)
@given(st.integers(0, 1000), STEPS)
def test_failed_is_told_of_those_messages_and_of_no_other(seed: int, steps: list[str]) -> None:
    world, alice, a, b, channel = opened(seed)
    a.failing = b.failing = is_third
    for n, step in enumerate(steps):
        match step:
            case "send":
                a.send(channel, n)
            case "back":
                b.send(channel, n)
            case "cut":
                world.cut()
            case "socket":
                b.cut()
            case "sender's socket":
                a.cut()
            case "crash":
                node = world.random.choice((alice, world.nodes["bob"]))
                node.crash()
                node.start()
        world.run(world.random.choice((0, 3, 200, 3_000)))
    world.heal()
    world.run(60_000)
    for page in (a, b):
        assert set(page.fate.values()) <= {"handled"}
        assert page.failures == {one for one in page.sent if is_third(one)}


@pytest.mark.parametrize("bad", [None, 7, "x", {}, [None, "1", 1.0, True, -1, 10**30, [1]]])
def test_what_is_no_list_of_numbers_is_ignored(bad: Any) -> None:
    _, alice, _, _, channel = opened(1)
    found: Channel = alice.engine.core.channels[channel]
    note(alice.engine.core, found, 100, bad)
    assert list(found.failures) == []


def test_what_is_remembered_has_a_bound() -> None:
    _, alice, _, _, channel = opened(1)
    found: Channel = alice.engine.core.channels[channel]
    note(alice.engine.core, found, 10_000, list(range(5_000)))
    assert list(found.failures) == list(range(5_000 - MAX_FAILED, 5_000))
