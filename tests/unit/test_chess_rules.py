# SPDX-License-Identifier: GPL-3.0-or-later
"""The corners of the rules, and the lives of offers, as both players' nodes see them."""

from __future__ import annotations

import random

import chess
import pytest

from goop_chess.session import ChessSession
from tests.unit.test_chess_session import Table

DANCE = "Nf3 Nf6 Ng1 Ng8".split()
LOYD_STALEMATE = "e3 a5 Qh5 Ra6 Qxa5 h5 h4 Rah6 Qxc7 f6 Qxd7+ Kf7 Qxb7 Qd3 Qxb8 Qh7 Qxc8 Kg6 Qe6"


def ending(table: Table) -> tuple[str, str | None]:
    """Result and reason, which the other session shares."""
    session: ChessSession = table.sessions[0]
    return session.result, session.reason


def bare(table: Table, fen: str) -> Table:
    """Put both sessions into a position that a whole game would take long to reach."""
    for session in table.sessions:
        session.position._board.set_fen(fen)
    return table


def test_stalemate() -> None:
    table = Table()
    table.play(LOYD_STALEMATE.split())
    assert ending(table) == ("1/2-1/2", "stalemate")
    assert table.move("h8h7") == "game_over"


def test_the_third_repetition_ends_the_game_and_not_the_second() -> None:
    table = Table()
    table.play(DANCE)
    assert ending(table) == ("*", None)
    table.play(DANCE[:3])
    assert ending(table) == ("*", None)
    assert table.move("f6g8") == ""
    assert ending(table) == ("1/2-1/2", "repetition")


def test_a_takeback_takes_a_repetition_back() -> None:
    table = Table()
    table.play([*DANCE, *DANCE[:3]])
    assert table.say("w", "takeback_offer") == ""
    assert table.say("b", "takeback_accept") == ""
    assert table.move("b1c3") == ""
    assert table.move("f6g8") == ""
    assert ending(table) == ("*", None)


def test_fifty_moves() -> None:
    table = bare(Table(), "4k3/8/8/8/8/8/8/R3K3 w - - 98 80")
    assert table.move("a1a2") == ""
    assert ending(table) == ("*", None)
    assert table.move("e8e7") == ""
    assert ending(table) == ("1/2-1/2", "fifty_moves")


def test_a_pawns_move_begins_the_fifty_anew() -> None:
    table = bare(Table(), "4k3/8/8/8/8/8/P7/R3K3 w - - 99 80")
    assert table.move("a2a3") == ""
    assert ending(table) == ("*", None)


def test_mate_on_the_fiftieth_move_is_mate() -> None:
    table = bare(Table(), "6k1/5ppp/8/8/8/8/8/R3K3 w - - 99 80")
    assert table.move("a1a8") == ""
    assert ending(table) == ("1-0", "checkmate")


@pytest.mark.parametrize(
    ("fen", "move", "reason"),
    [
        ("4k3/8/8/8/8/8/3p4/4K3 w - - 0 1", "e1d2", "insufficient_material"),
        ("4k3/8/8/8/8/8/3p4/4KB2 w - - 0 1", "e1d2", "insufficient_material"),
        ("4k3/8/8/8/8/8/3p4/4KN2 w - - 0 1", "e1d2", "insufficient_material"),
        ("4kb2/8/8/8/8/8/3p4/2B1K3 w - - 0 1", "e1d2", "insufficient_material"),
        ("2b1k3/8/8/8/8/8/3p4/2B1K3 w - - 0 1", "e1d2", None),
        ("4k3/8/8/8/8/8/3p4/4KR2 w - - 0 1", "e1d2", None),
    ],
)
def test_insufficient_material(fen: str, move: str, reason: str | None) -> None:
    table = bare(Table(), fen)
    assert table.move(move) == ""
    assert ending(table)[1] == reason


@pytest.mark.parametrize(
    ("fen", "move", "allowed"),
    [
        ("4k3/8/8/8/8/8/8/R3K2R w KQ - 0 1", "e1g1", True),
        ("4k3/8/8/8/8/8/8/R3K2R w KQ - 0 1", "e1c1", True),
        ("4kr2/8/8/8/8/8/8/R3K2R w KQ - 0 1", "e1g1", False),
        ("3rk3/8/8/8/8/8/8/R3K2R w KQ - 0 1", "e1c1", False),
        ("k3r3/8/8/8/8/8/8/R3K2R w KQ - 0 1", "e1g1", False),
        ("4k1r1/8/8/8/8/8/8/R3K2R w KQ - 0 1", "e1g1", False),
        ("1r2k3/8/8/8/8/8/8/R3K2R w KQ - 0 1", "e1c1", True),
        ("4k3/8/8/8/8/8/8/R3K2R w - - 0 1", "e1g1", False),
    ],
    ids=[
        "O-O",
        "O-O-O",
        "through",
        "through long",
        "out of",
        "into",
        "rook attacked",
        "lost right",
    ],
)
def test_castling(fen: str, move: str, allowed: bool) -> None:
    assert bare(Table(), fen).move(move) == ("" if allowed else "illegal_move")


