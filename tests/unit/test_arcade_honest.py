# SPDX-License-Identifier: MIT
"""Honest games of the arcade's own page code: its node refuses nothing, and knows the same round.

The games come from ``js/tests/arcade-honest.mjs``: pages that draw slowly, nodes that stand still,
clocks that are minutes apart, reloads, hosts that leave and come back.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from goop_arcade_rooms.session import ArcadeSession
from goop_realtime import Joined, Left, LogEntry, Message, OpenRequest

ROOT = Path(__file__).parents[2]
GAMES = ROOT / "js/tests/arcade-honest.mjs"
KNOWN = f"""
import {{ stateOf }} from "{(ROOT / "js/tests/arcade-cabinet.mjs").as_uri()}";
const {{ state }} = stateOf(JSON.parse(await new Response(process.stdin).text()), "bob");
console.log(JSON.stringify({{ ...state, hits: [...state.hits], spent: [...state.spent] }}));
"""
"""What the page makes of a node's state."""
REQUEST = OpenRequest(channel="room-1", context="arcade_1", opener="alice", peers=("alice",))


def honest(*seeds: int) -> list[Any]:
    """A game for each seed."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("no Node.js here; install it with: apt-get install nodejs")
    done = subprocess.run(
        [node, GAMES, *map(str, seeds)], capture_output=True, text=True, timeout=600, check=False
    )
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def as_page(state: Any) -> Any:
    """A Session's state as a page takes it."""
    done = subprocess.run(
        ["node", "--input-type=module", "--eval", KNOWN],
        input=json.dumps(state),
        capture_output=True,
        text=True,
        timeout=300,
        check=True,
    )
    return in_order(json.loads(done.stdout))


def in_order(state: Any) -> Any:
    """A page's state without what orders its sets, and without who is ready for another round.

    Shots of this wave that have hit something are told by their ship: it knows those before, too.
    """
    spent = sorted(one for one in state["spent"] if " " not in one)
    return {**state, "hits": sorted(state["hits"]), "spent": spent, "ready": []}


def entry(told: Any, number: int) -> LogEntry:
    """What a Session is told."""
    if told["kind"] == "join":
        return Joined(peer=told["peer"], label=told["peer"].title(), at_ms=number, host="")
    if told["kind"] == "leave":
        return Left(peer=told["peer"], lost=False, at_ms=number, host="")
    return Message(
        sender=told["from"],
        data=told["data"],
        id=f"page-{number}",
        sent_at_ms=told["sentAt"],
        host=told["host"],
    )


def replay(told: list[Any], session: ArcadeSession) -> list[str]:
    """Tell all of it; what was refused."""
    newest: dict[tuple[str, str], Message] = {}
    refused = []
    for number, one in enumerate(told, 1):
        said = entry(one, number)
        if one["kind"] == "latest":
            assert isinstance(said, Message)
            key = (said.sender, said.fields["type"])
            previous = newest.get(key)
            if previous is not None and previous.sent_at_ms > said.sent_at_ms:
                continue
            refusal = session.check_latest(said, previous)
            newest[key] = said
        else:
            refusal = session.check(said)
            if refusal is None:
                session.apply(said)
            if one["kind"] == "leave":
                newest = {key: value for key, value in newest.items() if key[0] != one["peer"]}
        if refusal is not None:
            refused.append(f"{number}: {refusal} {one}")
    return refused


@pytest.mark.parametrize(
    "seeds", [(2,), pytest.param(tuple(range(100)), marks=pytest.mark.soak)], ids=["one", "many"]
)
def test_honest_games_pass_and_come_to_the_same(seeds: tuple[int, ...]) -> None:
    for game in honest(*seeds):
        session = ArcadeSession(REQUEST)
        middle = len(game["told"]) // 2
        assert replay(game["told"][:middle], session) == []
        session = ArcadeSession(REQUEST, json.loads(json.dumps(session.snapshot())))
        assert replay(game["told"][middle:], session) == []
        (state,) = game["states"]
        assert as_page(session.snapshot()) == in_order(state)
