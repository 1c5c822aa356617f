# SPDX-License-Identifier: MIT
"""The Inspector: logs folded step by step, whatever their plugin does."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from goop_node.types import JsonValue
from goop_realtime import Message, OpenRequest, Refusal
from goop_realtime.contexts.registry import compile_context, unserved
from goop_realtime.inspector import made_tests, replays
from goop_realtime.inspector.made_tests import made_of
from goop_realtime.inspector.replays import Replays
from goop_realtime.testing.kit import replay
from goop_realtime.testing.kit.fixtures import MakesPairs, MakesSwarms
from goop_realtime.testing.rooms.tally import ROOM_TALLY
from goop_realtime.testing.tally import TALLY, TallySession
from tests.unit.recordings import (
    ALICE,
    CHANNEL,
    constants,
    portion,
    recording,
    source,
    states_of,
    tallied,
)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.integers(0, 9), max_size=40),
    st.lists(st.tuples(st.integers(0, 45), st.integers(1, 12)), min_size=1, max_size=8),
)
def test_wherever_one_looks_the_states_are_those_of_the_log(
    numbers: list[int], looks: list[tuple[int, int]]
) -> None:
    log = recording(TALLY, tallied(numbers))
    session, expected = TallySession(), {}
    for entry in log.entries:
        assert isinstance(entry.event, Message)
        session.apply(entry.event)
        expected[entry.place.seq] = session.snapshot()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(replays, "KEPT_EVERY", 3)
        patch.setattr(replays, "KEPT", 4)
        found = Replays(source(log))
        for at, count in looks:
            told: Any = portion(found, at, count)
            first = max(at, 1)
            wanted = {n: s for n, s in expected.items() if first <= n < first + count}
            assert states_of(told) == wanted
            before = expected.get(min(first - 1, len(expected)), [1, 0, 0])
            assert told["before"] == {"state": before}
            following = first + count
            assert told["next"] == (following if following <= len(expected) else None)


def test_a_long_log_is_not_folded_from_its_beginning_each_time() -> None:
    log = recording(TALLY, [(ALICE, {"type": "add", "n": 5})] * 50_000)
    folded = 0

    class Counted(TallySession):
        def apply(self, message: Message) -> None:
            nonlocal folded
            folded += 1
            super().apply(message)

    kind = replace(
        TALLY, open_session=lambda request, start: Counted(start.state if start else None)
    )
    found = Replays(source(replace(log, context=compile_context("kit", kind))))
    assert states_of(portion(found, 49_990, 5))[49_992] == replayed_sum(49_992)
    first, folded = folded, 0
    assert first > 49_000
    portion(found, 49_980, 5)
    assert 0 < folded < first / 10


def replayed_sum(count: int) -> Any:
    """What so many messages come to."""
    session = TallySession()
    for seq in range(1, count + 1):
        data = {"type": "add", "n": 5}
        session.apply(Message(sender=ALICE, data=data, id=f"page-{seq}", sent_at_ms=0))
    return session.snapshot()


async def test_the_loop_has_its_turn_while_a_log_is_folded() -> None:
    log = recording(TALLY, [(ALICE, {"type": "add", "n": 5})] * 1_000)
    turns = 0

    async def others() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    beside = asyncio.create_task(others())
    await Replays(source(log)).portion(CHANNEL, 999, 1)
    beside.cancel()
    assert turns >= 1_000 / replays.AT_ONCE - 1


@pytest.mark.parametrize("function", ["open", "check", "apply", "snapshot", "refuses"])
def test_what_a_broken_plugin_cannot_fold_is_told_in_words(function: str) -> None:
    class Broken(TallySession):
        def check(self, message: Message) -> Refusal | None:
            if function == "refuses" and self._count == 2:
                return Refusal(code="tired", reason="No more of that.", pointer="/n")
            return self.fail("check")

        def apply(self, message: Message) -> None:
            self.fail("apply")
            super().apply(message)

        def snapshot(self) -> JsonValue:
            self.fail("snapshot")
            return super().snapshot()

        def fail(self, name: str) -> None:
            if name == function and self._count == 2:
                raise ZeroDivisionError("<b>planted</b>\x1b[31m")

    def opened(request: OpenRequest, start: Any) -> Broken:
        if function == "open":
            raise ZeroDivisionError("<b>planted</b>\x1b[31m")
        return Broken()

    kind = replace(TALLY, open_session=opened)
    log = recording(kind, [(ALICE, {"type": "add", "n": 5})] * 6)
    told: Any = portion(Replays(source(log)))
    assert [step["seq"] for step in told["steps"]] == [1, 2, 3, 4, 5, 6], "entries are shown"
    if function == "refuses":
        assert told["stopped"] == {"code": "tired", "reason": "No more of that.", "pointer": "/n"}
    else:
        assert told["stopped"]["code"] == "plugin_error"
        assert "ZeroDivisionError" in told["stopped"]["reason"]
        assert "\x1b" not in told["stopped"]["reason"]
        assert __file__ in told["stopped"]["place"]
    at = {"open": None, "snapshot": 2}.get(function, 3)
    assert [step["seq"] for step in told["steps"] if "refusal" in step] == ([at] if at else [])
    # A state that cannot be told on the way is none that the test asks for.
    assert isinstance(asyncio.run(made_of(log)), Refusal) == (function != "snapshot")


def test_a_log_whose_plugin_is_gone_is_shown_without_states() -> None:
    log = recording(TALLY, tallied([1, 2, 3]))
    why = Refusal(code="plugin_missing", reason="no plugin serves tally")
    gone = replace(log, context=unserved(log.context.contract), obstacle=why)
    told: Any = portion(Replays(source(gone)))
    assert told["stopped"] == {"code": why.code, "reason": why.reason}
    assert told["steps"]
    assert all("data" in step and "state" not in step for step in told["steps"])


def test_a_large_state_is_told_by_its_size_and_answers_are_bounded() -> None:
    class Large(TallySession):
        def snapshot(self) -> JsonValue:
            return ["x" * (200_000 if self._count < 5 else 300_000), self._count]

    kind = replace(TALLY, open_session=lambda request, start: Large())
    log = recording(kind, [(ALICE, {"type": "add", "n": 5})] * 8)
    told: Any = portion(Replays(source(log)))
    assert told["next"] == 4
    assert len(json.dumps(told)) < 2 * replays.PORTION_BYTES
    rest: Any = portion(Replays(source(log)), at=5)
    assert rest["steps"][0]["stateBytes"] > 300_000
    assert "state" not in rest["steps"][0]


def test_a_channel_and_a_room_of_nodes_are_replayed(
    goop_pair: MakesPairs, goop_swarm: MakesSwarms
) -> None:
    two = goop_pair(TALLY)
    two.play([("alice", {"type": "add", "n": 1}), ("bob", {"type": "add", "n": 2})])
    read = two.nodes[1].engine.read
    told: Any = asyncio.run(Replays(read.recording).portion(two.place, 0, 100))
    assert list(states_of(told).values())[-1] == two.state
    (row,) = read.logs()
    assert (row["id"], row["context"], row["last"], row["ended"]) == (two.place, "tally", 2, False)

    five = goop_swarm(ROOM_TALLY, 5)
    five.play([(one.name, {"type": "add", "n": 5}) for one in five])
    for node in five.nodes:
        rooms = node.engine.rooms
        told = asyncio.run(Replays(rooms.recording).portion(five.place, 0, 100))
        assert list(states_of(told).values())[-1] == five.state
        assert [step["kind"] for step in told["steps"]][:2] == ["open", "join"]
        assert [row["id"] for row in rooms.logs()] == [five.place]
        made = asyncio.run(made_of(rooms.recording(five.place, 0)))
        assert isinstance(made, made_tests.Made)
        log = constants(made.source)["LOG"]
        assert replay(ROOM_TALLY, log) == five.state
