# SPDX-License-Identifier: MIT
"""The journal: the channels, their logs and outboxes in one SQLite file.

One commit takes everything that a step of the state machine wants kept. The commit runs in
the event loop's own thread: in WAL mode it is an append of some thirty microseconds, less than
handing it to another thread would cost. What ``synchronous=NORMAL`` can lose in a power cut
(never in a crash of the process) is told in docs/durability.md.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from typing import Any

from goop_realtime.effects import (
    DropChannel,
    DropOutgoing,
    Entry,
    Outcome,
    Outgoing,
    Record,
    SaveChannel,
    SaveCursor,
    SaveEntry,
    SaveOutcome,
    SaveOutgoing,
    TrimLog,
)
from goop_realtime.jsonio import decode, encode

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


class Stored:
    """What the journal holds of one channel."""

    def __init__(self, row: dict[str, Any]) -> None:
        self.row = row
        self.start: tuple[int, int] = (0, 0)
        self.snapshot: Any = None
        self.entries: list[Entry] = []
        self.outbox: list[Outgoing] = []
        self.outcomes: list[tuple[str, str, Outcome]] = []
        self.cursors: dict[str, int] = {}

    def take(self, entry: Entry) -> None:
        """An entry of the log, or below its start one whose id is remembered."""
        if entry.seq > self.start[1]:
            self.entries.append(entry)
        else:
            outcome = Outcome(epoch=entry.epoch, seq=entry.seq)
            self.outcomes.append((entry.author, entry.id, outcome))


class Journal:
    """Writes records, and reads everything back at a start."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._db = database

    def commit(self, records: Sequence[Record]) -> None:
        """Write ``records`` in one transaction. Raises ``sqlite3.Error``; then none is kept."""
        db = self._db
        db.execute("BEGIN IMMEDIATE")
        try:
            # Rows of different tables may change places, but not with what concerns several.
            rows: dict[type[Record], list[tuple[Any, ...]]] = {kind: [] for kind in _ROWS}
            for record in records:
                kind = type(record)
                if kind in _ROWS:
                    rows[kind].append(_ROWS[kind][1](record))
                else:
                    _write_rows(db, rows)
                    _WRITERS[kind](db, record)
            _write_rows(db, rows)
        except BaseException:
            db.rollback()
            raise
        db.commit()

    def next_epoch(self, now: int) -> int:
        """The epoch of this start: ``max(stored + 1, now)``, synced before it is used."""
        db = self._db
        mode = db.execute("PRAGMA synchronous").fetchone()[0]
        db.execute("PRAGMA synchronous=FULL")
        row = db.execute("SELECT value FROM node WHERE name = 'epoch'").fetchone()
        epoch = max((row[0] if row else 0) + 1, now)
        with db:
            db.execute("INSERT OR REPLACE INTO node VALUES ('epoch', ?)", (epoch,))
        db.execute(f"PRAGMA synchronous={int(mode)}")
        return epoch

    def load(self) -> dict[str, Stored]:
        """Every channel that the journal holds, by id."""
        db = self._db
        stored = {
            channel: Stored(decode(row))
            for channel, row in db.execute("SELECT id, row FROM channels")
        }
        for channel, epoch, seq, snapshot in db.execute("SELECT * FROM starts"):
            stored[channel].start = (epoch, seq)
            stored[channel].snapshot = decode(snapshot)
        for channel, *rest in db.execute(
            "SELECT channel, epoch, seq, id, author, at, kind, raw FROM entries"
            " ORDER BY channel, seq"
        ):
            stored[channel].take(Entry(*rest))
        for channel, *rest in db.execute(
            "SELECT channel, id, at, kind, raw FROM outbox ORDER BY n"
        ):
            stored[channel].outbox.append(Outgoing(*rest))
        for channel, author, message_id, *rest in db.execute(
            "SELECT channel, author, id, epoch, seq, code, reason, pointer FROM outcomes ORDER BY n"
        ):
            stored[channel].outcomes.append((author, message_id, Outcome(*rest)))
        for channel, name, seq in db.execute("SELECT * FROM cursors"):
            stored[channel].cursors[name] = seq
        return stored


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
