# SPDX-License-Identifier: MIT
"""What fails for one peer ends there: its name in the log, and nobody else's loss.

The library runs the work for all peers in a few nurseries that carry the whole host, and lets
whatever it did not foresee out of them. Here each piece of work is in a scope of its own.
"""

from __future__ import annotations

import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import trio
from libp2p.network.connection.swarm_connection import SwarmConn
from libp2p.network.stream.exceptions import StreamError
from libp2p.peer.id import ID
from libp2p.tools.anyio_service import Service, TrioManager
from libp2p.utils.connection_shutdown import is_expected_connection_shutdown

log = logging.getLogger(__name__)

QUIET_SECONDS = 60.0
"""Of each peer one failure in that time is told, and of all together ``MAX_TOLD``."""
MAX_TOLD = 60
RESUME_SECONDS = 1.0
"""The pause before work that is to go on for good goes on."""
NOBODY = "nobody in particular"


class Complaints:
    """Which failures are told: strangers must not fill the log."""

    def __init__(self) -> None:
        self._told: dict[str, float] = {}
        self.untold = 0

    def tells(self, who: str, now: float) -> bool:
        """Whether this one is told, as the peer's first for a while."""
        self._told = {one: at for one, at in self._told.items() if now - at < QUIET_SECONDS}
        if who in self._told or len(self._told) >= MAX_TOLD:
            self.untold += 1
            return False
        self._told[who] = now
        return True


_complaints = Complaints()


def warn(who: str, text: str) -> None:
    """Say something about a peer, not more often than of a failure."""
    if _complaints.tells(who, time.monotonic()):
        log.warning("%s", text)


def complain(what: str, who: str, error: Exception) -> None:
    """Say that something failed for a peer, with its traceback for who looks at details.

    That a peer has hung up is no failure.
    """
    usual = isinstance(error, StreamError) or is_expected_connection_shutdown(error)
    if not usual and _complaints.tells(who, time.monotonic()):
        log.warning("%s failed for %s, which ends it: %s", what, who, _in_short(error))
    log.debug("%s failed for %s", what, who, exc_info=error)


def _in_short(error: BaseException) -> str:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return f"{type(error).__name__}: {str(error)[:200]}"


async def contained(what: str, who: str, work: Callable[..., Awaitable[Any]], *args: Any) -> bool:
    """Do the work; whether it ended well. Only a cancellation leaves it."""
    try:
        await work(*args)
    except Exception as error:
        complain(what, who, error)
        return False
    except BaseExceptionGroup as group:
        # What was cancelled may have failed on its way out.
        failures, rest = group.split(Exception)
        if failures is not None:
            complain(what, who, failures)
        if rest is not None:
            raise rest from None
        return False
    return True


class ContainedTasks(TrioManager):
    """The library's manager of a service, whose tasks cannot end the service.

    It would cancel all of them for one that fails.
    """

    def run_task(
        self,
        async_fn: Callable[..., Awaitable[Any]],
        *args: Any,
        daemon: bool = False,
        name: str | None = None,
        _internal: bool = False,
    ) -> None:
        """As the library's; a daemon that fails goes on after a pause."""
        name = name or getattr(async_fn, "__name__", "a task")
        if _internal:
            super().run_task(async_fn, *args, daemon=daemon, name=name, _internal=True)
        elif daemon:
            super().run_task(enduring, name, async_fn, *args, daemon=True, name=name)
        else:
            who = peer_of(async_fn, *args)
            super().run_task(_once, name, who, async_fn, *args, name=name)


async def _once(name: str, who: str, work: Callable[..., Awaitable[Any]], *args: Any) -> None:
    """A task of a service; a connection that is not served any more is closed."""
    connection = getattr(work, "__self__", None)
    if not await contained(name, who, work, *args) and isinstance(connection, SwarmConn):
        await contained("closing a connection", who, connection.close)


async def enduring(what: str, work: Callable[..., Awaitable[Any]], *args: Any) -> None:
    """Work that goes on for good: when it fails, it goes on after a pause.

    A channel that was closed stays so: then what depends on it has failed as a whole.
    """
    while True:
        try:
            await work(*args)
            return
        except trio.ClosedResourceError:
            raise
        except Exception as error:
            complain(what, NOBODY, error)
        await trio.sleep(RESUME_SECONDS)


def peer_of(work: Callable[..., Any], *args: Any) -> str:
    """The peer that a piece of the library's work is for, as well as can be seen."""
    for one in (*args, getattr(work, "__self__", None)):
        one = one if isinstance(one, ID) else getattr(one, "muxed_conn", one)
        found = one if isinstance(one, ID) else getattr(one, "peer_id", None)
        if isinstance(found, ID):
            return found.to_base58()
    return NOBODY


@asynccontextmanager
async def serving(service: Service) -> AsyncIterator[None]:
    """Run a service of the library while the block runs, each of its tasks contained."""
    async with trio.open_nursery() as nursery:
        manager = ContainedTasks(service, max_children_per_task=1_000_000)
        service._manager = manager
        nursery.start_soon(manager.run)
        await manager.wait_started()
        try:
            yield
        finally:
            await manager.stop()
