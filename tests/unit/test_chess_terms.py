# SPDX-License-Identifier: MIT
"""What an invitation to chess proposes, in words for whoever is invited."""

from __future__ import annotations

from typing import Any

import pytest

from goop_chess.session import colours
from goop_chess.terms import terms
from goop_realtime import OpenRequest

FISCHER = {"kind": "fischer", "seconds": 600, "increment": 5}


def asked(params: Any, moves: list[str] | None = None) -> OpenRequest:
    return OpenRequest(
        channel="rt-1",
        context="chess_1",
        opener="alice",
        peers=("alice", "bob"),
        params=params,
        initial_state={"moves": moves or []},
    )


@pytest.mark.parametrize(
    ("params", "words"),
    [
        (None, "You play Black. Without clocks."),
        ({"colour": "white", "clock": None}, "You play Black. Without clocks."),
        (
            {"colour": "black", "clock": FISCHER},
            "You play White. Time: 10 minutes each, and 5 seconds for each move.",
        ),
        (
            {"colour": "random", "clock": {"kind": "correspondence", "days": 1.0}},
            "Colours are drawn by lot. Time: 1 day for each move.",
        ),
    ],
)
def test_colour_and_clock_are_told(params: Any, words: str) -> None:
    assert terms(asked(params)) == words
    for colour in ("White", "Black"):
        assert (f"You play {colour}." in words) <= (colours(asked(params))[colour.lower()] == "bob")


def test_a_game_that_has_begun_goes_on() -> None:
    assert terms(asked({"colour": "white"}, ["e2e4"])) == "Your game goes on from where it was."
