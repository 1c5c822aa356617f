# SPDX-License-Identifier: MIT
"""Commits what a step asks for, and only then has it done; what cannot be stored now waits.

Another program may hold the lock of the file: then everything waits behind the first batch, in
order, and is tried again by a timer; the loop goes on meanwhile. Where the file is lost or damaged,
a new one is written from memory. Where the disk takes nothing, none of it happens, and what is
stored is true. A single channel whose records cannot be stored
goes back alone.

This is the one place where records come before the actions that rest on them. It knows no loop and
no clock: the bridge gives it those of the process, the simulator its virtual ones.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import Protocol, cast

from goop_node.data.storage import is_damage, is_locked
from goop_realtime.engine.door import Engine, about
from goop_realtime.engine.effects import RECORD_KINDS, AnyEffect, AnyRecord
from goop_realtime.model.effects import Frame
from goop_realtime.model.failure import Failure
from goop_realtime.storage.journal import Journal, Lost
from goop_realtime.storage.no_journal import NoJournal

log = logging.getLogger(__name__)

RETRY_MS = 50
RETRY_LOST_MS = 1_000
PATIENCE_MS = 10_000
"""How long a batch waits for a lock before it counts as failed."""
TELL_AGAIN_MS = 60_000
"""How long a disk that takes nothing is no news."""
MAX_WAITING = 50_000
"""Effects that may wait with it."""


class Driver(Protocol):
    """Carries out what is stored, and has the time: the bridge, or a simulated node."""

    def now(self) -> int:
        """Unix ms."""

    def later(self, delay_ms: int, action: Callable[[], None]) -> Callable[[], object]:
        """Call ``action`` then; what is returned takes that back."""

    def act(self, batch: Sequence[AnyEffect]) -> None:
        """These are stored: do what they ask for, in their order."""

    def cut_off(self) -> None:
        """End every stream and every page's connection: they come back and say what they have."""

    def report(self, error: Exception, about: str) -> None:
        """This node failed, and on what."""


class Committer:
    """One node's way from what its engine asks for to what is stored and done."""

    def __init__(self, engine: Engine, journal: Journal | NoJournal, driver: Driver) -> None:
        self._engine = engine
        self._journal = journal
        self._driver = driver
        self._waiting: list[AnyEffect] = []
        self._since = 0
        """Since when they wait (Unix ms)."""
        self._told: int | None = None
        """When it was last said that nothing can be written (Unix ms)."""
        self._cancel_retry: Callable[[], object] | None = None
        self._watchers: list[Callable[[bool], None]] = []
        self.failed: frozenset[str] = frozenset()
        """The channels and rooms that the last batch failed on."""

    # What the driver asks

    def commit(self) -> bool:
        """Take all that has gathered. Whether all of it is stored and done, as far as it may be."""
        self._gather()
        if self.waits:
            return False  # behind what waits already
        if not self._waiting and not self._journal.lost:
            self._answer(True)
            return True
        return self._try()

    @property
    def waits(self) -> bool:
        """Whether something could not be stored yet, and is tried again."""
        return self._cancel_retry is not None

    def when_stored(self, tell: Callable[[bool], None]) -> None:
        """Call ``tell`` once what waits is stored, or with ``False`` once it has failed."""
        self._watchers.append(tell)

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
        if self._cancel_retry is not None:
            self._cancel_retry()
            self._cancel_retry = None

    # Batches

    def _gather(self) -> None:
        """Add what the engine asks for; what it failed on goes back first."""
        failed: set[str] = set()
        while True:
            self._engine.settle()
            self._waiting += self._engine.take()
            failures = self._engine.failures()
            if not failures:
                break
            failed |= failures.keys()
            self._set_back(failures)
        self.failed = frozenset(failed)

    def _set_back(self, failures: dict[str, Failure]) -> None:
        for channel_id, failure in failures.items():
            self._driver.report(failure.error, f"on channel {channel_id or 'none in particular'}")
            if not channel_id:
                self._note("failed", repr(failure.error))
                continue
            # What waits of it was never said to anybody.
            self._waiting = [one for one in self._waiting if about(one) != channel_id]
            try:
                stored = self._journal.load(channel_id).get(channel_id)
            except Exception as broken:
                self._go_back(broken)
                return
            self._engine.set_back(self._driver.now(), channel_id, stored, failure)

    def _try(self) -> bool:
        records = cast(
            "list[AnyRecord]", [one for one in self._waiting if type(one) in RECORD_KINDS]
        )
        culprits: dict[str, Exception] = {}
        if records or self._journal.lost:
            try:
                culprits = self._journal.commit(records)
            except Exception as error:
                return self._cannot(error)
        return self._stored(culprits)

    def _stored(self, culprits: dict[str, Exception]) -> bool:
        """What waited is stored, but for some channels: it is done now."""
        batch, self._waiting = self._waiting, []
        self._since = 0
        self._driver.act(
            [one for one in batch if about(one) not in culprits] if culprits else batch
        )
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
            self._again_in(RETRY_MS)
            return False
        if isinstance(error, Lost) or is_damage(error):
            return self._renew(str(error))
        return self._go_back(error)

    def _has_patience(self, error: Exception) -> bool:
        now = self._driver.now()
        if not self._since:
            self._since = now
            log.warning("another program holds the lock of the journal; what happens waits")
            self._note("storage_locked", str(error))
        return now - self._since < PATIENCE_MS and len(self._waiting) < MAX_WAITING

    def _renew(self, reason: str) -> bool:
        """The file is lost: all that is in memory goes into a new one, with what waits."""
        self._note("storage_lost", reason)
        try:
            culprits = self._journal.renew(self._engine.everything(), reason)
        except Exception as error:
            return self._go_back(error)
        log.warning("the journal was lost (%s) and is written anew from memory", reason)
        return self._stored(culprits)

    def _go_back(self, error: Exception) -> bool:
        """None of what waits happens: what is stored is true. Where that cannot be read either,
        everything goes on waiting, and nobody is told anything."""
        if self._told is None or self._driver.now() - self._told >= TELL_AGAIN_MS:
            self._told = self._driver.now()
            log.error("the journal cannot be written (is the disk full?): %s", error)
        self._note("storage_failed", str(error))
        self._driver.cut_off()
        try:
            stored = self._journal.load()
        except Exception:
            self._engine.settle()
            self._engine.take()  # of cutting off nothing is to be said
            self._again_in(RETRY_LOST_MS)
            return False
        self._waiting = []
        self._engine.rebuild(self._driver.now(), stored)
        self._answer(False)
        return False

    def _note(self, code: str, detail: str) -> None:
        self._engine.note(self._driver.now(), "node", code, detail=detail)

    def _again_in(self, delay_ms: int) -> None:
        self._cancel_retry = self._driver.later(delay_ms, self._again)

    def _again(self) -> None:
        self._cancel_retry = None
        self.commit()

    def _answer(self, done: bool) -> None:
        self._since = 0
        watchers, self._watchers = self._watchers, []
        for tell in watchers:
            tell(done)
