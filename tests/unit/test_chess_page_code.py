# SPDX-License-Identifier: GPL-3.0-or-later
"""The page's own code for clocks and for moves in advance, run by Node.js without a page."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import chess
import pytest

from goop_chess.terms import control_words
from tests.unit.test_chess_words import positions

ROOT = Path(__file__).parents[2]
TEMPLATE, SDK = ROOT / "plugins/chess/src/goop_chess/template", ROOT / "js"
SCRIPT = """
import "SDK/goop-names.js";
import { clockText, disputed } from "TEMPLATE/clocks.js";
import { ago, left } from "TEMPLATE/invitation-words.js";
import { reach } from "TEMPLATE/premove.js";
import { controlWords } from "TEMPLATE/time-controls.js";
Date.now = () => 0;
const does = { clockText, disputed, reach, controlWords, ago, left };
const calls = JSON.parse(await new Response(process.stdin).text());
console.log(JSON.stringify(calls.map(([name, ...given]) => does[name](...given))));
""".replace("TEMPLATE", TEMPLATE.as_uri()).replace("SDK", SDK.as_uri())


def run(*calls: list[Any]) -> list[Any]:
    """What the functions give, each called as ``[name, argument, …]``."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("no Node.js here; install it with: apt-get install nodejs")
    done = subprocess.run(
        [node, "--input-type=module", "--eval", SCRIPT],
        input=json.dumps(calls),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    given: list[Any] = json.loads(done.stdout)
    return given


def test_every_legal_move_can_be_made_in_advance_and_nothing_off_the_board() -> None:
    wanted: dict[tuple[str, str, str], set[str]] = {}
    for board in positions():
        for move in board.legal_moves:
            piece = board.piece_at(move.from_square)
            assert piece is not None
            colour = "white" if piece.color else "black"
            key = (piece.symbol().lower(), colour, chess.square_name(move.from_square))
            wanted.setdefault(key, set()).add(chess.square_name(move.to_square))
    calls = [["reach", {"kind": kind, "colour": colour}, at] for kind, colour, at in wanted]
    for (kind, _, at), told in zip(wanted, run(*calls), strict=True):
        assert wanted[kind, _, at] <= set(told)
        assert set(told) <= set(chess.SQUARE_NAMES) - {at}
        assert len(told) == len(set(told)) <= 27
    pawn, knight = {"kind": "p", "colour": "black"}, {"kind": "n", "colour": "white"}
    assert run(["reach", pawn, "d7"], ["reach", pawn, "a2"], ["reach", knight, "h1"]) == [
        ["d6", "c6", "e6", "d5"],
        ["a1", "b1"],
        ["f2", "g3"],
    ]


def test_clocks_in_words() -> None:
    assert run(
        ["clockText", 600_000, "fischer"],
        ["clockText", 3_723_000, "fischer"],
        ["clockText", 9_950, "fischer"],
        ["clockText", 10_001, "fischer"],
        ["clockText", -5, "fischer"],
        ["clockText", 3 * 86_400_000 - 1, "correspondence"],
        ["clockText", 9_950, "correspondence"],
        ["controlWords", None],
        ["controlWords", {"kind": "fischer", "seconds": 60, "increment": 1}],
        ["controlWords", {"kind": "fischer", "seconds": 45, "increment": 0}],
        ["controlWords", {"kind": "correspondence", "days": 3}],
    ) == [
        *("10:00", "1:02:03", "0:09.9", "0:11", "0:00.0", "3 d 0 h", "0:09", "no clock"),
        "1 minute each, and 1 second for each move",
        "45 seconds each",
        "3 days for each move",
    ]


def test_node_and_page_have_the_same_words_for_every_time_control() -> None:
    controls: list[Any] = [
        {"kind": "fischer", "seconds": seconds, "increment": increment}
        for seconds in (1, 30, 59, 60, 61, 90, 120, 600, 5400, 10800)
        for increment in (0, 1, 2, 180)
    ]
    controls += [{"kind": "correspondence", "days": days} for days in (1, 2, 14)]
    assert run(*(["controlWords", control] for control in controls)) == [
        control_words(control) for control in controls
    ]


def test_what_the_nodes_disagree_on_is_said_to_both_and_nothing_else() -> None:
    last = {"by": "white", "spent": 3_000, "seen": 20_000, "charged": 15_000}
    agreed = {**last, "charged": 3_000, "seen": 3_500}

    def game(colour: str, last: Any) -> dict[str, Any]:
        return {"colour": colour, "opponentLabel": "Bob", "clock": {"last": last}}

    assert run(
        ["disputed", game("white", last)],
        ["disputed", game("black", last)],
        ["disputed", game("white", agreed)],
        ["disputed", game("white", None)],
        ["disputed", {**game("white", last), "clock": None}],
    ) == [
        "Your node says 3 s for a move, \u2068Bob\u2069's node saw 20 s: 15 s are charged.",
        "\u2068Bob\u2069's node says 3 s for a move, your node saw 20 s: 15 s are charged.",
        *("", "", ""),
    ]


def test_times_of_invitations_in_words() -> None:
    minute, hour, day = 60_000, 3_600_000, 86_400_000
    assert run(
        *(["ago", -passed] for passed in (-5, 0, minute - 1, minute, 5 * minute + 59_000)),
        *(["ago", -passed] for passed in (hour - 1, hour, day - 1, day, 2 * day - 1, 6 * day)),
        *(["left", until] for until in (300_000, 299_400, 60_000, 9_000, 0, -9_000)),
    ) == [
        *("just now", "just now", "just now", "1 minute ago", "5 minutes ago"),
        *("59 minutes ago", "1 hour ago", "23 hours ago", "1 day ago", "1 day ago", "6 days ago"),
        *("5:00 left", "4:59 left", "1:00 left", "0:09 left", "0:00 left", "0:00 left"),
    ]
