# SPDX-License-Identifier: MIT
"""The Inspector: logs folded step by step, decisions listed, and tests made of logs."""

from __future__ import annotations

import ast
import asyncio
import json
import re
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from goop_node.types import JsonValue
from goop_realtime import ContextType, Message, OpenRequest, Refusal
from goop_realtime.contexts.recording import Place, Recorded, Recording
from goop_realtime.contexts.registry import compile_context, unserved
from goop_realtime.inspector import made_tests, replays
from goop_realtime.inspector.listing import Wanted, decisions_page, logs_page
from goop_realtime.inspector.made_tests import literal, made_of
from goop_realtime.inspector.replays import Replays, Row
from goop_realtime.model.trace import RING, STRANGERS, Trace
from goop_realtime.testing.kit import NotReplayed, replay
from goop_realtime.testing.kit.fixtures import MakesPairs, MakesSwarms
from goop_realtime.testing.kit.host import Host, Plugins
from goop_realtime.testing.rooms.tally import ROOM_TALLY
from goop_realtime.testing.tally import TALLY, TallySession
from tests.limits import HANG
from tests.unit.test_layers import ROOT

ALICE = "12D3KooWRBy97UB99e3J6hiPesre1MZeuNQvfan4gBziswrRJsNK"
BOB = "12D3KooWEyoppNCUx8Yx66oV9fJnriXwCcXwDDUA2kj6vnc6iDEp"
CHANNEL = "rt-0123456789abcdef"
MATE = ("e2e4", "e7e5", "d1h5", "b8c6", "f1c4", "g8f6", "h5f7")


def recording(
    kind: ContextType,
    said: Sequence[tuple[str, JsonValue]],
    *,
    plugin: str = "kit",
    params: JsonValue = None,
) -> Recording:
    """A log of that context in which these were said."""
    entries = [
        Recorded(
            place=Place(1, seq),
            kind="msg",
            author=who,
            at=1_800_000_000_000 + 1000 * seq,
            id=f"page-{seq}",
            data=data,
            event=Message(
                sender=who, data=data, id=f"page-{seq}", sent_at_ms=1_800_000_000_000 + 1000 * seq
            ),
        )
        for seq, (who, data) in enumerate(said, 1)
    ]
    request = OpenRequest(
        channel=CHANNEL, context=kind.name, opener=ALICE, peers=(ALICE, BOB), params=params
    )
    return Recording(
        context=compile_context(plugin, kind),
        request=request,
        room=False,
        snapshot=None,
        start=Place(0, 0),
        last=Place(1, len(entries)) if entries else Place(0, 0),
        judged=0,
        obstacle=None,
        entries=entries,
    )


def source(log: Recording) -> Callable[[str, int], Recording | Refusal]:
    """A node with that log alone."""

    def found(log_id: str, after: int) -> Recording | Refusal:
        if log_id != CHANNEL:
            return Refusal(code="unknown_channel", reason="none")
        return replace(log, entries=[one for one in log.entries if one.place.seq > after])

    return found


def portion(found: Replays, at: int = 0, count: int = 200) -> Row:
    """What the Inspector is told of that part of the log."""
    told = asyncio.run(found.portion(CHANNEL, at, count))
    assert not isinstance(told, Refusal), told
    plain: Row = json.loads(json.dumps(told))
    return plain


def states_of(told: Any) -> dict[int, JsonValue]:
    """The state behind each entry of a portion, by its number."""
    state, found = told["before"].get("state"), {}
    for step in told["steps"]:
        state = step.get("state", state)
        found[step["seq"]] = state
    return found


def tallied(numbers: Sequence[int]) -> list[tuple[str, JsonValue]]:
    """What may be said of it: numbers after which the sum is not divisible by five."""
    total, said = 1, []
    for number in numbers:
        if (total + number) % 5:
            total += number
            said.append((ALICE if number % 2 else BOB, {"type": "add", "n": number}))
    return said


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


# Listing


def test_a_trace_that_overflows_says_how_many_made_room() -> None:
    trace = Trace()
    for n in range(RING + 7):
        trace.note(n, "page", "too_fast", channel=f"rt-{n}")
    assert (trace.count, trace.dropped, len(trace.by_source())) == (RING + 7, 7, RING)
    trace.note(1, "peer", "forged", source=STRANGERS)
    assert (trace.count, trace.dropped) == (RING + 8, 8)


