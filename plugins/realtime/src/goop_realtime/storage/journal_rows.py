# SPDX-License-Identifier: MIT
"""How each record is written into the journal's tables."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from typing import Any

from goop_realtime.model.effects import (
    DropChannel,
    DropOutgoing,
    Record,
    SaveChannel,
    SaveCursor,
    SaveEntry,
    SaveMember,
    SaveOutcome,
    SaveOutgoing,
    TrimLog,
)
from goop_realtime.model.jsonio import encode

KEPT_ORDERED = 2000
"""Entries below the start of each channel's log whose ids are kept."""
SHORT = 256
"""Bytes of a message that stays in its row when only its id is needed; deleting costs more."""
KEPT_REFUSED = 1000
"""Refusals that are kept of each channel."""
PRUNE_EVERY = 100

_TABLES = ("members", "entries", "starts", "outbox", "outcomes", "cursors")


def write(db: sqlite3.Connection, records: Sequence[Record]) -> None:
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
        "INSERT OR REPLACE INTO cursors VALUES (?, ?, ?, ?)",
        lambda record: (record.channel, record.peer, record.name, record.seq),
    ),
    SaveMember: (
        "INSERT OR REPLACE INTO members VALUES (?, ?, ?)",
        lambda record: (record.channel, record.peer, encode(record.row)),
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
