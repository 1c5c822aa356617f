# SPDX-License-Identifier: GPL-3.0-or-later
"""The lead that the page shows is that of the pieces on the board, in whatever game."""

from __future__ import annotations

import json
import random
import shutil
import subprocess

import chess
import pytest

from tests.unit.test_layers import ROOT

GAMES = 12
VALUES = {chess.PAWN: 1, chess.KNIGHT: 3, chess.BISHOP: 3, chess.ROOK: 5, chess.QUEEN: 9}
SCRIPT = """
const at = (name) => import(process.argv[1] + "/" + name);
const [{ lead }, { placement }] = await Promise.all([at("material.js"), at("pieces.js")]);
const fens = JSON.parse(await new Response(process.stdin).text());
const shown = fens.map((fen) => ["white", "black"].map((colour) => lead(placement(fen), colour)));
console.log(JSON.stringify(shown));
"""
PROMOTED = "e4 d5 exd5 c6 dxc6 Nf6 cxb7 e6 bxa8=Q".split()


def shown(fens: list[str]) -> list[list[int]]:
    """What the page's own modules count for White and for Black in each position."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("no Node.js here; install it with: apt-get install nodejs")
    template = ROOT / "plugins/chess/src/goop_chess/template"
    command = [node, "--input-type=module", "--no-warnings", "-e", SCRIPT, str(template)]
    done = subprocess.run(command, input=json.dumps(fens), text=True, capture_output=True)
    assert done.returncode == 0, done.stderr
    found: list[list[int]] = json.loads(done.stdout)
    return found


def counted(fen: str) -> list[int]:
    """The same from the position itself."""
    pieces = chess.Board(fen).piece_map().values()
    white = sum(VALUES.get(each.piece_type, 0) * (1 if each.color else -1) for each in pieces)
    return [white, -white]


def test_the_lead_is_that_of_the_position_in_random_games() -> None:
    lot = random.Random(1)
    fens = []
    promotions = 0
    for _ in range(GAMES):
        board = chess.Board()
        while not board.is_game_over() and board.ply() < 120:
            moves = list(board.legal_moves)
            queening = [move for move in moves if move.promotion]
            promotions += bool(queening)
            board.push(lot.choice(queening or moves))
            fens.append(board.fen())
    assert promotions > 0
    assert shown(fens) == [counted(fen) for fen in fens]


def test_a_pawn_that_becomes_a_queen_is_worth_one() -> None:
    board = chess.Board()
    for san in PROMOTED:
        board.push_san(san)
    # A rook and three pawns were taken, and a pawn has become a queen: 5 + 3 + 8.
    assert shown([board.fen()]) == [[16, -16]]