ROWS: list[Row] = [
    {"n": n, "hop": hop, "code": code, "detail": f"Detail {n}", "peer": ALICE if n % 2 else BOB}
    for n, (hop, code) in enumerate([("page", "slow"), ("link", "forged"), ("page", "full")] * 9, 1)
]


@given(st.integers(0, 30), st.integers(1, 30), st.sampled_from(["", "page", "link", "none"]))
def test_decisions_come_in_portions_and_none_twice(after: int, limit: int, hop: str) -> None:
    seen, upto, rounds = [], after, 0
    while upto is not None:
        rows, following = decisions_page(ROWS, Wanted(hop=hop), upto, limit)
        assert len(rows) <= limit
        seen += rows
        upto = following
        rounds += 1
        assert rounds < 40
    assert seen == [row for row in ROWS if row["n"] > after and hop in ("", row["hop"])]


@pytest.mark.parametrize(
    ("wanted", "count"),
    [
        (Wanted(code="slow"), 9),
        (Wanted(peer=BOB[-6:]), 13),
        (Wanted(text="DETAIL page"), 18),
        (Wanted(text="detail 27"), 1),
        (Wanted(plugin="chess"), 0),
        (Wanted(hop="page", code="forged"), 0),
    ],
)
def test_what_is_looked_for_is_found(wanted: Wanted, count: int) -> None:
    assert len(decisions_page(ROWS, wanted, 0, 100)[0]) == count


def test_thousands_of_logs_come_in_portions_the_living_first() -> None:
    rows: list[Row] = [
        {"id": f"rt-{n:016x}", "ended": n % 3 == 0, "at": n, "peers": [{"peerId": f"p{n}"}]}
        for n in range(5_000)
    ]
    found: list[Row] = []
    while True:
        page, total = logs_page(rows, Wanted(), len(found), 300)
        assert total == 5_000
        if not page:
            break
        found += page
    assert sorted(str(row["id"]) for row in found) == sorted(str(row["id"]) for row in rows)
    assert [row["ended"] for row in found] == sorted(row["ended"] for row in found)
    assert [row["at"] for row in found[:2]] == [4_999, 4_997]
    assert logs_page(rows, Wanted(peer="p4321"), 0, 10)[1] == 1


# Tests that are made


def constants(text: bytes) -> dict[str, Any]:
    """What a test has as literals."""
    found = {}
    for node in ast.parse(text).body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            found[node.targets[0].id] = ast.literal_eval(node.value)
    return found


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.text()
    | st.floats(allow_nan=False, allow_infinity=False),
    lambda some: st.lists(some, max_size=4) | st.dictionaries(st.text(), some, max_size=4),
    max_leaves=30,
)


@given(JSON)
def test_every_value_is_written_as_python_reads_it(value: Any) -> None:
    assert ast.literal_eval(literal(value)) == value
    assert compile(f"STATE = {literal(value)}\n".encode(), "x.py", "exec")


@settings(max_examples=30, deadline=None)
@given(JSON, st.text())
def test_whatever_was_said_makes_a_file_that_says_it(said: Any, words: str) -> None:
    kind = ContextType(name="any", version="1.0", title="Any", messages={})
    made = asyncio.run(made_of(recording(kind, [(ALICE, said), (BOB, words)])))
    assert isinstance(made, made_tests.Made)
    entries = constants(made.source)["LOG"]["entries"]
    assert [one.get("data") for one in entries] == [said, words]
    assert ALICE.encode() not in made.source


def chess(tmp_path: Path) -> ContextType:
    """The context as it is installed."""
    registry = Host(tmp_path / "host", "alice", (), Plugins("chess")).registry()
    found = registry.find("chess")
    assert found is not None
    return found.type


def game(tmp_path: Path) -> Recording:
    """A game of chess that has been played to its end."""
    moves = [{"type": "move", "from": one[:2], "to": one[2:]} for one in MATE]
    said = list(zip((ALICE, BOB) * 4, moves, strict=False))
    return recording(chess(tmp_path), said, plugin="chess")


def run(folder: Path, file: str) -> subprocess.CompletedProcess[str]:
    """pytest, as somebody runs it who has the plugin installed."""
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", file],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=HANG,
    )


CHANGED = """
import goop_chess.session
from goop_realtime import Refusal

def check(self, message):
    return Refusal(code="closed_today", reason="No chess on Sundays.")

goop_chess.session.ChessSession.check = check
"""


