# SPDX-License-Identifier: MIT
"""What the chess page says of a game that cannot go on now, and of one that somebody left."""

from __future__ import annotations

import json
import shutil
import subprocess
from typing import Any

import pytest

from goop_realtime.model.obstacles import between
from tests.unit.test_layers import ROOT

WORDS = ROOT / "plugins/chess/src/goop_chess/template/words.js"
NAMES = ROOT / "js/goop-names.js"
SCRIPT = """
await import(process.argv[2]);
const words = await import(process.argv[1]);
const asked = JSON.parse(await new Response(process.stdin).text());
console.log(JSON.stringify(asked.map(([name, game]) => words[name](game))));
"""


def said(*asked: tuple[str, dict[str, Any]]) -> list[str]:
    """What functions of the page's own module say of games."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("no Node.js here; install it with: apt-get install nodejs")
    command = [node, "--input-type=module", "--no-warnings", "-e", SCRIPT, str(WORDS), str(NAMES)]
    done = subprocess.run(
        command, input=json.dumps(asked), text=True, capture_output=True, timeout=300
    )
    assert done.returncode == 0, done.stderr
    found: list[str] = json.loads(done.stdout)
    return found


def test_another_version_on_the_other_node_is_named_and_is_not_called_gone() -> None:
    obstacle = between("chess", ("alice", "1.1"), ("bob", "1.0"))
    detail = {"code": obstacle.code, "reason": obstacle.reason, "final": False, "suspended": True}
    channel = {"state": "disconnected", "detail": detail}
    state = {"status": "running", "opponentLabel": "bob"}
    [words] = said(("linkWords", {"channel": channel, "state": state}))
    assert words == ("Bob has chess 1.0, you have 1.1: this goes on when both have the same again.")


def test_each_side_is_told_who_left_and_how_it_ended() -> None:
    game = {"colour": "white", "opponentLabel": "bob", "result": "*", "reason": None}
    left = {**game, "status": "abandoned"}
    ended = {**game, "status": "finished", "reason": "abandonment"}
    assert said(
        ("outcome", {**left, "abandonedBy": "white"}),
        ("outcome", {**left, "abandonedBy": "black"}),
        ("outcome", {**ended, "result": "*"}),
        ("outcome", {**ended, "result": "1-0"}),
        ("outcome", {**ended, "result": "0-1"}),
        ("outcome", {**ended, "result": "1/2-1/2"}),
    ) == [
        "You have abandoned this game",
        "\u2068bob\u2069 has abandoned this game: it is yours to end",
        "Abandoned by both",
        "You won by abandonment (1\u2060–\u20600)",
        "You lost by abandonment (0\u2060–\u20601)",
        "Draw by abandonment (½\u2060–\u2060½)",
    ]
