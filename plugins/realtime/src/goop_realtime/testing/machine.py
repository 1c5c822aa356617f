# SPDX-License-Identifier: MIT
"""What a simulated node runs on: its chance, the file of its journal, and how that fails."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING

from goop_realtime.engine.effects import AnyRecord
from goop_realtime.storage.journal import Journal, must_last
from goop_realtime.storage.journal_reading import on_their_way
from goop_realtime.storage.schema import MIGRATIONS

if TYPE_CHECKING:
    from goop_realtime.testing.simulator import World


class Chance(random.Random):
    """A node's chance. Now and then it draws a channel id that was drawn before."""

    def __init__(self, world: World) -> None:
        super().__init__(world.random.getrandbits(64))
        self._ids = world.ids

    def getrandbits(self, k: int) -> int:
        """``k`` random bits; 64 of them make a channel id."""
        bits = super().getrandbits(k)
        if k == 64 and self._ids is not None:
            if self._ids and self.random() < 0.1:
                bits = self._ids[-1]
            self._ids.append(bits)
        return bits


class Killed(BaseException):
    """The process is gone in the middle of a step: nothing of ours may catch that."""


class Failing:
    """A file that takes nothing where it is full or locked."""

    def __init__(self) -> None:
        self.full = False
        self.locked = False
        self.kills = False
        """Whether the node is killed before its next commit."""

    def may_fail(self) -> None:
        """Fail as SQLite does, where a commit would fail."""
        if self.kills:
            raise Killed
        if self.full:
            raise _error("database or disk is full", sqlite3.SQLITE_FULL)
        if self.locked:
            raise _error("database is locked", sqlite3.SQLITE_BUSY)


class Disk(Failing, Journal):
    """A journal in memory, whose file may be full, locked, lost, or behind in a power cut."""

    def __init__(self) -> None:
        Failing.__init__(self)
        Journal.__init__(self, _new_file(), lambda reason: _new_file())
        self._synced: bytes | None = None

    def commit(self, records: Sequence[AnyRecord]) -> dict[str, Exception]:
        """Write, or fail as SQLite does."""
        self.may_fail()
        culprits = super().commit(records)
        assert not culprits, culprits
        if self._synced is not None and must_last(records):
            self._synced = self._db.serialize()
        return culprits

    def renew(self, records: Sequence[AnyRecord], reason: str) -> dict[str, Exception]:
        """Begin a new file; killed meanwhile, the node has none that holds everything."""
        try:
            return super().renew(records, reason)
        except Killed:
            self._lost = reason
            raise

    def reopen(self) -> bool:
        """Another process opens it. Whether it lacks what the one before kept in memory alone."""
        lacks, self._lost, self._bare = self.lost, "", False
        return lacks

    def stop_syncing(self) -> None:
        """From now on commits only seem to reach the disk."""
        self._synced = self._db.serialize()

    def lose_everything(self) -> None:
        """Nothing will be found on it after ``fall_back``."""
        self._synced = _empty()

    def fall_back(self) -> bool:
        """Lose every commit since ``stop_syncing``; whether there was that."""
        if self._synced is None:
            return False
        self._db.deserialize(self._synced)
        self._synced = None
        return True

    def outbox(self, channel_id: str) -> int:
        """How many messages of our pages are on their way."""
        return on_their_way(self._db, channel_id)


def _error(words: str, code: int) -> sqlite3.OperationalError:
    error = sqlite3.OperationalError(words)
    error.sqlite_errorcode = code
    return error


def _new_file() -> sqlite3.Connection:
    """A new and empty one, in memory."""
    database = sqlite3.connect(":memory:")
    database.deserialize(_empty())
    return database


@cache
def _empty() -> bytes:
    """What is in a new file: making it takes longer than most lives of a node."""
    database = sqlite3.connect(":memory:")
    for script in MIGRATIONS:
        database.executescript(script)
    return database.serialize()
