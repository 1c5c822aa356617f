# SPDX-License-Identifier: MIT
"""Enter plugins' lifespans, each in a task of its own, and leave them in reverse.

A task each, so that one which hangs can be abandoned after its limit, and so that every
context manager is left by the task that entered it.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass

from goop_node.types import Lifespan

ENTER_SECONDS = 10.0
LEAVE_SECONDS = 10.0
log = logging.getLogger("goop_node.plugins")


@dataclass
class _Entered:
    plugin: str
    task: asyncio.Task[None]
    leave: asyncio.Event


class Lifespans:
    """The lifespans of a node's plugins."""

    def __init__(
        self, *, enter_seconds: float = ENTER_SECONDS, leave_seconds: float = LEAVE_SECONDS
    ) -> None:
        self._enter_seconds = enter_seconds
        self._leave_seconds = leave_seconds
        self._entered: list[_Entered] = []

    async def enter(self, plugin: str, lifespan: Lifespan) -> None:
        """Enter one. Raises what it raises, ``TimeoutError`` when it takes too long."""
        entered = asyncio.get_running_loop().create_future()
        leave = asyncio.Event()

        async def live() -> None:
            async with lifespan:
                if not entered.done():
                    entered.set_result(None)
                await leave.wait()

        task = asyncio.create_task(live(), name=f"lifespan of {plugin}")
        await asyncio.wait(
            {task, entered}, timeout=self._enter_seconds, return_when=asyncio.FIRST_COMPLETED
        )
        if entered.done():
            self._entered.append(_Entered(plugin, task, leave))
            return
        entered.cancel()
        if task.done():
            error = task.exception() or RuntimeError("it ended before it began")
            raise error
        task.cancel()
        task.add_done_callback(_forget)
        raise TimeoutError(f"was not ready within {self._enter_seconds:g} s")

    async def leave(self) -> None:
        """Leave all, the last entered first; what fails or hangs is logged."""
        while self._entered:
            one = self._entered.pop()
            one.leave.set()
            done, _ = await asyncio.wait({one.task}, timeout=self._leave_seconds)
            if not done:
                log.error("plugin %s: did not stop within %g s", one.plugin, self._leave_seconds)
                one.task.cancel()
                one.task.add_done_callback(_forget)
            elif not one.task.cancelled() and (error := one.task.exception()):
                log.error("plugin %s: failed while stopping", one.plugin, exc_info=error)


def _forget(task: asyncio.Task[None]) -> None:
    """Take the result of an abandoned task, which nobody awaits any more."""
    if not task.cancelled():
        task.exception()
