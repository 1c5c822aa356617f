# SPDX-License-Identifier: MIT
"""What failed in which plugin: told once a minute, counted always, bounded."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass

from goop_node.log_format import log_with
from goop_node.plugins.blame import describe, traceback_of

AGAIN_SECONDS = 60.0
"""How long one fault is only counted after it was told."""

PLACES = 32
"""How many different faults of one plugin are kept apart."""

_ELSEWHERE = ("", "")
"""The one entry of all faults beyond those places: a plugin may fail in ever new ones."""

log = logging.getLogger("goop_node.plugins")


@dataclass
class Fault:
    """One kind of failure. ``place`` is ``FILE:LINE`` or ``""``."""

    doing: str
    text: str
    place: str
    count: int = 0
    untold: int = 0
    told_at: float = 0.0

    @property
    def sentence(self) -> str:
        """The fault in one line, for people."""
        words = f"{self.doing}: {self.text}" if self.doing else self.text
        return f"{words} ({self.count} times)" if self.count > 1 else words


class Faults:
    """The faults of the plugins that take part. ``clock`` gives seconds that only grow."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._by_plugin: dict[str, dict[tuple[str, str], Fault]] = {}

    def note(
        self, plugin: str, doing: str, error: BaseException, place: str, about: str = ""
    ) -> None:
        """Something of ``plugin`` failed: log it, unless the same was logged a moment ago.

        ``about`` says what it was asked about then; it makes no fault another one.
        """
        text = describe(error)
        known = self._by_plugin.setdefault(plugin, {})
        now = self._clock()
        key = (doing, place)
        if key not in known and len(known) >= PLACES and not _forget_one(known, now):
            key = _ELSEWHERE
        fault = known.pop(key, None) or Fault(doing, text, place)
        known[key] = fault  # the newest is last
        fault.doing, fault.text, fault.place = doing, text, place
        fault.count += 1
        if fault.count > 1 and now - fault.told_at < AGAIN_SECONDS:
            fault.untold += 1
            return
        more = f" (and {fault.untold} times since it was last told)" if fault.untold else ""
        fault.untold, fault.told_at = 0, now
        words = f"{doing}: {text}" if doing else text
        if about:
            words = f"{words}, {about}"
        trace = traceback_of(error)
        log_with(log, logging.ERROR, trace, "plugin %s: %s%s%s", plugin, words, at(place), more)

    def of(self, plugin: str) -> tuple[Fault, ...]:
        """Everything that ``plugin`` failed in, the newest last."""
        return tuple(self._by_plugin.get(plugin, {}).values())

    def latest(self, plugin: str) -> Fault | None:
        """The newest fault of ``plugin``."""
        known = self._by_plugin.get(plugin)
        return next(reversed(known.values())) if known else None


def _forget_one(known: dict[tuple[str, str], Fault], now: float) -> bool:
    """Make room for another fault, if the oldest was told long enough ago."""
    oldest = next(iter(known))
    if now - known[oldest].told_at < AGAIN_SECONDS:
        return False
    del known[oldest]
    return True


def at(place: str) -> str:
    """`` (FILE:LINE)``, or nothing where the place is unknown."""
    return f" ({place})" if place else ""
