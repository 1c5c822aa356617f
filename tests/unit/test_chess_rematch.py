# SPDX-License-Identifier: MIT
"""The name of a rematch: the same at both nodes, and of the next game that is not over."""

from __future__ import annotations

import re
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from goop_chess.games import StoredGame
from goop_chess.rematch import LONGEST, rematch_of


def game(name: str, peer: str = "you", **more: Any) -> StoredGame:
    """A game of the list, over unless it is told otherwise."""
    state = {"reason": "resignation", **more}
    return StoredGame(
        game=name, peer=peer, channel="rt-1", state=state, abandoned=False, created=1, updated=1
    )


def nothing(name: str, peer: str) -> None:
    """There is no later game."""


@given(st.text(min_size=1, max_size=80), st.text(min_size=1, max_size=80))
def test_both_come_to_the_same_name_and_other_games_to_another(one: str, other: str) -> None:
    assert rematch_of(game(one, "alice"), nothing) == rematch_of(game(one, "bob"), nothing)
    assert re.fullmatch(r"chess_[0-9a-f]{16}", rematch_of(game(one), nothing))
    same = rematch_of(game(one), nothing) == rematch_of(game(other), nothing)
    assert same is (one == other)


def test_a_rematch_that_is_over_too_has_a_rematch_of_its_own_and_a_running_one_is_it() -> None:
    first = rematch_of(game("chess_1"), nothing)
    known = {first: game(first)}

    def find(name: str, peer: str) -> StoredGame | None:
        assert peer == "you"
        return known.get(name)

    second = rematch_of(game("chess_1"), find)
    assert second == rematch_of(game(first), find) != first
    known[second] = game(second, reason=None)
    assert rematch_of(game("chess_1"), find) == second, "it goes on"
    known[second] = game(second, reason=None, abandonedBy="white")
    assert rematch_of(game("chess_1"), find) not in (first, second)


def test_the_row_of_rematches_is_looked_through_to_an_end() -> None:
    asked: list[str] = []

    def find(name: str, peer: str) -> StoredGame:
        asked.append(name)
        return game(name)

    assert rematch_of(game("chess_1"), find) == asked[-1]
    assert len(set(asked)) == LONGEST
