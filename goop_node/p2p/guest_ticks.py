# SPDX-License-Identifier: MIT
"""When trio's ticks run on the asyncio loop.

As trio does it by itself, every tick is a turn of the host's loop of its own, and every wait
for I/O is a thread's: two hand-overs between threads for each packet. Here several ticks run
in a row, and asyncio watches trio's own epoll (or kqueue) descriptor. That needs a few
attributes of trio's guest state which are not public; where one is missing (another version,
Windows), trio's own way is taken, and only speed is lost.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Any

from outcome import Error, Outcome, capture
from sniffio import thread_local
from trio import TrioInternalError

log = logging.getLogger(__name__)

TICKS_IN_A_ROW = 24
"""Then asyncio gets its turn, however much trio still has to do."""
SLACK = 0.001
"""Seconds: the loop's timers are that coarse, and a timer must not fire before its deadline."""


class GuestTicks:
    """The scheduler of one guest run; ``soon`` is given to ``start_guest_run``."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._state: Any = None
        self._descriptor = -1
        self._timer: asyncio.TimerHandle | None = None
        self._timer_at = 0.0

    def soon(self, work: Callable[[], object]) -> None:
        """Take what trio wants to have run on the loop's next turn: its first tick."""
        state = getattr(work, "__self__", None)
        descriptor = _descriptor_of(state)
        if descriptor < 0:
            self._loop.call_soon(work)
            return
        self._state = state
        self._descriptor = descriptor
        self._loop.call_soon(self._tick)

    def _tick(self) -> None:
        """Run what is ready, then wait."""
        before, thread_local.name = thread_local.name, "trio"
        try:
            self._run()
        finally:
            thread_local.name = before

    def _run(self) -> None:
        state = self._state
        for _ in range(TICKS_IN_A_ROW):
            try:
                timeout: float = state.unrolled_run_next_send.send(state.unrolled_run_gen)
            except StopIteration:
                self._end(state.runner.main_task_outcome)
                return
            except TrioInternalError as error:
                self._end(Error(error))
                return
            events = capture(state.runner.io_manager.get_events, 0)
            state.unrolled_run_next_send = events
            if timeout > 0 and not isinstance(events, Error) and not events.value:
                self._wait(timeout)
                return
        self._loop.call_soon(self._tick)

    def _wait(self, timeout: float) -> None:
        self._state.runner.guest_tick_scheduled = False
        self._loop.add_reader(self._descriptor, self._ready)
        at = self._loop.time() + timeout + SLACK
        # An earlier timer may stay: what it wakes finds nothing to do and waits again.
        if self._timer is not None:
            if self._timer_at <= at:
                return
            self._timer.cancel()
        self._timer = self._loop.call_at(at, self._expired)
        self._timer_at = at

    def _expired(self) -> None:
        self._timer = None
        if self._state is not None and not self._state.runner.guest_tick_scheduled:
            self._ready()

    def _ready(self) -> None:
        """Trio's descriptor is readable, or a deadline has come."""
        state = self._state
        self._loop.remove_reader(self._descriptor)
        state.runner.guest_tick_scheduled = True
        state.unrolled_run_next_send = capture(state.runner.io_manager.get_events, 0)
        self._tick()

    def _end(self, result: Outcome[Any]) -> None:
        state, self._state = self._state, None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        state.done_callback(result)


def _descriptor_of(state: Any) -> int:
    """What trio's I/O manager waits on; -1 where trio is not as known here."""
    try:
        manager = state.runner.io_manager
        poller = getattr(manager, "_epoll", None) or manager._kqueue
        _ = (state.unrolled_run_gen, state.unrolled_run_next_send, state.done_callback)
        _ = (state.runner.guest_tick_scheduled, state.runner.main_task_outcome)
        return int(poller.fileno())
    except AttributeError:
        log.debug("trio's guest state is not as known: its own scheduling is used")
        return -1
