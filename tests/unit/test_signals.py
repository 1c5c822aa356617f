# SPDX-License-Identifier: MIT
"""Signals: the newest wins, and nothing of them piles up anywhere."""

from __future__ import annotations

import json
from typing import Any

from goop_node.types import Caller
from goop_realtime.machine.unlogged import ROUND
from goop_realtime.model.effects import Effect, Frame, SendLine
from goop_realtime.testing import SimNode, World
from goop_realtime.web.page_session import PageSession
from goop_realtime.web.turns import Turns


def opened() -> tuple[World, SimNode, SimNode, str]:
    """Alice and Bob with a plain channel, and Bob's page on it."""
    world = World(1)
    alice, bob = world.node("alice"), world.node("bob")
    alice.page("a")
    bob.page("b")
    channel = alice.ask("bob")
    world.run(1_000)
    bob.accept(channel)
    world.run(5_000)
    return world, alice, bob, channel


def signals(effects: list[Effect]) -> list[Any]:
    """The payloads of the signal lines among them."""
    lines = [json.loads(item.data) for item in effects if isinstance(item, SendLine)]
    return [line["payload"] for line in lines if line["type"] == "signal"]


def test_a_peer_that_does_not_answer_is_sent_one_round_and_then_the_newest() -> None:
    world, alice, _, channel = opened()
    page = alice.engine.core.pages["a"]
    for n in range(200):
        body = {"type": "signal", "channel": channel, "data": n}
        alice.engine.frame(world.now, page, body)
    alice.engine.settle()
    assert signals(alice.engine.take()) == list(range(ROUND))
    link = alice.engine.core.channels[channel].other.link
    assert link is not None
    alice.engine.lines(
        world.now, link.id, [json.dumps({"type": "pong", "group": channel}).encode()]
    )
    alice.engine.settle()
    assert signals(alice.engine.take()) == [199]


def test_a_peer_that_answers_is_sent_them_all() -> None:
    world, alice, bob, channel = opened()
    page = alice.engine.core.pages["a"]
    frames: list[Any] = []
    act = bob.act

    def watch(effects: list[Effect]) -> None:
        frames.extend(
            json.loads(item.data) for item in effects if isinstance(item, Frame) and item.newest
        )
        act(effects)

    bob.act = watch  # type: ignore[method-assign]
    for n in range(3 * ROUND):
        body = {"type": "signal", "channel": channel, "data": n}
        alice.engine.frame(world.now, page, body)
        alice.flush()
        world.run(1_000)
    assert [frame["data"] for frame in frames] == list(range(3 * ROUND))


def test_in_front_of_a_page_that_does_not_read_waits_one_of_a_channel() -> None:
    class NoBridge:
        engine: Any = None

    bridge: Any = NoBridge()
    session = PageSession(bridge, Caller(kind="program"), {}, Turns())
    for n in range(100):
        session._put(b'{"n":%d}' % n, "rt-1")
        session._put(b'{"m":%d}' % n, "rt-2")
    session._put(b"message")
    assert session.take() == [b'{"n":99}', b'{"m":99}', b"message"]
    session._put(b'{"n":100}', "rt-1")
    assert session.take() == [b'{"n":100}']
