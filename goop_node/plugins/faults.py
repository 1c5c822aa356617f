# SPDX-License-Identifier: MIT
"""What failed in which plugin: told once a minute, counted always, bounded."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from goop_node.log_format import log_with
from goop_node.plugins.blame import describe, traceback_of

AGAIN_SECONDS = 60.0
"""How long one fault is only counted after it was told."""

PLACES = 32
"""How many different faults of one plugin are kept apart."""

_ELSEWHERE = ("", "")
"""The one entry of all faults beyond those places: a plugin may fail in ever new ones."""

Tell = Callable[[str, Literal["error", "warn"], str], None]
"""Takes (plugin, level, text) for whoever works on the plugin; the text may have several lines."""

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
    """The faults of the plugins that take part. ``clock`` gives seconds that only grow.

    ``tell`` is told of everything that is wrong with a plugin, each time.
    """

    def __init__(
        self, clock: Callable[[], float] = time.monotonic, tell: Tell | None = None
    ) -> None:
        self._clock = clock
        self._tell = tell
        self._by_plugin: dict[str, dict[tuple[str, str], Fault]] = {}

    def note(
        self, plugin: str, doing: str, error: BaseException, place: str, about: str = ""
    ) -> None:
        """Something of ``plugin`` failed: log it, unless the same was logged a moment ago.

        ``about`` says what it was asked about then; it makes no fault another one.
        """
        text = describe(error)
        words = f"{doing}: {text}" if doing else text
        if about:
            words = f"{words}, {about}"
        if self._tell is not None:
            self._tell(plugin, "error", f"{_said(plugin, words, place)}\n{traceback_of(error)}")
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
        log_with(log, logging.ERROR, traceback_of(error), "%s%s", _said(plugin, words, place), more)

    def left_out(self, plugin: str, reason: str, error: BaseException | None, place: str) -> None:
        """``plugin`` takes no part, for that reason: tell it."""
        said = f"plugin {plugin} is left out: {reason}{at(place)}"
        trace = "" if error is None else traceback_of(error)
        # The sentence is for the person; the traceback is for who debugs the plugin.
        log.warning("%s", said)
        if trace:
            log_with(log, logging.DEBUG, trace, "plugin %s", plugin)
        if self._tell is not None:
            self._tell(plugin, "error", f"{said}\n{trace}".rstrip())

    def warned(self, plugin: str, sentence: str) -> None:
        """Something of ``plugin`` does not do what it seems to: tell it."""
        said = _said(plugin, sentence, "")
        log.warning("%s", said)
        if self._tell is not None:
            self._tell(plugin, "warn", said)

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


def _said(plugin: str, words: str, place: str) -> str:
    return f"plugin {plugin}: {words}{at(place)}"


def at(place: str) -> str:
    """`` (FILE:LINE)``, or nothing where the place is unknown."""
    return f" ({place})" if place else ""
