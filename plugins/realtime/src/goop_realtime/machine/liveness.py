# SPDX-License-Identifier: MIT
"""The watchdog of the core: it names whatever waits for longer than it ever should.

It knows no rules of its own. It is told at every tick what waits at the moment, with a sign that
changes whenever the wait gets on; the same sign for too long is a wait that nothing ends. That is
a bug, or somebody else's: a page or a peer that does not do its part. Pure: no I/O, no clock.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Wait:
    """Something that waits: for ``what``, in a channel, at most ``bound_ms`` without getting on.

    ``heal``, where something safe can be done about it, does that.
    """

    channel: str
    what: str
    sign: Hashable
    bound_ms: int
    heal: Callable[[], None] | None = None


@dataclass(frozen=True, slots=True)
class Overdue:
    """A wait that exceeded its bound. ``since`` in Unix ms, ``waited`` in ms."""

    channel: str
    what: str
    since: int
    waited: int
    healed: bool

    def __str__(self) -> str:
        done = "; it begins anew" if self.healed else ""
        return f"{self.channel} has waited {self.waited / 1000:.0f} s for {self.what}{done}"


@dataclass(slots=True)
class _Mark:
    sign: Hashable
    since: int
    told: bool = False


class Liveness:
    """Since when everything waits. ``sources`` say what does."""

    def __init__(self) -> None:
        self.sources: list[Callable[[], Iterable[Wait]]] = []
        self._marks: dict[tuple[str, str], _Mark] = {}

    def look(self, now: int) -> list[Overdue]:
        """What is overdue now and was not before. It is healed where that can be."""
        known, self._marks = self._marks, {}
        late: list[tuple[Wait, _Mark]] = []
        for source in self.sources:
            for wait in source():
                key = (wait.channel, wait.what)
                mark = known.get(key)
                if mark is None or mark.sign != wait.sign:
                    mark = _Mark(wait.sign, now)
                self._marks[key] = mark
                if not mark.told and now - mark.since > wait.bound_ms:
                    mark.told = True
                    late.append((wait, mark))
        for wait, _ in late:
            if wait.heal is not None:
                wait.heal()
        return [
            Overdue(wait.channel, wait.what, mark.since, now - mark.since, wait.heal is not None)
            for wait, mark in late
        ]

    def begin_anew(self) -> None:
        """Whatever waits is taken to wait only from now on."""
        self._marks.clear()