def test_a_recorded_game_is_a_test_until_the_rules_change(tmp_path: Path) -> None:
    made = asyncio.run(made_of(game(tmp_path)))
    assert isinstance(made, made_tests.Made)
    assert made.name == "test_replay_rt_0123456789abcdef.py"
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    (folder / made.name).write_bytes(made.source)
    text = made.source.decode()
    assert ALICE not in text
    assert BOB not in text
    green = run(folder, made.name)
    assert green.returncode == 0, green.stdout + green.stderr
    (folder / "conftest.py").write_text(CHANGED)
    red = run(folder, made.name)
    assert red.returncode == 1, red.stdout + red.stderr
    assert "entry 0" in red.stdout
    assert "closed_today: No chess on Sundays." in red.stdout


def test_names_stand_in_the_order_of_the_ids_and_only_where_nothing_else_changes() -> None:
    made = asyncio.run(made_of(recording(TALLY, tallied([1, 2, 3, 4]))))
    assert isinstance(made, made_tests.Made)
    # Its state has a checksum over who said what: other names come to another one.
    assert ALICE.encode() in made.source
    found = constants(made.source)
    assert replay(TALLY, found["LOG"]) == found["STATE"]
    kind = ContextType(name="any", version="1.0", title="Any", messages={})
    named = asyncio.run(made_of(recording(kind, [(BOB, f"to {ALICE}"), (ALICE, 1)])))
    assert isinstance(named, made_tests.Made)
    entries = constants(named.source)["LOG"]["entries"]
    assert [one["from"] for one in entries] == ["alice", "bob"]
    assert entries[0]["data"] == "to bob"


def test_a_replay_says_where_it_goes_another_way() -> None:
    log = constants(made(recording(TALLY, tallied([1, 2, 3, 4]))))["LOG"]
    log["entries"][1]["data"]["n"] = 3
    with pytest.raises(NotReplayed, match=r"entry 1, .*: divisible: /n: the sum") as caught:
        replay(TALLY, log)
    assert caught.value.code == "divisible"
    with pytest.raises(NotReplayed, match="unknown_context"):
        replay(ROOM_TALLY, {**log, "context": "whist"})
    for wrong in ({}, {**log, "entries": [{"at": 1}]}, {**log, "entries": 3}, {**log, "more": 1}):
        with pytest.raises(ValueError, match=r"the log|an entry"):
            replay(TALLY, wrong)


def made(log: Recording) -> bytes:
    """The source of the test of a log."""
    found = asyncio.run(made_of(log))
    assert isinstance(found, made_tests.Made), found
    return found.source


def test_what_other_versions_have_judged_is_not_judged_again() -> None:
    said = [(ALICE, {"type": "add", "n": n}) for n in (4, 5, 1)]  # the first two are refused now
    log = replace(recording(TALLY, said), judged=2)
    told: Any = portion(Replays(source(log)))
    assert "stopped" not in told
    found = constants(made(log))
    assert found["LOG"]["judged"] == 2
    assert replay(TALLY, found["LOG"]) == found["STATE"]


def test_a_log_whose_beginning_is_cut_off_begins_with_its_state() -> None:
    every = recording(TALLY, tallied([1, 2, 3, 4, 1, 2]))
    entries = list(every.entries)
    whole = constants(made(every))["STATE"]
    session = TallySession()
    for entry in entries[:2]:
        assert isinstance(entry.event, Message)
        session.apply(entry.event)
    at = entries[1].place
    start = replays.Snapshot(epoch=at.epoch, seq=at.seq, state=session.snapshot())
    cut = replace(every, snapshot=start, start=at, entries=entries[2:])
    found = constants(made(cut))
    assert found["STATE"] == whole
    assert replay(TALLY, found["LOG"]) == whole


def test_the_example_of_the_documentation() -> None:
    text = (ROOT / "docs" / "inspector.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    scope: dict[str, Any] = {}
    exec(block, scope)
    scope["test_a_log"]()


def test_what_cannot_be_a_test_is_refused_in_words() -> None:
    log = recording(TALLY, tallied([1, 2]))
    plain = replace(log, request=replace(log.request, context=""))
    folder = replace(log, context=replace(log.context, plugin="template:board"))
    for one in (plain, folder):
        refusal = asyncio.run(made_of(one))
        assert isinstance(refusal, Refusal)
        assert (refusal.code, "can be installed" in refusal.reason) == ("unsupported", True)
    long = recording(TALLY, [(ALICE, {"type": "add", "n": 5})] * (made_tests.MAX_ENTRIES + 1))
    refusal = asyncio.run(made_of(long))
    assert isinstance(refusal, Refusal)
    assert refusal.code == "too_large"
