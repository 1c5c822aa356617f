# SPDX-License-Identifier: GPL-3.0-or-later
"""A move in words, by the page's own code: every legal move of many positions has words of its own
that say what happens, without the signs of the notation."""

from __future__ import annotations

import json
import random
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import chess
import pytest

WORDS = Path(__file__).parents[2] / "plugins/chess/src/goop_chess/template/move-words.js"
SCRIPT = f"""
import {{ moveWords }} from {json.dumps(WORDS.as_uri())};
const moves = JSON.parse(await new Response(process.stdin).text());
console.log(JSON.stringify(moves.map(({{ uci, san, fen }}) => moveWords({{ uci, san }}, fen))));
"""
GAMES = 6
RARE = [
    "rnbqkbnr/ppp1p1pp/8/2PpPp2/8/8/PP1P1PPP/RNBQKBNR w KQkq d6 0 4",  # two may take en passant
    "rnbqkbnr/pp1p1ppp/8/8/2pPp3/8/PPP1PPPP/RNBQKBNR b KQkq d3 0 4",
    "1n1qk3/P1P4P/8/8/8/8/p1p4p/1N1QK3 w - - 0 1",  # promotions with and without taking
    "1n1qk3/P1P4P/8/8/8/8/p1p4p/1N1QK3 b - - 0 1",
    "7k/8/8/Q1Q5/8/Q1Q5/8/K7 w - - 0 1",  # four queens reach one square
    "r3k2r/8/8/8/8/8/8/R3K2R w KQkq - 0 1",
    "6k1/5ppp/8/8/8/8/8/R5K1 w - - 0 1",  # a mate
]


def positions() -> list[chess.Board]:
    """Those of random games that rather take and castle than not, and some rare ones."""
    lot = random.Random(8)
    found = [chess.Board(fen) for fen in RARE]
    for _ in range(GAMES):
        board = chess.Board()
        while not board.is_game_over() and board.ply() < 80:
            found.append(board.copy(stack=False))
            legal = list(board.legal_moves)
            telling = [m for m in legal if board.is_castling(m) or board.is_capture(m)]
            board.push(lot.choice(telling if telling and lot.random() < 0.3 else legal))
    return found


def words_of(moves: list[dict[str, str]]) -> list[str]:
    """What the page says of these moves."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("no Node.js here; install it with: apt-get install nodejs")
    command = [node, "--input-type=module", "--eval", SCRIPT]
    done = subprocess.run(
        command, input=json.dumps(moves), capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr
    told: list[str] = json.loads(done.stdout)
    return told


def move_of(board: chess.Board, move: chess.Move) -> dict[str, str]:
    """A move as the node tells it, with the position before."""
    return {"uci": move.uci(), "san": board.san(move), "fen": board.fen()}


def meant(board: chess.Board, move: chess.Move, words: str) -> list[tuple[str, Any, Any]]:
    """What the words say and what is so, point by point."""
    kind = board.piece_type_at(move.from_square)
    assert kind is not None
    castles = board.is_castling(move)
    after = board.copy(stack=False)
    after.push(move)
    said = re.search(r"promotes to (\w+)", words)
    promoted = move.promotion and chess.piece_name(move.promotion)
    first = words.split()[0]
    origin = re.search(r"from ([a-h][1-8])", words)
    return [
        ("piece", first, "Castles" if castles else chess.piece_name(kind).capitalize()),
        ("takes", "takes" in words, board.is_capture(move)),
        ("en passant", "en passant" in words, board.is_en_passant(move)),
        ("to", chess.square_name(move.to_square) in words, not castles),
        ("from", origin is None or origin[1] == chess.square_name(move.from_square), True),
        ("promotion", said[1] if said else None, promoted),
        ("queenside", "queenside" in words, board.is_queenside_castling(move)),
        ("check", words.endswith(", check"), after.is_check() and not after.is_checkmate()),
        ("mate", words.endswith(", checkmate"), after.is_checkmate()),
    ]


def test_every_legal_move_has_words_of_its_own() -> None:
    cases = [(board, move) for board in positions() for move in board.legal_moves]
    told = words_of([move_of(board, move) for board, move in cases])
    known: dict[tuple[str, str], chess.Move] = {}
    seen: set[str] = set()
    for (board, move), words in zip(cases, told, strict=True):
        assert re.fullmatch(r"[A-Z][a-z]+( [a-z0-9]+|,(?= ))*", words), words
        for what, said, so in meant(board, move, words):
            assert said == so, f"{words!r} of {move} in {board.fen()}: {what}"
        other = known.setdefault((board.fen(), words), move)
        assert other == move, f"{words!r} in {board.fen()} is {other} and {move}"
        seen.update(words.replace(",", "").split())
    # The cases were there at all.
    assert {"kingside", "queenside", "passant", "promotes", "checkmate", "from"} <= seen


SAID = [
    (chess.STARTING_FEN, "g1f3", "Knight f3"),
    ("4k3/8/8/8/8/8/8/R3K2R w KQ - 0 1", "e1g1", "Castles kingside"),
    ("7k/8/8/8/8/8/8/4RK1R w - - 0 1", "h1h2", "Rook h2, check"),
    ("4k3/8/8/3pP3/8/8/8/4K3 w - d6 0 1", "e5d6", "Pawn takes d6 en passant"),
    (RARE[0], "e5d6", "Pawn from e5 takes d6 en passant"),
    ("4k3/P7/8/8/8/8/8/4K3 w - - 0 1", "a7a8q", "Pawn a8, promotes to queen, check"),
    ("4k3/8/8/8/8/1N3N2/8/4K3 w - - 0 1", "b3d4", "Knight from b3 to d4"),
    (RARE[-1], "a1a8", "Rook a8, checkmate"),
]


def test_how_moves_are_said() -> None:
    moves = [move_of(chess.Board(fen), chess.Move.from_uci(uci)) for fen, uci, _ in SAID]
    assert words_of(moves) == [words for _, _, words in SAID]
