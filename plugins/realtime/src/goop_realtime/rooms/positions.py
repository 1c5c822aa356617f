# SPDX-License-Identifier: MIT
"""Where an entry stands in a room's log, and how much two logs have in common (pure).

Whenever a node becomes host it begins an epoch, which nobody ever begins again; within one epoch
there is one log. So two logs that share a position share everything before it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

MAX_RUNS = 256
"""Runs that are remembered; two logs that have only older ones in common share nothing."""


A_DAY_MS = 24 * 3600 * 1000
SOME_DAY = 20_454 * A_DAY_MS
"""The first of January 2026: no clock that is right is behind it."""
AHEAD_MS = 10 * 366 * A_DAY_MS


def is_plausible(number: int, now: int) -> bool:
    """Whether an epoch may have that number: nobody can use the numbers up for ever."""
    return number <= max(now, SOME_DAY) + AHEAD_MS


class Epoch(NamedTuple):
    """One node's time as host. Totally ordered; a later host of a log has a greater one."""

    number: int
    host: str


class Position(NamedTuple):
    """The ``seq``-th entry of a log, as the host of ``epoch`` ordered it."""

    epoch: Epoch
    seq: int


NO_EPOCH = Epoch(0, "")
ORIGIN = Position(NO_EPOCH, 0)


class Run(NamedTuple):
    """The entries of one epoch that a log has: up to the number ``last``."""

    number: int
    host: str
    last: int

    @property
    def epoch(self) -> Epoch:
        """Whose they are."""
        return Epoch(self.number, self.host)


class Runs:
    """Which entries a log has, from its beginning, in ascending order of epochs."""

    __slots__ = ("_runs",)

    def __init__(self, runs: Iterable[Run] = ()) -> None:
        self._runs = list(runs)[-MAX_RUNS:]

    def __iter__(self) -> Iterator[Run]:
        return iter(self._runs)

    def __len__(self) -> int:
        return len(self._runs)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Runs) and self._runs == other._runs

    __hash__ = None  # type: ignore[assignment]

    @property
    def last(self) -> Position:
        """The position of the newest entry; ``ORIGIN`` where there is none."""
        if not self._runs:
            return ORIGIN
        run = self._runs[-1]
        return Position(run.epoch, run.last)

    def place(self, seq: int) -> Position:
        """The position of the entry ``seq``; ``ORIGIN`` for 0, or where that is not known."""
        for run in self._runs if seq > 0 else ():
            if run.last >= seq:
                return Position(run.epoch, seq)
        return ORIGIN

    def extend(self, epoch: Epoch, seq: int) -> None:
        """The log has ``seq``, too, as its newest entry."""
        if self._runs and self._runs[-1].epoch == epoch:
            self._runs[-1] = Run(*epoch, seq)
            return
        self._runs.append(Run(*epoch, seq))
        if len(self._runs) > MAX_RUNS:
            del self._runs[0]

    def cut(self, seq: int) -> Runs:
        """The runs of the log without what is above ``seq``."""
        kept: list[Run] = []
        for run in self._runs:
            if run.last >= seq:
                if seq > (kept[-1].last if kept else 0):
                    kept.append(Run(run.number, run.host, seq))
                break
            kept.append(run)
        return Runs(kept)

    def fork(self, other: Runs) -> int:
        """Up to which number the two logs are the same; 0 where nothing is known to be."""
        theirs = {run.epoch: run.last for run in other}
        for run in reversed(self._runs):
            if run.epoch in theirs:
                return min(run.last, theirs[run.epoch])
        return 0
