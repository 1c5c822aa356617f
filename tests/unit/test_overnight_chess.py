# SPDX-License-Identifier: GPL-3.0-or-later
"""A game of chess that lies overnight, on a clock that does not make anybody wait."""

from __future__ import annotations

import pytest

from tests.unit.test_crossing_chess import Game

NIGHT_MS = 12 * 3600 * 1000


@pytest.mark.parametrize(
    "seed", [0, 1, *(pytest.param(n, marks=pytest.mark.soak) for n in range(2, 50))]
)
def test_a_game_goes_on_the_next_morning(seed: int) -> None:
    game = Game(seed)
    world, nodes = game.world, (game.alice, game.bob)
    game.play(10)
    last = game.move()  # made when the line was already gone
    world.blocked |= {("alice", "bob"), ("bob", "alice")}
    world.cut()
    game.say("white", last)
    sleeper = nodes[seed % 2]
    world.later(NIGHT_MS // 3, sleeper.crash)
    world.later(NIGHT_MS // 2, sleeper.start)
    world.run(NIGHT_MS)
    world.heal()
    world.run(60_000)
    game.play(10)
    game.ends_equal()
    assert len(game.board.move_stack) == 21
