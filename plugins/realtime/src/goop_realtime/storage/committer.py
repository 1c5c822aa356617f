# SPDX-License-Identifier: MIT
"""Commits what a step asks for, and only then has it done; what cannot be stored now waits.

Another program may hold the lock of the file: then everything waits behind the first batch, in
order, and is tried again by a timer; the loop goes on meanwhile. Where the file is lost or damaged,
a new one is written from memory. Where the disk takes nothing, none of it happens, and what is
stored is true. A single channel whose records cannot be stored
goes back alone.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence

from goop_node.clock import now_ms
from goop_node.data.storage import is_damage, is_locked
from goop_realtime.machine.core import Failure
from goop_realtime.machine.engine import Engine
from goop_realtime.model.effects import RECORDS, Effect, Frame, Record, channel_of
from goop_realtime.storage.journal import Journal, Lost
from goop_realtime.storage.memory import everything
from goop_realtime.storage.no_journal import NoJournal

log = logging.getLogger(__name__)

RETRY_SECONDS = 0.05
RETRY_LOST_SECONDS = 1.0
PATIENCE_MS = 10_000
"""How long a batch waits for a lock before it counts as failed."""
TELL_AGAIN_MS = 60_000
"""How long a disk that takes nothing is no news."""
STORED_SECONDS = 15.0
"""How long a request waits for what it did to be stored."""
MAX_WAITING = 50_000
"""Effects that may wait with it."""


class Committer:
    """One node's way from what its engine asks for to what is stored and done.

    ``act`` carries out what a stored batch asks for, ``cut_off`` ends every stream and page,
    ``report`` takes what this node failed with, and on what.
    """

    def __init__(
        self,
        engine: Engine,
        journal: Journal | NoJournal,
        act: Callable[[Sequence[Effect]], None],
        cut_off: Callable[[], None],
        report: Callable[[Exception, str], None],
    ) -> None:
        self._engine = engine
        self._journal = journal
        self._act = act
        self._cut_off = cut_off
        self._report = report
        self._loop = asyncio.get_running_loop()
        self._waiting: list[Effect] = []
        self._since = 0
        """Since when they wait (Unix ms)."""
        self._told: int | None = None
        """When it was last said that nothing can be written (Unix ms)."""
        self._retry: asyncio.TimerHandle | None = None
        self._watchers: list[asyncio.Future[bool]] = []
        self.failed: frozenset[str] = frozenset()
        """The channels that the last batch failed on."""

    # What the bridge asks

    def commit(self) -> bool:
        """Take all that has gathered. Whether all of it is stored and done, as far as it may be."""
        self._gather()
        if self._retry is not None:
            return False  # behind what waits already
        return self._try()

    async def stored(self) -> bool | None:
        """Commit, and wait until what has gathered is stored, or has failed.

        ``None`` where that takes longer than anybody should wait: it goes on.
        """
        done = self.commit()
        if self._retry is None:
            return done
        watcher: asyncio.Future[bool] = self._loop.create_future()
        self._watchers.append(watcher)
        try:
            return await asyncio.wait_for(watcher, STORED_SECONDS)
        except TimeoutError:
            return None

    def lost(self, reason: str) -> None:
        """The file was deleted, replaced or damaged under us."""
        self._gather()
        self._stop_waiting()
        self._renew(reason)

    def drop_frames(self, page_id: str) -> None:
        """What waits for the connection of that page is not for its next one."""
        self._waiting = [
            effect
            for effect in self._waiting
            if not (type(effect) is Frame and effect.page == page_id)
        ]

    def close(self) -> None:
        """Try once more, and stop."""
        self._stop_waiting()
        self.commit()
        self._stop_waiting()
        self._answer(False)

    def _stop_waiting(self) -> None:
        if self._retry is not None:
            self._retry.cancel()
            self._retry = None

    # Batches

    def _gather(self) -> None:
        """Add what the engine asks for; what it failed on goes back first."""
        failed: set[str] = set()
        while True:
            self._waiting += self._engine.take()
            failures = self._engine.failures()
            if not failures:
                break
            failed |= failures.keys()
            self._set_back(failures)
        self.failed = frozenset(failed)

    def _set_back(self, failures: dict[str, Failure]) -> None:
        for channel_id, failure in failures.items():
            self._report(failure.error, f"on channel {channel_id or 'none in particular'}")
            if not channel_id:
                self._engine.core.note("node", "failed", detail=repr(failure.error))
                continue
            # What waits of it was never said to anybody.
            self._waiting = [one for one in self._waiting if channel_of(one) != channel_id]
            try:
                stored = self._journal.load(channel_id).get(channel_id)
            except Exception as broken:
                self._go_back(broken)
                return
            self._engine.set_back(now_ms(), channel_id, stored, failure)

    def _try(self) -> bool:
        records: list[Record] = [one for one in self._waiting if isinstance(one, RECORDS)]
        culprits: dict[str, Exception] = {}
        if records:
            try:
                culprits = self._journal.commit(records)
            except Exception as error:
                return self._cannot(error)
        return self._stored(culprits)

    def _stored(self, culprits: dict[str, Exception]) -> bool:
        """What waited is stored, but for some channels: it is done now."""
        batch, self._waiting = self._waiting, []
        self._since = 0
        self._act([one for one in batch if channel_of(one) not in culprits] if culprits else batch)
        if culprits:
            self._set_back({channel: Failure(error) for channel, error in culprits.items()})
            done = self.commit()
            self.failed |= culprits.keys()
            return done
        self._answer(True)
        return True

    def _cannot(self, error: Exception) -> bool:
        """A batch was not stored: it waits for a lock, a new file takes it, or it never happens."""
        if is_locked(error) and self._has_patience(error):
            self._again_in(RETRY_SECONDS)
            return False
        if isinstance(error, Lost) or is_damage(error):
            return self._renew(str(error))
        return self._go_back(error)

    def _has_patience(self, error: Exception) -> bool:
        now = now_ms()
        if not self._since:
            self._since = now
            log.warning("another program holds the lock of the journal; what happens waits")
            self._engine.core.note("node", "storage_locked", detail=str(error))
        return now - self._since < PATIENCE_MS and len(self._waiting) < MAX_WAITING

    def _renew(self, reason: str) -> bool:
        """The file is lost: all that is in memory goes into a new one, with what waits."""
        self._engine.core.note("node", "storage_lost", detail=reason)
        try:
            culprits = self._journal.renew(everything(self._engine.core), reason)
        except Exception as error:
            return self._go_back(error)
        log.warning("the journal was lost (%s) and is written anew from memory", reason)
        return self._stored(culprits)

    def _go_back(self, error: Exception) -> bool:
        """None of what waits happens: what is stored is true. Where that cannot be read either,
        everything goes on waiting, and nobody is told anything."""
        if self._told is None or now_ms() - self._told >= TELL_AGAIN_MS:
            self._told = now_ms()
            log.error("the journal cannot be written (is the disk full?): %s", error)
        self._engine.core.note("node", "storage_failed", detail=str(error))
        self._cut_off()
        try:
            stored = self._journal.load()
        except Exception:
            self._engine.take()  # of cutting off nothing is to be said
            self._again_in(RETRY_LOST_SECONDS)
            return False
        self._waiting = []
        self._engine.rebuild(now_ms(), stored)
        self._answer(False)
        return False

    def _again_in(self, seconds: float) -> None:
        self._retry = self._loop.call_later(seconds, self._again)

    def _again(self) -> None:
        self._retry = None
        self.commit()

    def _answer(self, done: bool) -> None:
        self._since = 0
        watchers, self._watchers = self._watchers, []
        for watcher in watchers:
            if not watcher.done():
                watcher.set_result(done)
