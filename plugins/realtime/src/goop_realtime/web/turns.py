# SPDX-License-Identifier: MIT
"""How much of the node's time frames of pages take before everybody else has a turn.

To subscribe costs as much as there are channels, and a page may say it as often as it likes. What
pages send has to leave time for the other pages, and for messages that go through this node.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from time import thread_time
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
    """What the frames of one connection take in this turn of the event loop."""

    def __init__(self, turns: Turns) -> None:
        self._turns = turns
        self._taken = 0.0
        self._ends = False

    @property
    def over(self) -> bool:
        """Whether they have taken too much: ``pass_on`` comes before the next one."""
        return self._taken >= TURN_SECONDS

    def take(self, frame: Callable[[str], object], text: str) -> None:
        """Have a frame taken."""
        if not self._ends:
            self._ends = True
            asyncio.get_running_loop().call_soon(self._end)
        began = thread_time()  # what others have of the processor meanwhile does not count
        frame(text)
        self._taken += thread_time() - began

    async def pass_on(self) -> None:
        """Leave the time to others for a while."""
        await self._turns.wait(self._taken)

    def _end(self) -> None:
        """Others have had their turn."""
        self._taken, self._ends = 0.0, False
