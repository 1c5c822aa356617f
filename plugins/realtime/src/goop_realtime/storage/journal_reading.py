# SPDX-License-Identifier: MIT
"""What the journal holds, read back: every row is checked like anything else from outside.

A file can be damaged, or be changed by somebody. What does not fit is left out, in words, and is
then as lost as what a power cut took: the rules for that do the rest.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import Any, Literal

import msgspec

from goop_realtime.model.effects import Entry, Outcome, Outgoing
from goop_realtime.model.jsonio import MalformedJson, decode
from goop_realtime.model.stored import ROW_LEVELS, ChannelRow, MemberRow, Stored
from goop_realtime.model.wire import Code, Group, MessageId, Number, PeerId, Text

Kind = Literal["msg", "close"]

_START = tuple[Number, Number, bytes]
_ENTRY = tuple[Number, Number, MessageId, PeerId, Number, Kind, bytes]
_OUTGOING = tuple[MessageId, Number, Kind, bytes]
_OUTCOME = tuple[PeerId, MessageId, Number, Number, Code, Text, Text]
_MEMBER = tuple[PeerId, bytes]
_CURSOR = tuple[PeerId, Literal["handled", "written"], Number]


def _start(kept: Stored, row: Any) -> None:
    kept.snapshot = decode(row[2])
    kept.start = (row[0], row[1])


def _entry(kept: Stored, row: Any) -> None:
    kept.take(Entry(*row))


def _outgoing(kept: Stored, row: Any) -> None:
    decode(row[3])
    kept.outbox.append(Outgoing(*row))


def _outcome(kept: Stored, row: Any) -> None:
    author, message_id, *rest = row
    kept.remember(author, message_id, Outcome(*rest))


def _cursor(kept: Stored, row: Any) -> None:
    kept.cursors[(row[0], row[1])] = row[2]


def _member(kept: Stored, row: Any) -> None:
    kept.members[row[0]] = msgspec.convert(decode(row[1]), MemberRow)


_TABLES: tuple[tuple[str, str, str, Any, Any], ...] = (
    ("starts", "epoch, seq, snapshot", "channel", _START, _start),
    ("entries", "epoch, seq, id, author, at, kind, raw", "channel, seq", _ENTRY, _entry),
    ("outbox", "id, at, kind, raw", "n", _OUTGOING, _outgoing),
    ("outcomes", "author, id, epoch, seq, code, reason, pointer", "n", _OUTCOME, _outcome),
    ("cursors", "peer, name, seq", "channel, peer, name", _CURSOR, _cursor),
    ("members", "peer, row", "channel, peer", _MEMBER, _member),
)
"""Each table with its columns, its order, the form of a row, and where that goes."""


def read(db: sqlite3.Connection, only: str | None = None) -> tuple[dict[str, Stored], list[str]]:
    """Every channel (or ``only`` that one) by id, and what was left out, in words.

    Raises ``sqlite3.Error`` where the file cannot be read.
    """
    stored: dict[str, Stored] = {}
    flaws: list[str] = []
    for channel, row in _rows(db, "channels", "id, row", "id", "id", only):
        try:
            stored[msgspec.convert(channel, Group)] = Stored(
                msgspec.convert(decode(row, ROW_LEVELS), ChannelRow)
            )
        except (MalformedJson, msgspec.ValidationError, TypeError) as error:
            flaws.append(f"channel {channel!r:.60}: {error}")
    for table, columns, order, form, put in _TABLES:
        for channel, *row in _rows(db, table, f"channel, {columns}", order, "channel", only):
            kept = stored.get(channel)
            if kept is None:
                continue
            try:
                put(kept, msgspec.convert(row, form, builtin_types=(bytes,)))
            except (MalformedJson, msgspec.ValidationError) as error:
                kept.flaws.append(f"{table}: {error}")
    for channel, kept in stored.items():
        if kept.flaws:
            flaws.append(f"channel {channel}: {kept.flaws[0]} ({len(kept.flaws)} rows in all)")
    return stored, flaws


def on_their_way(db: sqlite3.Connection, channel: str) -> int:
    """How many messages of this node's pages wait for their place in the channel's log."""
    query = "SELECT count(*) FROM outbox WHERE channel = ? AND kind = 'msg'"
    return int(db.execute(query, (channel,)).fetchone()[0])


def _rows(
    db: sqlite3.Connection, table: str, columns: str, order: str, key: str, only: str | None
) -> Iterator[Any]:
    where, values = ("", ()) if only is None else (f" WHERE {key} = ?", (only,))
    return db.execute(f"SELECT {columns} FROM {table}{where} ORDER BY {order}", values)
