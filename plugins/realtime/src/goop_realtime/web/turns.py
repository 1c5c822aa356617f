# SPDX-License-Identifier: MIT
"""How much of the node's time frames of pages take before everybody else has a turn.

To subscribe costs as much as there are channels, and a page may say it as often as it likes. What
pages send has to leave time for the other pages, and for messages that go through this node.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from time import monotonic, thread_time
from typing import TypeVar

TURN_SECONDS = 0.005
"""Processor time that the frames of one connection may take in one turn of the event loop: far more
than as many small messages take as are read together."""


T = TypeVar("T")


class Turns:
    """The turns of all pages and programs of a node. Who took one waits, one behind the other.

    So everything together that takes long has half of the time at most.
    """

    def __init__(self) -> None:
        self._waiting = asyncio.Lock()

    async def wait(self, seconds: float) -> None:
        """Wait behind the others that took a turn, and then as long as one's own was."""
        async with self._waiting:
            await asyncio.sleep(seconds)

    async def alone(self, work: Callable[[], T]) -> T:
        """Do at once what takes a turn of its own, behind the others that took one."""
        async with self._waiting:
            began = thread_time()
            done = work()
            await asyncio.sleep(thread_time() - began)
            return done


class Turn:
    """What the frames of one connection take in this turn of the event loop.

    They are taken one right after the other: whatever else the loop does ends the turn.
    """

    def __init__(self, turns: Turns) -> None:
        self._turns = turns
        self._lasts = False
        self._began = 0.0
        self._used = 0.0

    @property
    def over(self) -> bool:
        """Whether they have taken too much: ``pass_on`` comes before the next one."""
        # Asking for processor time is a call of the system, dearer than many a frame; nobody
        # has had more of it than time has passed.
        since = monotonic() - self._began if self._lasts else 0.0
        return since >= TURN_SECONDS and self._taken() >= TURN_SECONDS

    def take(self, frame: Callable[[str], object], text: str) -> None:
        """Have a frame taken."""
        if not self._lasts:
            self._lasts = True
            self._began, self._used = monotonic(), thread_time()
            asyncio.get_running_loop().call_soon(self._end)
        frame(text)

    async def pass_on(self) -> None:
        """Leave the time to others for a while."""
        await self._turns.wait(self._taken())

    def _taken(self) -> float:
        """Processor time since it began; what others have of the processor does not count."""
        return thread_time() - self._used

    def _end(self) -> None:
        """Others have had their turn."""
        self._lasts = False
