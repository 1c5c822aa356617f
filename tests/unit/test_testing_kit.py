# SPDX-License-Identifier: MIT
"""The simulator as others use it: a context of theirs, their messages, several nodes."""

from __future__ import annotations

import random
from typing import Any

import pytest

from goop_node.types import JsonValue
from goop_realtime.testing import Life, Violation, simulate, small_bounds
from goop_realtime.types import ContextType, Message, OpenRequest, Refusal, Session, Snapshot


class Turns:
    """Two take turns in counting up."""

    def __init__(self, state: Any) -> None:
        self.count, self.last = state[:2]

    def check(self, message: Message) -> Refusal | None:
        """Nobody counts twice in a row."""
        if message.sender == self.last:
            return Refusal(code="not_your_turn", reason="the other one counts")
        return None

    def apply(self, message: Message) -> None:
        """Count."""
        self.count, self.last = self.count + 1, message.sender

    def snapshot(self) -> JsonValue:
        """``[count, who counted last]``."""
        return [self.count, self.last]


class Local(Turns):
    """A bug: its state tells what is this node's own affair, since when it has been there."""

    since = 0

    def apply(self, message: Message) -> None:
        """Count, and count."""
        super().apply(message)
        self.since += 1

    def snapshot(self) -> JsonValue:
        """``[count, who counted last, how often since it was opened]``."""
        return [self.count, self.last, self.since]


def context(kind: type[Turns]) -> ContextType:
    """``turns``, with that Session."""

    def opened(request: OpenRequest, snapshot: Snapshot | None) -> Session:
        return kind(snapshot.state if snapshot else (0, ""))

    schema = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}
    return ContextType(
        name="turns", version="1", title="Turns", messages={"count": schema}, open_session=opened
    )


def say(chance: random.Random, state: Any, peer: str) -> JsonValue:
    """Whoever's turn it is counts, and now and then somebody else does."""
    count, last = state[:2] if state else (0, "")
    if last == peer and chance.random() < 0.5:
        return {"type": "count"}
    return {"type": "count", "n": count}


@pytest.mark.parametrize("nodes", [2, 4])
def test_a_context_of_others_is_simulated_with_one_call(nodes: int) -> None:
    counts = simulate(context(Turns), say, seeds=range(3), nodes=nodes, turns=60)
    assert counts["message"] > 50
    assert counts["outcome not_your_turn"] > 0
    assert sum(n for what, n in counts.items() if what.startswith("fault ")) >= 9


def test_a_state_that_differs_between_nodes_is_found_with_its_seed_and_story() -> None:
    with pytest.raises(Violation) as found:
        simulate(context(Local), say, seeds=range(20))
    assert "to live it again: seeds=[" in str(found.value)
    assert "seconds, faults and starts:" in str(found.value)


def test_six_nodes_talk_each_with_each_and_a_judge_of_ones_own_is_asked() -> None:
    asked: list[int] = []

    def judge(life: Life) -> None:
        asked.append(len(life.course.channels))
        for nodes in life.course.channels.values():
            assert len(set(nodes)) == 2

    with small_bounds():
        Life(1, nodes=6, judge=judge, faults={}).run()
    assert asked == [15]
