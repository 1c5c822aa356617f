# SPDX-License-Identifier: MIT
"""The journal: channels and rooms, their logs and outboxes in one SQLite file.

One commit takes everything that a step of the state machine wants kept. The commit runs in
the event loop's own thread: in WAL mode it is an append of some thirty microseconds, less than
handing it to another thread would cost. What ``synchronous=NORMAL`` can lose in a power cut
(never in a crash of the process) is told in docs/durability.md.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from typing import Any, cast

from goop_node.clock import booted_ms
from goop_node.data.storage import Database, takes_nothing_now
from goop_realtime.engine.effects import ROOM_KINDS, AnyRecord, Kept
from goop_realtime.model.effects import Record
from goop_realtime.model.jsonio import MAX_INTEGER
from goop_realtime.rooms.records import ClaimEpoch, RoomRecord
from goop_realtime.rooms.room import is_room
from goop_realtime.storage import journal_rows, room_rows
from goop_realtime.storage.journal_reading import CHANNELS
from goop_realtime.storage.room_reading import ROOMS
from goop_realtime.storage.salvaging import salvage

SAME_START_MS = 10_000
"""How far the machine's start may seem to have moved: its clock is corrected now and then."""


class Lost(sqlite3.OperationalError):
    """The file is no longer the one that was opened."""


