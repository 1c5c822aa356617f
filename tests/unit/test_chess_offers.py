# SPDX-License-Identifier: GPL-3.0-or-later
"""Every offer has one outcome that both players are told, and nobody offers without end."""

from __future__ import annotations

from typing import Any

import chess
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from goop_chess.offers import KINDS, OPEN, OTHER
from goop_chess.session import ChessSession, new_game, refuse_state, same_game
from goop_realtime.types import Message
from tests.unit.test_chess_session import REQUEST, Table

PEER = {"white": "w", "black": "b"}
OUTCOMES = {"accepted", "declined", "passed_over", "withdrawn", "expired"}


def shown(table: Table, kind: str = "draw") -> tuple[str | None, str | None]:
    """What both players are told of White's and of Black's offer (``Table`` compares the two)."""
    of = table.sessions[0].snapshot()["offers"][kind]
    return of["white"], of["black"]


def test_a_declined_offer_is_told_until_its_maker_has_moved() -> None:
    table = Table()
    table.play(["e4"])
    assert table.say("w", "draw_offer") == ""
    assert table.say("w", "draw_offer") == "offer_open"
    assert table.say("b", "draw_decline") == ""
    assert shown(table) == ("declined", None)
    assert table.say("w", "draw_offer") == "offered_already"
    table.move("e7e5")
    assert shown(table) == ("declined", None)
    assert table.say("w", "draw_offer") == "offered_already"
    table.move("g1f3")
    assert shown(table) == (None, None)
    assert table.say("w", "draw_offer") == ""
    table.move("b8c6")
    assert shown(table) == ("passed_over", None)


def test_who_moves_on_withdraws_a_request_and_may_ask_again() -> None:
    table = Table()
    table.play(["e4", "e5"])
    assert table.say("w", "takeback_offer") == ""
    assert table.say("b", "takeback_offer") == "answer_first"
    table.move("g1f3")
    assert shown(table, "takeback") == ("withdrawn", None)
    assert table.say("w", "takeback_offer") == ""
    assert table.say("b", "takeback_accept") == ""
    assert shown(table, "takeback") == ("accepted", None)


def test_an_end_and_a_takeback_let_what_is_open_expire() -> None:
    table = Table()
    table.play(["e4", "e5"])
    assert table.say("b", "draw_offer") == ""
    assert table.say("w", "takeback_offer") == ""
    assert table.say("b", "takeback_accept") == ""
    assert shown(table) == (None, "expired")
    table.move("d2d4")
    assert table.say("w", "draw_offer") == ""
    assert table.say("b", "resign") == ""
    assert shown(table) == ("expired", "expired")


def test_a_draw_is_accepted_by_offering_it_also_by_who_was_declined() -> None:
    table = Table()
    assert table.say("w", "draw_offer") == ""
    assert table.say("b", "draw_decline") == ""
    assert table.say("b", "draw_offer") == ""
    assert table.say("w", "draw_offer") == ""
    assert shown(table) == ("accepted", "accepted")
    assert table.sessions[0].reason == "agreement"


STEP = st.tuples(
    st.sampled_from(["white", "black"]),
    st.sampled_from(["move", "move", "draw_offer", "draw_offer", "takeback_offer"])
    | st.sampled_from(["accept", "decline"]).flatmap(
        lambda act: st.sampled_from([f"draw_{act}", f"takeback_{act}"])
    )
    | st.just("resign"),
    st.integers(0, 400),
)


@settings(max_examples=200, deadline=None)
@given(st.lists(STEP, max_size=40))
def test_every_offer_ends_in_one_outcome_and_waits_for_a_move(
    steps: list[tuple[str, str, int]],
) -> None:
    table = Table()
    session = table.sessions[0]
    made: dict[tuple[str, str], int] = {(kind, by): 0 for kind in KINDS for by in OTHER}
    ended = dict(made)
    room = dict.fromkeys(made, 1)  # how many more offers there may be before the next own move
    for colour, word, number in steps:
        before = session.snapshot()["offers"]
        if word == "move":
            colour = session.position.turn
            moves = list(chess.Board(session.position.view()["fen"]).legal_moves)
            code = table.move(moves[number % len(moves)].uci()) if moves else "none"
        else:
            code = table.say(PEER[colour], word)
        after = session.snapshot()["offers"]
        if code:
            assert after == before
            continue
        kind, _, act = word.partition("_")
        if act == "offer":
            assert room[kind, colour] > 0 or before[kind][OTHER[colour]] == OPEN
            room[kind, colour] -= 1
            made[kind, colour] += 1
            if before[kind][OTHER[colour]] == OPEN:
                ended[kind, colour] += 1  # by accepting the other's
                assert after[kind][colour] == "accepted"
        for key in made:
            was, now = before[key[0]][key[1]], after[key[0]][key[1]]
            if was == OPEN and now != OPEN:
                assert now in OUTCOMES
                ended[key] += 1
                room[key] += now in ("accepted", "withdrawn")
            elif was in OUTCOMES and now is None:
                assert word == "move", "an outcome is told until its maker moves"
                assert colour == key[1]
            if word == "move" and colour == key[1]:
                room[key] = 1
            assert made[key] - ended[key] == (now == OPEN), "each is open, or has one outcome"
        if session.over:
            assert made == ended


def _fold(state: Any, *words: tuple[str, str]) -> ChessSession:
    session = ChessSession(REQUEST, state)
    for count, (sender, kind) in enumerate(words):
        message = Message(sender=sender, data={"type": kind}, id=f"p-{count}", sent_at_ms=0)
        assert session.check(message) is None, kind
        session.apply(message)
    return session


def test_a_log_of_0_1_0_is_judged_by_the_rules_that_it_was_made_by() -> None:
    words = [("w", "draw_offer"), ("w", "draw_offer"), ("b", "draw_decline"), ("w", "draw_offer")]
    assert _fold(None, *words).offers.by("draw") == "white"
    moves = ["e2e4", "e7e5"]
    state = {
        "players": {"white": "w", "black": "b"},
        "moves": moves,
        "result": "*",
        "reason": None,
        "drawOffer": None,
        "takebackOffer": "white",
    }
    assert refuse_state(REQUEST, state) is None
    session = _fold(state, ("w", "takeback_offer"), ("b", "takeback_offer"))
    assert session.offers.snapshot()["takeback"] == {"white": "expired", "black": OPEN}
    again = ChessSession(REQUEST, session.snapshot())
    assert again.snapshot() == session.snapshot()
    assert again.rules == 1
    assert same_game(REQUEST, state, ChessSession(REQUEST, state).snapshot())
    assert not same_game(REQUEST, state, {**state, "takebackOffer": None})


@pytest.mark.parametrize(
    "change",
    [
        {"rules": 3},
        {"rules": [2]},
        {"offers": 5},
        {"offers": {}},
        {"offers": {"draw": {"white": OPEN, "black": OPEN}, "takeback": {}}},
        {"offers": {kind: {"white": OPEN, "black": OPEN} for kind in KINDS}},
        {"offers": {kind: {"white": "maybe", "black": None} for kind in KINDS}},
        {"offers": {kind: {"white": ["x"], "black": None} for kind in KINDS}},
        {"offers": {kind: [None, None] for kind in KINDS}},
        {"more": 1},
    ],
)
def test_forged_offers_are_no_game(change: dict[str, Any]) -> None:
    assert refuse_state(REQUEST, new_game(REQUEST)) is None
    refusal = refuse_state(REQUEST, {**new_game(REQUEST), **change})
    assert refusal is not None
    assert refusal.code == "bad_base"
