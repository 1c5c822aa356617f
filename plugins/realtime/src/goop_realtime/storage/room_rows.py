# SPDX-License-Identifier: MIT
"""How each record of rooms is written into the journal's tables."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any, NamedTuple

import msgspec

from goop_realtime.model.jsonio import encode
from goop_realtime.rooms.records import (
    AppendEntry,
    ClaimEpoch,
    CutLog,
    DropRefusal,
    DropRoom,
    DropRoomOutgoing,
    RoomRecord,
    SaveHandled,
    SaveRefusal,
    SaveRoom,
    SaveRoomOutgoing,
    SetBase,
)

_TABLES = ("room_numbers", "room_bases", "room_entries", "room_outbox", "room_refusals")

Values = tuple[Any, ...]


class _Statement(NamedTuple):
    """What a record is in SQL: one statement on one table, and its values."""

    table: str
    sql: str
    values: Callable[[Any], Values]


def _entry_row(record: AppendEntry) -> Values:
    entry = record.entry
    return (
        record.channel,
        entry.seq,
        entry.number,
        entry.host,
        entry.kind,
        entry.author,
        entry.at,
        entry.id,
        entry.to,
        entry.raw,
        entry.salt,
        entry.sig,
        entry.digest,
    )


def _outgoing_row(record: SaveRoomOutgoing) -> Values:
    out = record.outgoing
    return (record.channel, out.id, record.place, out.at, out.to, out.raw, out.salt)


def _refusal_row(record: SaveRefusal) -> Values:
    outcome = record.outcome
    said = (outcome.code, outcome.reason, outcome.pointer)
    return (record.channel, record.author, record.id, *said)


_NUMBER = "INSERT OR REPLACE INTO room_numbers VALUES (?, ?, ?)"
_STATEMENTS: dict[type[RoomRecord], _Statement] = {
    SaveRoom: _Statement(
        "rooms",
        "INSERT OR REPLACE INTO rooms VALUES (?, ?)",
        lambda record: (record.channel, encode(record.row)),
    ),
    ClaimEpoch: _Statement(
        "room_numbers", _NUMBER, lambda record: (record.channel, "epoch", record.number)
    ),
    SaveHandled: _Statement(
        "room_numbers", _NUMBER, lambda record: (record.channel, "handled", record.seq)
    ),
    AppendEntry: _Statement(
        "room_entries",
        "INSERT OR REPLACE INTO room_entries VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        _entry_row,
    ),
    CutLog: _Statement(
        "room_entries",
        "DELETE FROM room_entries WHERE room = ? AND seq > ?",
        lambda record: (record.channel, record.seq),
    ),
    SaveRoomOutgoing: _Statement(
        "room_outbox",
        "INSERT OR REPLACE INTO room_outbox VALUES (?, ?, ?, ?, ?, ?, ?)",
        _outgoing_row,
    ),
    DropRoomOutgoing: _Statement(
        "room_outbox",
        "DELETE FROM room_outbox WHERE room = ? AND id = ?",
        lambda record: (record.channel, record.id),
    ),
    SaveRefusal: _Statement(
        "room_refusals",
        "INSERT OR REPLACE INTO room_refusals (room, author, id, code, reason, pointer)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        _refusal_row,
    ),
    DropRefusal: _Statement(
        "room_refusals",
        "DELETE FROM room_refusals WHERE room = ? AND author = ? AND id = ?",
        lambda record: (record.channel, record.author, record.id),
    ),
}


def write(db: sqlite3.Connection, records: Sequence[RoomRecord]) -> None:
    """Rows of different tables may change places, those of one table not: a message may leave the
    outbox and come back into it."""
    waiting: dict[str, list[tuple[str, Values]]] = {}
    for record in records:
        statement = _STATEMENTS.get(type(record))
        if statement is None:
            _write_rows(db, waiting)
            _WRITERS[type(record)](db, record)
        else:
            row = (statement.sql, statement.values(record))
            waiting.setdefault(statement.table, []).append(row)
    _write_rows(db, waiting)


def _write_rows(db: sqlite3.Connection, waiting: dict[str, list[tuple[str, Values]]]) -> None:
    for rows in waiting.values():
        for sql, group in groupby(rows, itemgetter(0)):
            db.executemany(sql, map(itemgetter(1), group))
    waiting.clear()


def _set_base(db: sqlite3.Connection, record: Any) -> None:
    base = msgspec.json.encode(record.base)
    db.execute("INSERT OR REPLACE INTO room_bases VALUES (?, ?)", (record.channel, base))
    db.execute(
        "DELETE FROM room_entries WHERE room = ? AND seq <= ?", (record.channel, record.base.seq)
    )


def _drop_room(db: sqlite3.Connection, record: Any) -> None:
    db.execute("DELETE FROM rooms WHERE id = ?", (record.channel,))
    for table in _TABLES:
        db.execute(f"DELETE FROM {table} WHERE room = ?", (record.channel,))


_WRITERS: dict[type[RoomRecord], Callable[[sqlite3.Connection, Any], None]] = {
    SetBase: _set_base,
    DropRoom: _drop_room,
}
"""What concerns several tables."""
