# SPDX-License-Identifier: MIT
"""Tests that the Inspector makes of logs, and what replays them."""

from __future__ import annotations

import ast
import asyncio
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from goop_realtime import ContextType, Message, Refusal
from goop_realtime.contexts.recording import Recording
from goop_realtime.inspector import made_tests, replays
from goop_realtime.inspector.made_tests import literal, made_of
from goop_realtime.inspector.replays import Replays
from goop_realtime.testing.kit import NotReplayed, replay
from goop_realtime.testing.kit.host import Host, Plugins
from goop_realtime.testing.rooms.tally import ROOM_TALLY
from goop_realtime.testing.tally import TALLY, TallySession
from tests.limits import HANG
from tests.unit.recordings import (
    ALICE,
    BOB,
    constants,
    portion,
    recording,
    source,
    tallied,
)
from tests.unit.test_layers import ROOT

MATE = ("e2e4", "e7e5", "d1h5", "b8c6", "f1c4", "g8f6", "h5f7")
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
