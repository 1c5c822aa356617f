# SPDX-License-Identifier: MIT
"""Calls of a Session that keep everything else waiting, told once a minute for each context.

All channels of a node take turns on one thread, so a ``check`` that takes long delays every one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from goop_realtime.contexts.registry import Context

SLOW_SECONDS = 0.05
"""A call that takes longer is told."""

AGAIN_SECONDS = 60.0
"""How long a context's slow calls are only counted after one was told."""


@dataclass
class _Told:
    at: float
    untold: int = 0


class SlowCalls:
    """Says which calls were slow.

    ``clock`` gives seconds that only grow; ``tell`` takes a sentence that names the plugin.
    """

    def __init__(self, clock: Callable[[], float], tell: Callable[[str], None]) -> None:
        self.clock = clock
        self._tell = tell
        self._told: dict[str, _Told] = {}

    def note(self, context: Context, function: str, channel: str, began: float) -> None:
        """A call that began at ``began`` and took more than ``SLOW_SECONDS`` has ended."""
        if not context.plugin:
            return  # a plain channel has no code of a plugin: the machine's other work took long
        now = self.clock()
        told = self._told.get(context.name)
        if told is not None and now - told.at < AGAIN_SECONDS:
            told.untold += 1
            return
        untold = 0 if told is None else told.untold
        more = f" (and {untold} slow calls since that was last told)" if untold else ""
        self._told[context.name] = _Told(now)
        self._tell(
            f"plugin {context.plugin}: {function}() of the context {context.name} took "
            f"{round((now - began) * 1000)} ms, channel {channel}; everything else waited{more}"
        )


UNTIMED = SlowCalls(lambda: 0.0, lambda sentence: None)
"""Where no time passes, as in a simulation."""
