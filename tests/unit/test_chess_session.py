# SPDX-License-Identifier: GPL-3.0-or-later
"""Games of chess as folds: real games, every refusal, random games equal on both nodes."""

from __future__ import annotations

import io
import itertools
import random
from typing import Any

import chess
import chess.pgn
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from goop_chess.pgn import export
from goop_chess.plugin import schemas
from goop_chess.rules import Illegal, Position, sans
from goop_chess.session import ChessSession, new_game, refuse_state
from goop_chess.summary import summary
from goop_node.plugins.crossings import fit
from goop_realtime.contexts.validator import Validator
from goop_realtime.types import Message, OpenRequest, Summary

OPERA = (
    "e4 e5 Nf3 d6 d4 Bg4 dxe5 Bxf3 Qxf3 dxe5 Bc4 Nf6 Qb3 Qe7 Nc3 c6 Bg5 b5 Nxb5 cxb5 Bxb5+ "
    "Nbd7 O-O-O Rd8 Rxd7 Rxd7 Rd1 Qe6 Bxd7+ Nxd7 Qb8+ Nxb8 Rd8#"
).split()
REQUEST = OpenRequest(channel="rt-1", context="chess_1", opener="w", peers=("w", "b"))


class Table:
    """A game with its host's and its guest's session."""

    def __init__(self, request: OpenRequest = REQUEST) -> None:
        state = new_game(request)
        self.sessions = (ChessSession(request, state), ChessSession(request, state))
        self.count = 0

    def say(self, sender: str, kind: str, **fields: Any) -> str:
        """Order a message; the code of its refusal, or nothing."""
        self.count += 1
        message = Message(
            sender=sender, data={"type": kind, **fields}, id=f"p-{self.count}", sent_at_ms=0
        )
        codes = [(found.code if (found := s.check(message)) else "") for s in self.sessions]
        assert codes[0] == codes[1]
        if not codes[0]:
            for session in self.sessions:
                session.apply(message)
        assert self.sessions[0].snapshot() == self.sessions[1].snapshot()
        return codes[0]

    def move(self, uci: str) -> str:
        """Play a move for whoever's turn it is."""
        session = self.sessions[0]
        fields = {"from": uci[:2], "to": uci[2:4]}
        if uci[4:]:
            fields["promotion"] = uci[4:]
        return self.say(session.players[session.position.turn], "move", **fields)

    def play(self, moves: list[str]) -> None:
        """Play moves in SAN."""
        board = chess.Board()
        for san in moves:
            assert self.move(board.push_san(san).uci()) == ""


def test_the_opera_game_ends_in_mate() -> None:
    table = Table()
    table.play(OPERA)
    session = table.sessions[0]
    assert (session.result, session.reason) == ("1-0", "checkmate")
    assert sans(session.position.uci) == OPERA
    assert len(OPERA) == 33
    assert table.say("b", "resign") == "game_over"


def test_castling_both_sides_en_passant_under_promotion_and_a_draw() -> None:
    table = Table()
    table.play("e4 d5 e5 f5 exf6 Nc6 fxg7 Bf5 gxh8=N Qd6 Nf3 O-O-O Be2 Nf6 O-O Qd7".split())
    assert table.say("b", "draw_offer") == ""
    assert table.say("w", "draw_accept") == ""
    assert table.sessions[1].result == "1/2-1/2"
    assert table.sessions[1].reason == "agreement"


@pytest.mark.parametrize(
    ("before", "move", "word"),
    [
        ([], "e5e6", "no piece"),
        ([], "e7e5", "not yours"),
        ([], "e2e5", "pawn on e2 cannot move"),
        (["e4", "e5", "Qh5", "Nc6", "Qxf7+"], "a7a6", "in check"),
        (["d4", "e6", "Nc3", "Bb4"], "c3e4", "own king in check"),
        (["e4", "e5", "Nf3", "Nf6", "Bc4", "Nxe4", "d3", "Nxf2", "h3", "Nxd1"], "e1g1", ""),
        (["e4", "e5", "Bc4", "b6", "Nf3", "Ba6", "d3", "Nf6", "a3", "Bxc4"], "e1g1", ""),
        (["a4", "b5", "axb5", "a6", "bxa6", "Bb7", "axb7", "h6"], "b7a8", "promoted"),
        ([], "e2e4q", "no promotion"),
    ],
)
def test_illegal_moves_say_why(before: list[str], move: str, word: str) -> None:
    table = Table()
    table.play(before)
    session = table.sessions[0]
    data = {"type": "move", "from": move[:2], "to": move[2:4], "promotion": move[4:] or None}
    sender = session.players[session.position.turn]
    refusal = session.check(Message(sender=sender, data=data, id="x-1", sent_at_ms=0))
    if not word:
        assert refusal is None
        return
    assert refusal is not None
    assert refusal.code == "illegal_move"
    assert word in refusal.reason


