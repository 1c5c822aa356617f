# SPDX-License-Identifier: MIT
"""The journal: the channels, their logs and outboxes in one SQLite file.

One commit takes everything that a step of the state machine wants kept. The commit runs in
the event loop's own thread: in WAL mode it is an append of some thirty microseconds, less than
handing it to another thread would cost. What ``synchronous=NORMAL`` can lose in a power cut
(never in a crash of the process) is told in docs/durability.md.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from goop_realtime.effects import (
    DropChannel,
    DropOutgoing,
    Record,
    SaveChannel,
    SaveCursor,
    SaveEntry,
    SaveOutcome,
    SaveOutgoing,
    TrimLog,
)
from goop_realtime.jsonio import MAX_INTEGER, encode
from goop_realtime.stored import Stored, read

MIGRATIONS = (
    """
    CREATE TABLE node (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
    CREATE TABLE channels (id TEXT PRIMARY KEY, row BLOB NOT NULL) WITHOUT ROWID;
    CREATE TABLE entries (
        channel TEXT NOT NULL, seq INTEGER NOT NULL, epoch INTEGER NOT NULL, id TEXT NOT NULL,
        author TEXT NOT NULL, at INTEGER NOT NULL, kind TEXT NOT NULL, raw BLOB NOT NULL,
        PRIMARY KEY (channel, seq)
    ) WITHOUT ROWID;
    CREATE TABLE starts (
        channel TEXT PRIMARY KEY, epoch INTEGER NOT NULL, seq INTEGER NOT NULL,
        snapshot BLOB NOT NULL
    ) WITHOUT ROWID;
    CREATE TABLE outbox (
        n INTEGER PRIMARY KEY, channel TEXT NOT NULL, id TEXT NOT NULL, at INTEGER NOT NULL,
        kind TEXT NOT NULL, raw BLOB NOT NULL
    );
    CREATE INDEX outbox_id ON outbox (channel, id);
    CREATE TABLE outcomes (
        n INTEGER PRIMARY KEY, channel TEXT NOT NULL, id TEXT NOT NULL, epoch INTEGER NOT NULL,
        seq INTEGER NOT NULL, code TEXT NOT NULL, reason TEXT NOT NULL, pointer TEXT NOT NULL
    );
    CREATE INDEX outcomes_channel ON outcomes (channel, n);
    CREATE TABLE cursors (
        channel TEXT NOT NULL, name TEXT NOT NULL, seq INTEGER NOT NULL,
        PRIMARY KEY (channel, name)
    ) WITHOUT ROWID;
    """,
    """
    ALTER TABLE outcomes ADD COLUMN author TEXT NOT NULL DEFAULT '';
    """,
)
"""The schema, by user_version."""

KEPT_ORDERED = 2000
"""Entries below the start of each channel's log whose ids are kept."""
SHORT = 256
"""Bytes of a message that stays in its row when only its id is needed; deleting costs more."""
KEPT_REFUSED = 1000
"""Refusals that are kept of each channel."""
PRUNE_EVERY = 100

_TABLES = ("entries", "starts", "outbox", "outcomes", "cursors")


class Journal:
    """Writes records, and reads everything back at a start."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._db = database
        self.flaws: list[str] = []
        """What the last ``load`` had to leave out, in words."""

    def commit(self, records: Sequence[Record]) -> dict[str, Exception]:
        """Write ``records`` in one transaction.

        The channels whose records are such that they cannot be written, each with what was wrong:
        of those nothing is kept, of the others all. Raises ``sqlite3.Error`` where nothing can be
        written; then none is kept.
        """
        try:
            with self._transaction():
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

    def _commit_apart(self, records: Sequence[Record]) -> dict[str, Exception]:
        """Channel by channel, still in one transaction."""
        by_channel: dict[str, list[Record]] = {}
        for record in records:
            by_channel.setdefault(record.channel, []).append(record)
        culprits: dict[str, Exception] = {}
        with self._transaction():
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

    def next_epoch(self, now: int) -> int:
        """The epoch of this start: ``max(stored + 1, now)``, synced before it is used."""
        db = self._db
        mode = db.execute("PRAGMA synchronous").fetchone()[0]
        db.execute("PRAGMA synchronous=FULL")
        row = db.execute("SELECT value FROM node WHERE name = 'epoch'").fetchone()
        stored = row[0] if row and type(row[0]) is int and 0 <= row[0] < MAX_INTEGER else 0
        epoch = max(stored + 1, now)
        with db:
            db.execute("INSERT OR REPLACE INTO node VALUES ('epoch', ?)", (epoch,))
        db.execute(f"PRAGMA synchronous={int(mode)}")
        return epoch

    def load(self, only: str | None = None) -> dict[str, Stored]:
        """Every channel that the journal holds, by id, or ``only`` that one.

        What is damaged is left out; ``flaws`` says what that was. Raises ``sqlite3.Error``.
        """
        stored, self.flaws = read(self._db, only)
        return stored


_STORAGE = (sqlite3.OperationalError, sqlite3.InternalError)


def _is_storage(error: Exception) -> bool:
    """Whether the file or the disk fails, and not what is to be written."""
    return isinstance(error, _STORAGE) or type(error) is sqlite3.DatabaseError


def _write(db: sqlite3.Connection, records: Sequence[Record]) -> None:
    """Rows of different tables may change places, but not with what concerns several."""
    rows: dict[type[Record], list[tuple[Any, ...]]] = {kind: [] for kind in _ROWS}
    for record in records:
        kind = type(record)
        if kind in _ROWS:
            rows[kind].append(_ROWS[kind][1](record))
        else:
            _write_rows(db, rows)
            _WRITERS[kind](db, record)
    _write_rows(db, rows)


def _write_rows(db: sqlite3.Connection, rows: dict[type[Record], list[tuple[Any, ...]]]) -> None:
    for kind, waiting in rows.items():
        if waiting:
            db.executemany(_ROWS[kind][0], waiting)
            waiting.clear()


def _entry_row(record: Any) -> tuple[Any, ...]:
    entry = record.entry
    return (
        record.channel,
        entry.seq,
        entry.epoch,
        entry.id,
        entry.author,
        entry.at,
        entry.kind,
        entry.raw,
    )


def _outgoing_row(record: Any) -> tuple[Any, ...]:
    out = record.outgoing
    return (record.channel, out.id, out.at, out.kind, out.raw)


_ROWS: dict[type[Record], tuple[str, Callable[[Any], tuple[Any, ...]]]] = {
    SaveEntry: ("INSERT INTO entries VALUES (?, ?, ?, ?, ?, ?, ?, ?)", _entry_row),
    SaveOutgoing: (
        "INSERT INTO outbox (channel, id, at, kind, raw) VALUES (?, ?, ?, ?, ?)",
        _outgoing_row,
    ),
    DropOutgoing: (
        "DELETE FROM outbox WHERE channel = ? AND id = ?",
        lambda record: (record.channel, record.id),
    ),
    SaveCursor: (
        "INSERT OR REPLACE INTO cursors VALUES (?, ?, ?)",
        lambda record: (record.channel, record.name, record.seq),
    ),
}
"""What is one row each, many at a time: its statement and its values. In the order written: a
message comes into the outbox before it leaves it."""


def _save_channel(db: sqlite3.Connection, record: Any) -> None:
    db.execute(
        "INSERT OR REPLACE INTO channels VALUES (?, ?)", (record.channel, encode(record.row))
    )


def _drop_channel(db: sqlite3.Connection, record: Any) -> None:
    db.execute("DELETE FROM channels WHERE id = ?", (record.channel,))
    for table in _TABLES:
        db.execute(f"DELETE FROM {table} WHERE channel = ?", (record.channel,))


def _trim_log(db: sqlite3.Connection, record: Any) -> None:
    """Rows below the new start stay a while, for their ids; what is long of them goes at once."""
    place = {"channel": record.channel, "seq": record.seq, "short": SHORT}
    db.execute(
        "UPDATE entries SET raw = x'' WHERE channel = :channel AND seq <= :seq AND seq > coalesce("
        "(SELECT seq FROM starts WHERE channel = :channel), 0) AND length(raw) > :short",
        place,
    )
    db.execute(
        "INSERT OR REPLACE INTO starts VALUES (?, ?, ?, ?)",
        (record.channel, record.epoch, record.seq, record.snapshot),
    )
    db.execute(
        "DELETE FROM entries WHERE channel = ? AND seq <= ?",
        (record.channel, record.seq - KEPT_ORDERED),
    )


def _save_outcome(db: sqlite3.Connection, record: Any) -> None:
    outcome = record.outcome
    cursor = db.execute(
        "INSERT INTO outcomes (channel, author, id, epoch, seq, code, reason, pointer)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            record.channel,
            record.author,
            record.id,
            outcome.epoch,
            outcome.seq,
            outcome.code,
            outcome.reason,
            outcome.pointer,
        ),
    )
    if cursor.lastrowid is not None and cursor.lastrowid % PRUNE_EVERY == 0:
        db.execute(
            "DELETE FROM outcomes WHERE channel = ? AND n <= ("
            "SELECT n FROM outcomes WHERE channel = ? ORDER BY n DESC LIMIT 1 OFFSET ?)",
            (record.channel, record.channel, KEPT_REFUSED),
        )


_WRITERS = {
    SaveChannel: _save_channel,
    DropChannel: _drop_channel,
    TrimLog: _trim_log,
    SaveOutcome: _save_outcome,
}
