# SPDX-License-Identifier: GPL-3.0-or-later
"""The positions of a game's past, in portions: each is what the library says."""

from __future__ import annotations

import random

import chess
from hypothesis import given, settings
from hypothesis import strategies as st

from goop_chess.plies import PORTION, plies
from goop_chess.rules import sans


def random_moves(seed: int, count: int) -> list[str]:
    """Legal moves in UCI, at most ``count``; captures only where nothing else is legal."""
    lot, board = random.Random(seed), chess.Board()
    moves: list[str] = []
    while len(moves) < count and (legal := list(board.legal_moves)):
        quiet = [move for move in legal if not board.is_capture(move)] or legal
        board.push(move := lot.choice(quiet))
        moves.append(move.uci())
    return moves


@settings(max_examples=25)
@given(seed=st.integers(0, 2**32), count=st.integers(0, 120), after=st.integers(0, 130))
def test_each_position_is_what_was_played_so_far(seed: int, count: int, after: int) -> None:
    moves = random_moves(seed, count)
    found = plies(moves, after)
    assert [ply["uci"] for ply in found] == moves[after:]
    assert [ply["san"] for ply in found] == sans(moves)[after:]
    for length, ply in enumerate(found, after + 1):
        board = chess.Board()
        for text in moves[:length]:
            board.push_uci(text)
        assert (ply["fen"], ply["check"]) == (board.fen(), board.is_check())


def test_portions_of_a_long_game_are_the_game() -> None:
    moves = ["b1a3", "g8f6", "a3b1", "f6g8"] * (3 * PORTION // 4)
    joined = []
    while portion := plies(moves, len(joined)):
        assert len(portion) <= PORTION
        joined += portion
    assert [ply["uci"] for ply in joined] == moves
