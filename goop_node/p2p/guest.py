# SPDX-License-Identifier: MIT
"""Trio as a guest of the asyncio loop: one thread, two loops, plain calls between them.

There is one guest run per asyncio loop, shared by all nodes of the process. Since both sides
run on one thread, values are exchanged by ordinary calls; only waiting needs a bridge.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

import trio
from outcome import Outcome

from goop_node.p2p.guest_ticks import GuestTicks

log = logging.getLogger(__name__)
T = TypeVar("T")
_guests: WeakKeyDictionary[asyncio.AbstractEventLoop, Guest] = WeakKeyDictionary()


class GuestEnded(Exception):
    """Trio's side ended while something waited for it."""


class Guest:
    """The trio run of one asyncio loop. Get it with ``Guest.acquire()``."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.ticks = GuestTicks(loop)
        self._loop = loop
        self._users = 0
        self._nursery: trio.Nursery | None = None
        self._ready: asyncio.Future[None] = loop.create_future()
        self._done: asyncio.Future[None] = loop.create_future()
        self._failure: BaseException | None = None

    @classmethod
    async def acquire(cls) -> Guest:
        """The running guest of the current loop, started when there is none."""
        loop = asyncio.get_running_loop()
        guest = _guests.get(loop)
        if guest is None or guest._done.done():
            guest = _guests[loop] = cls(loop)
            guest._start()
        guest._users += 1
        await asyncio.shield(guest._ready)
        return guest

    @property
    def alive(self) -> bool:
        """Whether the run goes on."""
        return not self._done.done()

    async def release(self) -> None:
        """One user less; the last one ends the run and waits until it has completed."""
        self._users -= 1
        if self._users == 0:
            if self._nursery is not None:
                self._nursery.cancel_scope.cancel()
            await asyncio.shield(self._done)
            if _guests.get(self._loop) is self:
                del _guests[self._loop]

    def _start(self) -> None:
        trio.lowlevel.start_guest_run(
            self._main,
            run_sync_soon_threadsafe=self._soon_threadsafe,
            run_sync_soon_not_threadsafe=self.ticks.soon,
            done_callback=self._finished,
            host_uses_signal_set_wakeup_fd=True,
            restrict_keyboard_interrupt_to_checkpoints=True,
        )

    def _soon_threadsafe(self, work: Callable[[], None]) -> None:
        self._loop.call_soon_threadsafe(work)

    async def _main(self) -> None:
        async with trio.open_nursery() as nursery:
            self._nursery = nursery
            if not self._ready.done():
                self._ready.set_result(None)
            await trio.sleep_forever()

    def _finished(self, result: Outcome[None]) -> None:
        self._nursery = None
        try:
            result.unwrap()
        except BaseException as error:
            self._failure = error
            log.error("trio's side ended: %r", error)
        if not self._ready.done():
            self._ready.set_exception(GuestEnded(repr(self._failure)))
        if not self._done.done():
            self._done.set_result(None)

    def spawn(self, work: Callable[..., Awaitable[Any]], *args: Any) -> None:
        """Start a trio task. It must handle its own errors; what escapes is logged."""
        if self._nursery is None:
            raise GuestEnded("trio's side is not running")
        self._nursery.start_soon(_contained, work, args)

    async def run(self, work: Callable[..., Awaitable[T]], *args: Any) -> T:
        """Run a trio function and await its result from asyncio; cancelling goes both ways."""
        if self._nursery is None:
            raise GuestEnded("trio's side is not running")
        answer: asyncio.Future[T] = self._loop.create_future()
        finished: asyncio.Future[None] = self._loop.create_future()
        scope = trio.CancelScope()

        async def task(answer: asyncio.Future[T]) -> None:
            try:
                with scope:
                    result = await work(*args)
                    if not answer.done():
                        answer.set_result(result)
                if not answer.done():
                    answer.set_exception(GuestEnded("cancelled"))
            except BaseException as error:
                if not answer.done():
                    if isinstance(error, Exception):
                        answer.set_exception(error)
                    else:
                        answer.set_exception(GuestEnded("trio's side was cancelled"))
                if not isinstance(error, Exception):
                    raise
            finally:
                if not finished.done():
                    finished.set_result(None)
                del answer

        self._nursery.start_soon(task, answer)
        try:
            return await answer
        except asyncio.CancelledError:
            answer.cancel()
            scope.cancel()
            # Its clean-up belongs to it: nobody goes on before that is done.
            await asyncio.shield(finished)
            raise
        finally:
            # The frames of an exception's traceback would keep the future that has the exception.
            del answer


async def _contained(work: Callable[..., Awaitable[Any]], args: tuple[Any, ...]) -> None:
    """One task's failure must not end everybody's trio."""
    try:
        await work(*args)
    except Exception:
        log.exception("a libp2p task failed")