class Journal:
    """Writes records, and reads everything back at a start."""

    def __init__(
        self,
        database: sqlite3.Connection,
        anew: Callable[[str], sqlite3.Connection] | None = None,
    ) -> None:
        """``anew`` sets the file aside, for the reason that it is given, and makes a new one."""
        self._db = database
        self._anew = anew
        self._epoch = 0
        self._lost = ""
        """Why there is no file that holds everything just now."""
        self._bare = False
        """Whether that file is there, and could not be filled yet."""
        self.may_lack = True
        """Whether the newest of what was told to others may be missing, as after a power cut."""
        self.flaws: list[str] = []
        """What the last ``load`` had to leave out, in words."""

        self.on_commit: Callable[[float], object] = lambda seconds: None
        """Told how long each commit took."""

    def commit(self, records: Sequence[AnyRecord]) -> dict[str, Exception]:
        """Write ``records`` in one transaction; where they ``must_last``, be sure of the disk.

        The channels and rooms whose records are such that they cannot be written, each with what
        was wrong: of those nothing is kept, of the others all. Raises ``sqlite3.Error`` where
        nothing can be written; then none is kept.
        """
        began = time.perf_counter()
        try:
            return self._commit(records)
        finally:
            self.on_commit(time.perf_counter() - began)

    def _commit(self, records: Sequence[AnyRecord]) -> dict[str, Exception]:
        trouble = self.trouble()
        if trouble:
            raise Lost(trouble)
        try:
            with self._to_the_disk() if must_last(records) else nullcontext(), self._transaction():
                _write(self._db, records)
        except sqlite3.Error as error:
            if _is_storage(error):
                raise
        except MemoryError:
            raise
        except Exception:  # some value that SQLite does not take; whose it is comes out below
            pass
        else:
            return {}
        return self._commit_apart(records)

    def _commit_apart(self, records: Sequence[AnyRecord]) -> dict[str, Exception]:
        """Channel by channel, still in one transaction."""
        by_channel: dict[str, list[AnyRecord]] = {}
        for record in records:
            by_channel.setdefault(record.channel, []).append(record)
        culprits: dict[str, Exception] = {}
        with self._to_the_disk() if must_last(records) else nullcontext(), self._transaction():
            for channel, its in by_channel.items():
                self._db.execute("SAVEPOINT channel")
                try:
                    _write(self._db, its)
                except Exception as error:
                    if isinstance(error, MemoryError) or _is_storage(error):
                        raise
                    culprits[channel] = error
                    self._db.execute("ROLLBACK TO channel")
                self._db.execute("RELEASE channel")
        return culprits

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._db.execute("COMMIT")
        except BaseException:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            raise

    @contextmanager
    def _to_the_disk(self) -> Iterator[None]:
        """No power cut takes what is committed within, or was before."""
        mode = int(self._db.execute("PRAGMA synchronous").fetchone()[0])
        self._db.execute("PRAGMA synchronous=FULL")
        try:
            yield
        finally:
            self._db.execute(f"PRAGMA synchronous={mode}")

    def next_epoch(self, now: int) -> int:
        """The epoch of this start: ``max(stored + 1, now)``, synced before it is used."""
        db = self._db
        before = dict(db.execute("SELECT name, value FROM node").fetchall())
        stored = before.get("epoch")
        epoch = now
        if type(stored) is int and 0 <= stored < MAX_INTEGER:
            epoch = max(stored + 1, now)
        self.may_lack = self._may_lack(before)
        notes = {"epoch": epoch, "booted": booted_ms(), "ended": 0}
        with self._to_the_disk(), db:
            db.executemany("INSERT OR REPLACE INTO node VALUES (?, ?)", notes.items())
        self._epoch = epoch
        return epoch

    def _may_lack(self, before: dict[str, Any]) -> bool:
        """Whether the last run neither ended in order nor while this machine has been up.

        A process that is killed loses nothing of what it committed, a machine may.
        """
        if isinstance(self._db, Database) and self._db.mended:
            return True
        booted = before.get("booted")
        up = type(booted) is int and abs(booted - booted_ms()) < SAME_START_MS
        return before.get("ended") != 1 and not up

    def trouble(self) -> str:
        """What has happened to the file under us, in words; ``""`` for nothing."""
        return self._lost or (self._db.trouble() if isinstance(self._db, Database) else "")

    def renew(self, records: Sequence[AnyRecord], reason: str) -> dict[str, Exception]:
        """Begin a new file with ``records``, which are all there is; see ``commit``.

        Raises ``StorageError`` and ``sqlite3.Error``; then there is none until a next attempt.
        """
        if self._anew is None:
            raise sqlite3.OperationalError(reason)
        if not self._bare:
            self._lost = reason
            self._db.close()
            self._db = self._anew(reason)
        self._lost = ""
        try:
            with self._transaction():
                self._db.execute("INSERT OR REPLACE INTO node VALUES ('epoch', ?)", (self._epoch,))
            culprits = self.commit(records)
        except Exception as error:
            self._lost, self._bare = reason, takes_nothing_now(error)
            raise
        self._bare = False
        return culprits

    @property
    def lost(self) -> bool:
        """Whether the file is gone, and no other holds everything yet: memory alone does."""
        return bool(self._lost)

    def close(self) -> None:
        """Let go of the file, in which it says then that nothing is missing."""
        with suppress(sqlite3.Error):
            self._db.execute("PRAGMA synchronous=FULL")
            self._db.execute("INSERT OR REPLACE INTO node VALUES ('ended', 1)")
        self._db.close()

    def load(self, only: str | None = None) -> dict[str, Kept]:
        """Every channel and room that the journal holds, by id, or ``only`` that one.

        What is damaged is left out; ``flaws`` says what that was. Raises ``sqlite3.Error``, and
        where the file is ``lost``.
        """
        if self._lost:
            raise Lost(self._lost)
        kept: dict[str, Kept] = {}
        self.flaws = []
        if only is None or not is_room(only):
            channels, flaws = salvage(self._db, CHANNELS, only)
            kept |= channels
            self.flaws += flaws
            self.may_lack = self.may_lack or bool(flaws)
        if only is None or is_room(only):
            rooms, flaws = salvage(self._db, ROOMS, only)
            kept |= rooms
            self.flaws += flaws
        return kept


def _write(db: sqlite3.Connection, records: Sequence[AnyRecord]) -> None:
    """Those of channels and those of rooms are in different tables."""
    of_rooms = [one for one in records if type(one) in ROOM_KINDS]
    if of_rooms:
        room_rows.write(db, cast("list[RoomRecord]", of_rooms))
    if len(of_rooms) < len(records):
        others = [one for one in records if type(one) not in ROOM_KINDS]
        journal_rows.write(db, cast("list[Record]", others))


def must_last(records: Sequence[AnyRecord]) -> bool:
    """Whether no power cut may take these."""
    return ClaimEpoch in map(type, records)


_STORAGE = (sqlite3.OperationalError, sqlite3.InternalError)


def _is_storage(error: Exception) -> bool:
    """Whether the file or the disk fails, and not what is to be written."""
    return isinstance(error, _STORAGE) or type(error) is sqlite3.DatabaseError
