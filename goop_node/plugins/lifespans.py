# SPDX-License-Identifier: MIT
"""Enter plugins' lifespans, each in a task of its own, and leave them in reverse.

A task each, so that one which hangs can be abandoned after its limit, and so that every
context manager is left by the task that entered it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass

from goop_node.types import Lifespan

ENTER_SECONDS = 10.0
LEAVE_SECONDS = 10.0
log = logging.getLogger("goop_node.plugins")


@dataclass
class _Entered:
    plugin: str
    task: asyncio.Task[BaseException | None]
    leave: asyncio.Event


class Lifespans:
    """The lifespans of a node's plugins.

    ``failed`` is told of those that end by themselves while the node runs, or fail at its end.
    """

    def __init__(
        self,
        failed: Callable[[str, BaseException], None],
        *,
        enter_seconds: float = ENTER_SECONDS,
        leave_seconds: float = LEAVE_SECONDS,
    ) -> None:
        self._failed = failed
        self._enter_seconds = enter_seconds
        self._leave_seconds = leave_seconds
        self._entered: list[_Entered] = []

    async def enter(self, plugin: str, lifespan: Lifespan) -> BaseException | None:
        """Enter one: what it raised, ``TimeoutError`` when it takes too long, ``None`` if entered.

        Whatever the plugin raises stays in its task: there, ``SystemExit`` would end the loop.
        """
        entered = asyncio.get_running_loop().create_future()
        leave = asyncio.Event()

        async def live() -> BaseException | None:
            try:
                async with lifespan:
                    if not entered.done():
                        entered.set_result(None)
                    await leave.wait()
            except BaseException as error:
                return error
            return None if leave.is_set() else RuntimeError("its lifespan ended by itself")

        task = asyncio.create_task(live(), name=f"lifespan of {plugin}")
        await asyncio.wait(
            {task, entered}, timeout=self._enter_seconds, return_when=asyncio.FIRST_COMPLETED
        )
        if entered.done():
            self._entered.append(_Entered(plugin, task, leave))
            task.add_done_callback(lambda done: self._ended(plugin, done, leave))
            return None
        entered.cancel()
        if task.done():
            return _outcome(task) or RuntimeError("it ended before it began")
        task.cancel()
        return TimeoutError(f"was not ready within {self._enter_seconds:g} s")

    async def leave(self) -> None:
        """Leave all, the last entered first; what fails or hangs is logged."""
        while self._entered:
            one = self._entered.pop()
            one.leave.set()
            done, _ = await asyncio.wait({one.task}, timeout=self._leave_seconds)
            if not done:
                log.error("plugin %s: did not stop within %g s", one.plugin, self._leave_seconds)
                one.task.cancel()
            elif error := _outcome(one.task):
                self._failed(one.plugin, error)

    def _ended(
        self, plugin: str, task: asyncio.Task[BaseException | None], leave: asyncio.Event
    ) -> None:
        """Tell of a lifespan that ended while the node runs."""
        if not leave.is_set():
            self._entered = [one for one in self._entered if one.task is not task]
            self._failed(plugin, _outcome(task) or RuntimeError("its lifespan ended by itself"))


def _outcome(task: asyncio.Task[BaseException | None]) -> BaseException | None:
    return asyncio.CancelledError("it was cancelled") if task.cancelled() else task.result()