def test_en_passant_is_for_the_next_move_only() -> None:
    table = Table()
    table.play("e4 a6 e5 d5".split())
    assert "d6" in table.sessions[0].position.view()["legal"]["e5"]
    table.play("h3 h6".split())
    assert table.move("e5d6") == "illegal_move"
    table.play("a3 f5".split())
    assert table.move("e5f6") == ""
    assert table.sessions[1].position.view()["captured"]["black"] == ["p"]


@pytest.mark.parametrize("piece", "qrbn")
def test_promotion_to_each_piece(piece: str) -> None:
    table = Table()
    table.play("a4 b5 axb5 a6 bxa6 Bb7 axb7 h6".split())
    assert table.move("b7a8") == "illegal_move"
    assert table.move("b7a8" + piece) == ""
    assert table.sessions[0].position.uci[-1] == "b7a8" + piece
    assert table.sessions[1].position.view()["fen"].startswith(piece.upper())


@pytest.mark.parametrize(
    ("moves", "asker", "left"),
    [
        (["e4"], "w", []),
        (["e4", "e5"], "w", []),
        (["e4", "e5"], "b", ["e2e4"]),
        (["e4", "e5", "Nf3"], "w", ["e2e4", "e7e5"]),
        (["e4", "e5", "Nf3"], "b", ["e2e4"]),
    ],
)
def test_takebacks_at_the_various_moments(moves: list[str], asker: str, left: list[str]) -> None:
    table = Table()
    table.play(moves)
    assert table.say(asker, "takeback_offer") == ""
    assert table.say(asker, "takeback_accept") == "no_takeback_offer"
    assert table.say("b" if asker == "w" else "w", "takeback_accept") == ""
    assert table.sessions[0].position.uci == left


def test_a_takeback_is_declined_or_lapses_with_a_move() -> None:
    table = Table()
    table.play(["e4"])
    assert table.say("b", "takeback_offer") == "nothing_to_take_back"
    assert table.say("w", "takeback_offer") == ""
    assert table.say("b", "takeback_decline") == ""
    assert table.say("b", "takeback_accept") == "no_takeback_offer"
    assert table.say("w", "takeback_offer") == "offered_already"
    assert table.move("e7e5") == ""
    assert table.move("g1f3") == ""
    assert table.say("w", "takeback_offer") == ""
    assert table.move("b8c6") == ""
    assert table.say("b", "takeback_accept") == "no_takeback_offer"


def test_the_life_of_a_draw_offer() -> None:
    table = Table()
    table.play(["e4"])
    assert table.say("w", "draw_offer") == ""
    assert table.say("b", "draw_decline") == ""
    assert table.say("b", "draw_accept") == "no_draw_offer"
    assert table.say("b", "draw_offer") == ""
    assert table.move("e7e5") == ""
    assert table.sessions[0].offers.by("draw") == "black"
    assert table.move("g1f3") == ""
    assert table.sessions[0].offers.by("draw") is None
    assert table.say("w", "draw_offer") == ""
    assert table.say("b", "draw_accept") == ""
    assert ending(table) == ("1/2-1/2", "agreement")


@pytest.mark.parametrize(("count", "code"), [(0, ""), (1, ""), (2, "too_late")])
@pytest.mark.parametrize("sender", ["w", "b"])
def test_abort_before_the_second_move(count: int, code: str, sender: str) -> None:
    table = Table()
    table.play(["e4", "e5"][:count])
    assert table.say(sender, "abort") == code
    assert ending(table) == (("*", None) if code else ("*", "abort"))


@pytest.mark.parametrize(("sender", "result"), [("w", "0-1"), ("b", "1-0")])
def test_either_side_resigns_at_any_turn_and_then_nothing_comes(sender: str, result: str) -> None:
    table = Table()
    table.play(["e4"])
    assert table.say(sender, "resign") == ""
    assert ending(table) == (result, "resignation")
    assert table.move("e7e5") == "game_over"
    for kind in ("resign", "abort", "draw_offer", "draw_accept", "takeback_offer"):
        for other in ("w", "b"):
            assert table.say(other, kind) == "game_over"


@pytest.mark.parametrize("seed", range(20))
def test_positions_agree_with_the_library_through_moves_and_takebacks(seed: int) -> None:
    lot, table, board = random.Random(seed), Table(), chess.Board()
    while not table.sessions[0].over and len(board.move_stack) < 60:
        move = lot.choice(list(board.legal_moves))
        assert table.move(move.uci()) == ""
        board.push(move)
        if not table.sessions[0].over and lot.random() < 0.1:
            asker, other = ("b", "w") if board.turn else ("w", "b")
            assert table.say(asker, "takeback_offer") == ""
            assert table.say(other, "takeback_accept") == ""
            board.pop()
        assert table.sessions[1].position.view()["fen"] == board.fen()
