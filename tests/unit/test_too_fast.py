# SPDX-License-Identifier: MIT
"""What comes too fast: pages know the bounds, and what one sends again is not overtaken."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from goop_node.types import Caller
from goop_realtime.machine.lookup import rows
from goop_realtime.machine.pages import Page, state_frame
from goop_realtime.model.effects import Frame
from goop_realtime.model.limits import Bucket, NodeLimits
from goop_realtime.testing import SimNode, World
from goop_realtime.types import Limits, Refusal

CLIENT = Caller(kind="program")


def opened(**body: Any) -> tuple[World, SimNode, str, Page]:
    """A channel of Alice's, and a page of hers that has subscribed with ``body``."""
    world = World(3)
    alice, bob = world.node("alice"), world.node("bob")
    channel = alice.ask("bob")
    world.run(500)
    bob.accept(channel)
    world.run(1_000)
    page = alice.engine.attach(world.now, "p", CLIENT)
    alice.engine.frame(world.now, page, {"type": "subscribe", "ack": True, **body})
    alice.flush()
    return world, alice, channel, page


def test_rows_and_states_tell_the_bounds_within_which_a_page_stays() -> None:
    world, alice, channel, _ = opened()
    core = alice.engine.core
    core.limits = NodeLimits(message_bytes=1000)
    limits = {"messageBytes": 1000, "signalBytes": 4096, "rate": 240.0, "burst": 480}
    assert rows(core, CLIENT, world.now)[0]["limits"] == limits
    assert state_frame(core, core.channels[channel])["limits"] == limits


def test_the_node_may_take_less_than_a_context_and_another_rate() -> None:
    context = Limits(message_bytes=1000, rate=5.0, burst=7, suspended_ms=9000)
    assert NodeLimits().of(context) == context
    own = NodeLimits(message_bytes=500, rate=0.5, burst=1).of(context)
    assert own == Limits(message_bytes=500, rate=0.5, burst=1, suspended_ms=9000)
    assert NodeLimits(message_bytes=2000).of(context).message_bytes == 1000


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.tuples(st.integers(1, 9), st.integers(0, 400)), min_size=1, max_size=15),
    st.integers(1, 6),
)
def test_a_page_that_retries_is_never_out_of_order(
    rounds: list[tuple[int, int]], burst: int
) -> None:
    world, alice, channel, page = opened(retries=True)
    alice.engine.core.channels[channel].bucket = Bucket(10, burst)
    taken: list[int] = []

    def send(n: int) -> bool:
        answer = alice.engine.send(world.now, channel, page, f"p-{n}", n)
        if isinstance(answer, str):
            taken.append(n)
            return True
        assert answer.code == "too_fast"
        return False

    waiting: list[int] = []
    count = 0
    for new, pause in rounds:
        # What had left before the page heard that it is too fast comes all the same.
        waiting += range(count + 1, count + new + 1)
        count += new
        waiting = [n for n in waiting if not send(n)]
        alice.flush()
        world.run(pause)
    while waiting:
        world.run(200)
        waiting = [n for n in waiting if not send(n)]
        alice.flush()
    assert taken == list(range(1, count + 1))
    entries = alice.engine.core.channels[channel].log.after(0)
    assert [json.loads(entry.raw) for entry in entries] == taken


def test_who_does_not_retry_goes_on_behind_what_was_refused() -> None:
    world, alice, channel, page = opened()
    alice.engine.core.channels[channel].bucket = Bucket(10, 1)
    answers = [alice.engine.send(world.now, channel, page, f"p-{n}", n) for n in (1, 2)]
    assert isinstance(answers[1], Refusal)
    world.run(1_000)
    assert alice.engine.send(world.now, channel, page, "p-3", 3) == "p-3"


def test_a_new_subscription_begins_anew() -> None:
    world, alice, channel, page = opened(retries=True)
    alice.engine.core.channels[channel].bucket = Bucket(10, 1)
    answers = [alice.engine.send(world.now, channel, page, f"p-{n}", n) for n in (1, 2)]
    assert isinstance(answers[1], Refusal)
    world.run(1_000)
    assert isinstance(alice.engine.send(world.now, channel, page, "p-3", 3), Refusal)
    alice.engine.frame(world.now, page, {"type": "subscribe", "retries": True})
    assert alice.engine.send(world.now, channel, page, "p-3", 3) == "p-3"


def test_a_signal_that_is_too_large_is_refused_with_its_size() -> None:
    world, alice, channel, page = opened()
    frame = {"type": "signal", "channel": channel}
    alice.engine.frame(world.now, page, {**frame, "data": "x" * 4094})
    alice.engine.frame(world.now, page, {**frame, "data": "x" * 4095})
    told = [json.loads(one.data) for one in alice.engine.take() if isinstance(one, Frame)]
    refusals = [(one["code"], one["reason"]) for one in told if one["type"] == "error"]
    assert refusals == [("too_large", "a signal of 4097 bytes; at most 4096 are taken")]
