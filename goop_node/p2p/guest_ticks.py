# SPDX-License-Identifier: MIT
"""When trio's ticks run on the asyncio loop.

As trio does it by itself, every tick is a turn of the host's loop of its own, every wait for
I/O is a thread's, and whatever asyncio tells trio goes through a socket. Here several ticks run
in a row, asyncio watches trio's own epoll (or kqueue) descriptor, and ``nudge`` replaces the
socket. That needs a few attributes of trio's guest state which are not public; where one is
missing (another version, Windows), trio's own way is taken, and only speed is lost.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from functools import partial
from typing import Any

from outcome import Error, Outcome, capture
from sniffio import thread_local
from trio import TrioInternalError

log = logging.getLogger(__name__)

TICKS_IN_A_ROW = 24
"""Then asyncio gets its turn, however much trio still has to do."""
TICKS_PER_POLL = 4
"""While tasks are ready, trio's descriptor is asked only so often."""
TURNS_TO_ASYNCIO = 2
"""What has been given to asyncio: its step, the pages' tasks that it wakes, their writes."""
SLACK = 0.001
"""Seconds: the loop's timers are that coarse, and a timer must not fire before its deadline."""


class NoEvents:
    """Goes on with trio's run without having asked for I/O; an ``Outcome`` serves only once."""

    def send(self, run: Any) -> float:
        """The seconds until the next deadline, 0 where tasks are ready."""
        timeout: float = run.send(())
        return timeout


NO_EVENTS = NoEvents()


class GuestTicks:
    """The scheduler of one guest run; ``soon`` is given to ``start_guest_run``."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._state: Any = None
        self._descriptor = -1
        self._due: asyncio.Handle | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._timer_at = 0.0
        self._give_way = False

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """Asyncio's, which runs the ticks."""
        return self._loop

    @property
    def watched(self) -> bool:
        """Whether asyncio watches descriptors for trio: where it cannot, trio waits by itself."""
        return self._descriptor >= 0

    def soon(self, work: Callable[[], object]) -> None:
        """Take what trio wants to have run on the loop's next turn: its first tick."""
        state = getattr(work, "__self__", None)
        descriptor = _descriptor_of(state)
        if descriptor < 0:
            self._loop.call_soon(work)
            return
        self._state = state
        self._descriptor = descriptor
        self._due = self._loop.call_soon(self._tick)
        self._loop.add_reader(descriptor, self._readable)

    def nudge(self) -> None:
        """Call before a trio event is set from asyncio's side: a tick will follow."""
        state = self._state
        if state is not None and not state.runner.guest_tick_scheduled:
            state.runner.guest_tick_scheduled = True
            state.unrolled_run_next_send = NO_EVENTS
            self._due = self._loop.call_soon(self._tick)

    def give_way(self) -> None:
        """Call when asyncio has been given something to do: it comes before trio's next tick."""
        self._give_way = True

    def _tick(self) -> None:
        """Run what is ready, then wait."""
        self._due = None
        before, thread_local.name = thread_local.name, "trio"
        try:
            self._run()
        finally:
            thread_local.name = before

    def _run(self) -> None:
        state = self._state
        self._give_way = False
        for n in range(1, TICKS_IN_A_ROW + 1):
            try:
                timeout: float = state.unrolled_run_next_send.send(state.unrolled_run_gen)
            except StopIteration:
                self._end(state.runner.main_task_outcome)
                return
            except TrioInternalError as error:
                self._end(Error(error))
                return
            if timeout > 0:
                self._wait(timeout)
                return
            if n % TICKS_PER_POLL:
                state.unrolled_run_next_send = NO_EVENTS
            else:
                state.unrolled_run_next_send = capture(state.runner.io_manager.get_events, 0)
            if self._give_way:
                self._after_turns(TURNS_TO_ASYNCIO)
                return
        self._due = self._loop.call_soon(self._tick)

    def _after_turns(self, left: int) -> None:
        """The next tick, once asyncio has had some turns."""
        work = partial(self._after_turns, left - 1) if left else self._tick
        self._due = self._loop.call_soon(work)

    def _wait(self, timeout: float) -> None:
        self._state.runner.guest_tick_scheduled = False
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
        if self._state is not None:
            self._readable()

    def _readable(self) -> None:
        """Trio's descriptor is readable, or a deadline has come."""
        if self._due is not None:
            return  # that tick may hold events already, and it leads back here
        state = self._state
        state.runner.guest_tick_scheduled = True
        state.unrolled_run_next_send = capture(state.runner.io_manager.get_events, 0)
        self._tick()

    def _end(self, result: Outcome[Any]) -> None:
        state, self._state = self._state, None
        self._loop.remove_reader(self._descriptor)
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