@settings(max_examples=12)
@given(st.integers(0, 2**32))
def test_what_is_not_listed_is_not_legal(seed: int) -> None:
    lot = random.Random(seed)
    board = chess.Board()
    for _ in range(lot.randrange(60)):
        moves = list(board.legal_moves)
        if not moves:
            break
        castling = [move for move in moves if board.is_castling(move)]
        board.push(lot.choice(castling or moves))
    position = Position([move.uci() for move in board.move_stack])
    listed = {move.uci() for move in board.legal_moves}
    legal = position.view()["legal"]
    for start, end in itertools.product(chess.SQUARE_NAMES, repeat=2):
        for promotion in (None, *"qrbn"):
            taken = not isinstance(position.judge(start, end, promotion), Illegal)
            assert taken == (start + end + (promotion or "") in listed)
            assert not taken or end in legal[start]


CASTLING = ["e2e4", "e7e5", "g1f3", "b8c6", "f1c4", "f8c5"]


def test_castling_has_one_spelling() -> None:
    table = Table()
    for move in CASTLING:
        assert table.move(move) == ""
    found = table.sessions[0].position.judge("e1", "h1", None)
    assert isinstance(found, Illegal)
    assert (found.reason, found.pointer) == ("To castle, the king moves to g1.", "/to")
    assert table.move("e1g1") == ""


def test_a_game_that_comes_with_another_spelling_is_told_in_ours() -> None:
    assert Position([*CASTLING, "e1h1"]).uci[-1] == "e1g1"
    replayed = Position.replay([*CASTLING, "e1h1"])
    assert replayed is not None
    assert replayed.uci[-1] == "e1g1"


def test_every_other_refusal() -> None:
    table = Table()
    assert table.say("stranger", "resign") == "not_a_player"
    assert table.say("b", "move", **{"from": "e7", "to": "e5"}) == "not_your_turn"
    assert table.say("b", "draw_accept") == "no_draw_offer"
    assert table.say("w", "draw_offer") == ""
    assert table.say("w", "draw_accept") == "no_draw_offer"
    assert table.say("w", "takeback_offer") == "nothing_to_take_back"
    assert table.say("b", "takeback_accept") == "no_takeback_offer"
    table.play(["e4", "e5"])
    assert table.say("w", "abort") == "too_late"


def test_takebacks_go_back_to_before_the_askers_move() -> None:
    table = Table()
    table.play(["e4", "e5", "Nf3"])
    assert table.say("w", "takeback_offer") == ""
    assert table.say("b", "takeback_accept") == ""
    assert table.sessions[0].position.uci == ["e2e4", "e7e5"]
    table.move("g1f3")
    table.move("b8c6")
    assert table.say("w", "takeback_offer") == ""
    assert table.say("b", "takeback_accept") == ""
    assert table.sessions[0].position.uci == ["e2e4", "e7e5"]


def test_an_offer_lapses_when_the_other_side_moves() -> None:
    table = Table()
    table.move("e2e4")
    assert table.say("w", "draw_offer") == ""
    table.move("e7e5")
    assert table.say("b", "draw_accept") == "no_draw_offer"


def test_crossing_draw_offers_agree() -> None:
    table = Table()
    assert table.say("w", "draw_offer") == ""
    assert table.say("b", "draw_offer") == ""
    assert table.sessions[0].reason == "agreement"


def test_threefold_repetition_ends_the_game() -> None:
    table = Table()
    table.play(["Nf3", "Nf6", "Ng1", "Ng8", "Nf3", "Nf6", "Ng1", "Ng8"])
    assert table.sessions[0].reason == "repetition"


@pytest.mark.parametrize("seed", range(200))
def test_random_games_end_equal_and_survive_snapshot_and_pgn(seed: int) -> None:
    rng = random.Random(seed)
    table = Table()
    board = chess.Board()
    for _ in range(60):
        moves = list(board.legal_moves)
        if not moves or table.sessions[0].over:
            break
        move = rng.choice(moves)
        board.push(move)
        assert table.move(move.uci()) == ""
    session = table.sessions[0]
    assert session.position.view()["fen"] == board.fen()
    again = ChessSession(REQUEST, session.snapshot())
    assert again.snapshot() == session.snapshot()
    game = chess.pgn.read_game(io.StringIO(export(session.position.uci, {"White": "W"})))
    assert game is not None
    assert [move.uci() for move in game.mainline_moves()] == session.position.uci


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["w", "b"]),
            st.sampled_from(sorted(schemas())),
            st.sampled_from(["e2", "e4", "d7", "d5", "g1", "f3", "a8"]),
            st.sampled_from(["e4", "e5", "d5", "f3", "g1", "a1"]),
        ),
        max_size=30,
    )
)
def test_no_sequence_of_messages_breaks_the_fold(steps: list[tuple[str, str, str, str]]) -> None:
    table = Table()
    for sender, kind, start, end in steps:
        fields = {"from": start, "to": end} if kind == "move" else {}
        if kind == "abandon_claim":
            fields = {"result": "draw"}
        table.say(sender, kind, **fields)


