# SPDX-License-Identifier: MIT
"""The measures of the game, as ``template/game/rules.js`` has them for the pages.

Lengths are in pixels of the field, times in ticks.
"""

from __future__ import annotations

import math

TICKS = 60
"""Ticks in a second."""
WIDTH, HEIGHT = 224, 256

SHIP_WIDTH, SHIP_Y, SHIP_SPEED = 13, 216, 1.25
LIVES, SAFE = 3, 150
"""How often a ship is hit until it is gone, and how long it is spared after a hit."""
SHIPS = 4

SHOT_PAUSE = 18
"""Between two shots of one ship."""

COLUMNS, ROWS, PITCH = 11, 5, 16
ALIENS = COLUMNS * ROWS
ALIEN_WIDTH, ALIEN_HEIGHT = 12, 8
FORMATION_X, FORMATION_Y = 24, 56
STEP, DROP, MARGIN = 2, 8, 6
POINTS = (30, 20, 20, 10, 10)
"""What an alien is worth, by row, from the top."""
UFO_WIDTH, UFO_SPEED, UFO_FIRST, UFO_EVERY = 16, 0.75, 10 * TICKS, 25 * TICKS
UFO_POINTS = (50, 100, 150, 300)

SHIELDS, CELL_COLUMNS = 4, 11

BREATH = 2 * TICKS
"""Between the last alien of a wave and the next wave."""
VERSUS_WAVES = 3
"""How many waves a versus round has."""


def fall(wave: int) -> float:
    """How fast bombs fall in a wave, from 1."""
    return min(2, 0.9 + wave / 10)


def bombs_per_second(wave: int, ships: int) -> float:
    """How many bombs fall in a second."""
    return min(3, 0.6 + 0.12 * wave + 0.25 * ships)


def rest(alive: int, wave: int) -> int:
    """How long the formation stands between two steps."""
    return max(1, math.floor(alive * 0.95 ** (wave - 1) + 0.5))
