# SPDX-License-Identifier: GPL-3.0-or-later
"""What the page knows of a game's past is a beginning of that game, whatever is taken back, while
the node answers in portions, late, of a game that has gone on, or not at all."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
from typing import Any

import pytest

from goop_chess.plies import plies
from tests.unit.test_chess_plies import random_moves
from tests.unit.test_layers import ROOT

SCRIPT = """
const { Past } = await import(process.argv[1]);
const known = [];
for (const rounds of JSON.parse(await new Response(process.stdin).text())) {
  let round;
  const past = new Past(async (after) => {
    if (round.fails) throw new Error("the node is away");
    return { positions: round.told.slice(after, after + round.portion) };
  });
  const after = [];
  for (round of rounds) {
    await past.follow(round.moves).catch(() => {});
    const whole = past.plies.map(({ uci }) => uci);
    const at = whole.map((_, count) => past.after(count + 1));
    after.push({ moves: whole, at, more: past.after(whole.length + 1) });
  }
  known.push(after);
}
console.log(JSON.stringify(known));
"""
GAMES = 40
ROUNDS = 12


def life(seed: int) -> list[dict[str, Any]]:
    """A game as a page follows it: its moves at each reading, and what the node tells by then."""
    lot = random.Random(seed)
    lines = [random_moves(seed * 3 + n, 24) for n in range(3)]  # they part at some move or other
    moves: list[str] = []
    rounds = []
    for _ in range(ROUNDS):
        line = lot.choice(lines)
        shared = next((n for n, (a, b) in enumerate(zip(moves, line, strict=False)) if a != b), 99)
        moves = line[: max(0, min(len(line), shared) + lot.randrange(-3, 5))]
        told = moves if lot.random() < 0.7 else lot.choice(lines)[: lot.randrange(25)]
        rounds.append(
            {
                "moves": moves,
                "told": plies(told, 0),
                "portion": lot.randrange(1, 6),
                "fails": lot.random() < 0.1,
            }
        )
    rounds.append({"moves": moves, "told": plies(moves, 0), "portion": 7, "fails": False})
    return rounds


def followed(lives: list[list[dict[str, Any]]]) -> list[list[dict[str, Any]]]:
    """What the page's own module knows after each reading."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("no Node.js here; install it with: apt-get install nodejs")
    module = ROOT / "plugins/chess/src/goop_chess/template/past.js"
    command = [node, "--input-type=module", "--no-warnings", "-e", SCRIPT, module.as_uri()]
    done = subprocess.run(command, input=json.dumps(lives), text=True, capture_output=True)
    assert done.returncode == 0, done.stderr
    found: list[list[dict[str, Any]]] = json.loads(done.stdout)
    return found


def test_what_is_known_is_a_beginning_of_the_game() -> None:
    lives = [life(seed) for seed in range(GAMES)]
    shortened = grown = 0
    for rounds, known in zip(lives, followed(lives), strict=True):
        before: list[str] = []
        for round_, found in zip(rounds, known, strict=True):
            moves = found["moves"]
            assert moves == round_["moves"][: len(moves)]
            fens = [ply["fen"] for ply in plies(moves, 0)]
            assert [position["fen"] for position in found["at"]] == fens
            assert found["more"] is None
            shortened += len(moves) < len(before)
            grown += len(moves) > len(before)
            before = moves
        assert known[-1]["moves"] == rounds[-1]["moves"]
    assert shortened > GAMES
    assert grown > GAMES
