# SPDX-License-Identifier: MIT
"""How the aliens of one wave march and drop their bombs, as ``template/game/march.js`` has it.

It follows from the seed and from when which alien was hit, so that a node can tell what a referee
can have seen.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass

from goop_arcade_rooms.chance import chance, one_of
from goop_arcade_rooms.rules import (
    ALIEN_HEIGHT,
    ALIEN_WIDTH,
    ALIENS,
    COLUMNS,
    DROP,
    FORMATION_X,
    FORMATION_Y,
    HEIGHT,
    MARGIN,
    PITCH,
    SHIP_Y,
    STEP,
    TICKS,
    UFO_EVERY,
    UFO_FIRST,
    UFO_POINTS,
    UFO_SPEED,
    UFO_WIDTH,
    WIDTH,
    bombs_per_second,
    fall,
    rest,
)

_BOMBS, _COLUMN, _UFO, _POINTS = 1, 2, 4, 6
"""What makes one question about chance another."""


@dataclass(frozen=True)
class Step:
    """The formation's first alien stands at ``x``, ``y`` from ``tick`` on; ``way`` is 1 or -1."""

    tick: int
    x: int
    y: int
    way: int


class March:
    """The march of one wave. ``seed``, ``ships`` (their number) are those of the round."""

    def __init__(self, *, seed: int, wave: int, tick: int, ships: int) -> None:
        self._seed = seed
        self._wave = wave
        self._ships = ships
        self._hits: dict[int, int] = {}
        self._steps = [Step(tick, FORMATION_X, FORMATION_Y + DROP * min(wave - 1, 6), 1)]

    def hit(self, hits: Mapping[int, int]) -> None:
        """All that were hit, and when; what came after a new one comes out otherwise."""
        for alien, tick in hits.items():
            if alien not in self._hits:
                self._hits[alien] = tick
                while len(self._steps) > 1 and self._steps[-1].tick > tick:
                    self._steps.pop()

    def alive(self, tick: int) -> list[int]:
        """Who has not been hit by then."""
        hits = self._hits
        return [alien for alien in range(ALIENS) if alien not in hits or hits[alien] > tick]

    def _number(self, tick: int) -> int:
        """The number of the step in which the formation stands."""
        while self._steps[-1].tick <= tick and self._next():
            pass
        return max(0, bisect_right(self._steps, tick, key=lambda step: step.tick) - 1)

    def _next(self) -> bool:
        """One step more; none where nobody is left, or all are below the ground."""
        last = self._steps[-1]
        alive = self.alive(last.tick)
        if not alive or last.y > HEIGHT:
            return False
        columns = [alien % COLUMNS for alien in alive]
        left = last.x + min(columns) * PITCH + last.way * STEP
        right = last.x + (max(columns) + 1) * PITCH + last.way * STEP
        tick = last.tick + rest(len(alive), self._wave)
        if left < MARGIN or right > WIDTH - MARGIN:
            self._steps.append(Step(tick, last.x, last.y + DROP, -last.way))
        else:
            self._steps.append(Step(tick, last.x + last.way * STEP, last.y, last.way))
        return True

    def column_of(self, alien: int, tick: int) -> tuple[int, int]:
        """From where to where an alien stands in the way of shots, both in pixels across."""
        x = self._steps[self._number(tick)].x + alien % COLUMNS * PITCH
        x += (PITCH - ALIEN_WIDTH) // 2
        return x, x + ALIEN_WIDTH

    def invaded(self, tick: int) -> bool:
        """Whether the aliens have come down to the ships."""
        alive = self.alive(tick)
        if not alive:
            return False
        lowest = max(alive) // COLUMNS
        return self._steps[self._number(tick)].y + lowest * PITCH + ALIEN_HEIGHT >= SHIP_Y

    def falls(self, number: int, tick: int) -> bool:
        """Whether the step of that number drops a bomb, which is in the air at ``tick``."""
        if not 0 < number <= self._number(tick):
            return False
        step = self._steps[number]
        alive = self.alive(step.tick)
        if not alive:
            return False
        likely = bombs_per_second(self._wave, self._ships) * rest(len(alive), self._wave) / TICKS
        if chance(self._seed, self._wave, number, _BOMBS) >= likely:
            return False
        columns = sorted({alien % COLUMNS for alien in alive})
        column = one_of(columns, self._seed, self._wave, number, _COLUMN)
        lowest = max(alien for alien in alive if alien % COLUMNS == column)
        top = step.y + lowest // COLUMNS * PITCH + ALIEN_HEIGHT
        return top + (tick - step.tick) * fall(self._wave) < HEIGHT

    def ufo(self, number: int, tick: int) -> int | None:
        """What the flyer of that number is worth, where it flies across the top at ``tick``."""
        where = (self._seed, self._wave, number)
        begin = self._steps[0].tick + UFO_FIRST + number * UFO_EVERY
        begin += int(chance(*where, _UFO) * 5 * TICKS)
        if not 0 <= (tick - begin) * UFO_SPEED <= WIDTH + UFO_WIDTH:
            return None
        return one_of(UFO_POINTS, *where, _POINTS)