def told(table: Table) -> list[tuple[str, bool, bool]]:
    """What White and Black are told of the game."""
    found = [summary(table.sessions[0], *pair) for pair in (("w", "Bob"), ("b", "Ann"))]
    return [(one.text, one.waiting, one.ended) for one in found]


def test_each_player_is_told_who_is_due_and_how_it_ended() -> None:
    table = Table()
    assert told(table) == [("Your move", True, False), ("Ann's move", False, False)]
    table.play(["e4"])
    assert told(table) == [("Bob's move", False, False), ("Your move", True, False)]
    table.say("w", "draw_offer")
    assert told(table) == [("Bob's move", False, False), ("Ann offers a draw", True, False)]
    table.say("b", "draw_decline")
    table.say("w", "takeback_offer")
    assert told(table)[1] == ("Ann asks to take a move back", True, False)
    table.say("w", "resign")
    assert told(table) == [
        ("Game over: you lost by resignation", False, True),
        ("Game over: you won by resignation", False, True),
    ]


@pytest.mark.parametrize(
    ("result", "reason", "words"),
    [
        ("1-0", "checkmate", "you won by checkmate"),
        ("0-1", "checkmate", "you lost by checkmate"),
        ("1/2-1/2", "stalemate", "stalemate"),
        ("1/2-1/2", "insufficient_material", "draw by insufficient material"),
        ("1/2-1/2", "agreement", "draw by agreement"),
        ("*", "abort", "aborted"),
        ("*", "abandonment", "abandoned by both"),
    ],
)
def test_the_end_in_words(result: str, reason: str, words: str) -> None:
    table = Table()
    table.sessions[0].result, table.sessions[0].reason = result, reason
    assert told(table)[0][0] == f"Game over: {words}"


def test_a_game_that_one_has_left_waits_for_the_other() -> None:
    table = Table()
    table.play(["e4", "e5", "Nf3"])
    table.say("b", "abandon")
    assert told(table) == [
        ("Bob has abandoned this game: it is yours to end", True, False),
        ("You have abandoned this game", False, True),
    ]


@given(st.text(max_size=300))
def test_whatever_the_other_is_called_it_stays_one_line(name: str) -> None:
    table = Table()
    found = fit(summary(table.sessions[0], "b", name), Summary, "the summary")
    assert found.text.endswith("'s move")


def test_random_colour_is_the_same_lot_on_both_nodes() -> None:
    drawn = set()
    for n in range(32):
        request = OpenRequest(
            channel=f"rt-{n}",
            context="chess",
            opener="w",
            peers=("w", "b"),
            params={"colour": "random"},
        )
        players = ChessSession(request).players
        assert players == ChessSession(request).players
        drawn.add(players["white"])
    assert drawn == {"w", "b"}


def test_schemas_compile_and_refuse_more_than_they_name() -> None:
    for kind, schema in schemas().items():
        validator = Validator(schema, where=kind)
        good = {"type": kind}
        if kind == "move":
            good |= {"from": "e2", "to": "e4"}
        if kind == "flag":
            good |= {"colour": "white"}
        if kind == "abandon_claim":
            good |= {"result": "win"}
        if kind == "chat":
            good |= {"text": "hello"}
        assert validator.check(good) is None
        assert validator.check({**good, "more": 1}) is not None


def _state(**changes: Any) -> dict[str, Any]:
    session = ChessSession(REQUEST)
    return {**session.snapshot(), "moves": ["e2e4", "e7e5"], **changes}


def test_a_game_to_go_on_with_is_believed_only_if_it_can_be_true() -> None:
    assert refuse_state(REQUEST, _state()) is None
    assert refuse_state(REQUEST, _state(result="1-0", reason="resignation")) is None
    mate = ["f2f3", "e7e5", "g2g4", "d8h4"]
    assert refuse_state(REQUEST, _state(moves=mate, result="0-1", reason="checkmate")) is None


@pytest.mark.parametrize(
    "initial_state",
    [
        "abc",
        {},
        {"moves": ["zz"]},
        _state(moves=5),
        _state(moves=["zz"]),
        _state(moves=["e2e5"]),
        _state(moves=[1]),
        _state(players={"white": "w", "black": "mallory"}),
        _state(players={"white": "w", "black": ["b"]}),
        _state(result="1-0"),
        _state(result="1-0", reason="checkmate"),
        _state(result="1/2-1/2", reason="resignation"),
        _state(reason=["x"]),
        _state(drawOffer="w"),
        _state(moves=["f2f3", "e7e5", "g2g4", "d8h4"]),
    ],
)
def test_a_forged_game_is_refused(initial_state: Any) -> None:
    refusal = refuse_state(REQUEST, initial_state)
    assert refusal is not None
    assert refusal.code == "bad_base"
