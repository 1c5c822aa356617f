# SPDX-License-Identifier: MIT
"""The ships of a round: what each has shot, and how fast it may move and shoot.

A node knows when another's page said something by that node's clock alone. What a page has said
while its node stood still has one time, so there is a tolerance for a second or three of that.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from goop_arcade_rooms.rules import LIVES, SAFE, SHIP_SPEED, SHOT_PAUSE, TICKS
from goop_node.types import JsonValue

KEPT_SHOTS = 64
"""Shots of one ship that are remembered: far more than fly at a time."""
LATE_SHOT = 2 * TICKS
"""How long a ship that is gone may not have heard so."""
REACH = 12.0
"""Pixels that a ship may have moved without any time having gone by."""
_HASTE = 1.1
"""A page's clock follows the referee's by going a tenth faster at most."""


@dataclass
class Shot:
    """A shot from ``x``, accepted by its author's node at ``at_ms`` (0: before they were away);
    ``met`` is what it has hit."""

    x: float
    at_ms: int
    met: str = ""


@dataclass
class Ship:
    """The ship of ``peer``, whose node calls itself ``label``; ``hit_at`` is a tick.

    ``ready_ms`` is when they said that they are ready, by their own clock: what is older is not of
    this round. ``shots`` by their ticks, in the order in which they came.
    """

    peer: str
    slot: int
    label: str = ""
    ready_ms: int | None = None
    lives: int = LIVES
    score: int = 0
    hit_at: int | None = None
    shots: dict[int, Shot] = field(default_factory=dict)

    def is_spared(self, tick: int) -> bool:
        """Whether it was hit a moment ago."""
        return self.hit_at is not None and tick < self.hit_at + SAFE

    def is_gone(self, tick: int) -> bool:
        """Whether it has been gone at ``tick`` for so long that its page must know."""
        return self.lives == 0 and self.hit_at is not None and tick > self.hit_at + LATE_SHOT

    def shoots(self, tick: int, shot: Shot) -> None:
        """Remember a shot."""
        self.shots[tick] = shot
        while len(self.shots) > KEPT_SHOTS:
            del self.shots[next(iter(self.shots))]

    def leaves(self) -> None:
        """Its person has left: it may be anywhere when they come back."""
        for shot in self.shots.values():
            shot.at_ms = 0

    def reloads(self, tick: int) -> bool:
        """Whether a shot at ``tick`` comes too soon after, or before, the last one."""
        last = next(reversed(self.shots), None)
        return last is not None and abs(tick - last) < SHOT_PAUSE

    def could_shoot_from(self, tick: int, x: float, at_ms: int) -> bool:
        """Whether it can have got there since its last shot."""
        for last, shot in reversed(self.shots.items()):
            ticks = max(abs(tick - last), abs(at_ms - shot.at_ms) * TICKS / 1000)
            return abs(x - shot.x) <= reach(ticks)
        return True

    def form(self) -> dict[str, JsonValue]:
        """It as JSON."""
        return {
            "peerId": self.peer,
            "slot": self.slot,
            "label": self.label,
            "readyAt": self.ready_ms,
            "lives": self.lives,
            "score": self.score,
            "hitAt": self.hit_at,
            "shots": [[tick, shot.x, shot.at_ms, shot.met] for tick, shot in self.shots.items()],
        }

    @classmethod
    def of(cls, form: Any) -> Ship:
        """A ship from its ``form()``."""
        return cls(
            peer=form["peerId"],
            slot=form["slot"],
            label=form["label"],
            ready_ms=form["readyAt"],
            lives=form["lives"],
            score=form["score"],
            hit_at=form["hitAt"],
            shots={tick: Shot(x, at_ms, met) for tick, x, at_ms, met in form["shots"]},
        )


def reach(ticks: float) -> float:
    """How many pixels a ship gets in so many ticks, at most."""
    return REACH + SHIP_SPEED * _HASTE * ticks


class Pace:
    """How much somebody has shot lately, in milliseconds that it takes to shoot as much."""

    ROUND_MS, ROUND_BURST = 270, 12
    """In a round: a shot every 18 ticks, a tenth faster at most; and how many at once."""
    FREE_MS, FREE_BURST = 100, 20
    """In games of others' making, whose ships this node does not know."""

    def __init__(self, owed: int = 0, at_ms: int = 0) -> None:
        self._owed = owed
        self._at_ms = at_ms

    def form(self) -> list[JsonValue]:
        """It as JSON; ``Pace(*form)`` gives it back."""
        return [self._owed, self._at_ms]

    def _then(self, at_ms: int, *, in_round: bool) -> int:
        gone = max(0, at_ms - self._at_ms)
        return max(0, self._owed - gone) + (self.ROUND_MS if in_round else self.FREE_MS)

    def allows(self, at_ms: int, *, in_round: bool) -> bool:
        """Whether another shot may come, at ``at_ms`` by its author's clock."""
        most = self.ROUND_MS * self.ROUND_BURST if in_round else self.FREE_MS * self.FREE_BURST
        return self._then(at_ms, in_round=in_round) <= most

    def take(self, at_ms: int, *, in_round: bool) -> None:
        """It has come."""
        self._owed = self._then(at_ms, in_round=in_round)
        self._at_ms = at_ms
