# SPDX-License-Identifier: MIT
"""What the journal holds, read back: every row is checked like anything else from outside.

A file can be damaged, or be changed by somebody. What does not fit is left out, in words, and is
then as lost as what a power cut took: the rules for that do the rest.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import Annotated, Any, Literal

import msgspec

from goop_node.types import JsonValue
from goop_realtime.contexts import Contract
from goop_realtime.effects import Entry, Outcome, Outgoing
from goop_realtime.jsonio import MalformedJson, decode
from goop_realtime.obstacles import Obstacle
from goop_realtime.wire import (
    MAX_CONTEXT,
    Code,
    Failed,
    Group,
    MessageId,
    Number,
    PeerId,
    Text,
)

Kind = Literal["msg", "close"]
Name = Annotated[str, msgspec.Meta(max_length=256)]


class ChannelRow(msgspec.Struct, rename="camel", frozen=True):
    """A channel itself; see ``Channel.row``. Times are Unix ms."""

    context: Annotated[str, msgspec.Meta(max_length=MAX_CONTEXT)]
    opener: PeerId
    peers: tuple[PeerId, PeerId]
    peer: PeerId
    peer_label: Name
    hosted: bool
    phase: Literal["asking", "asked", "joining", "open", "closed"]
    expires_at: Number
    epoch: Number
    owner: Name | None = None
    params: Any = None
    base: Any = None
    app: Name = ""
    first_epoch: Number = 0
    suspended_at: Number | None = None
    close_code: Code = ""
    close_reason: Text = ""
    closed_at: Number = 0
    close_acked: bool = False
    replaced_by: Group = ""
    fresh: bool = False
    delivery: Literal["log", "best-effort"] = "log"
    failures: Failed = []
    peer_failures: Failed = []
    contract: Contract | None = None
    obstacle: Obstacle | None = None


class Stored:
    """What the journal holds of one channel. ``flaws`` says what had to be left out of it."""

    def __init__(self, row: ChannelRow) -> None:
        self.row = row
        self.start: tuple[int, int] = (0, 0)
        self.snapshot: JsonValue = None
        self.entries: list[Entry] = []
        self.outbox: list[Outgoing] = []
        self.outcomes: list[tuple[str, str, Outcome]] = []
        self.cursors: dict[str, int] = {}
        self.flaws: list[str] = []

    def take(self, entry: Entry) -> None:
        """An entry of the log, or below its start one whose id is remembered.

        What stands behind a hole is not the log's: the other node gives it back, as after a
        power cut.
        """
        last = self.entries[-1].seq if self.entries else self.start[1]
        if entry.seq <= self.start[1]:
            outcome = Outcome(epoch=entry.epoch, seq=entry.seq)
            self.outcomes.append((entry.author, entry.id, outcome))
        elif entry.seq == last + 1:
            decode(entry.raw)
            self.entries.append(entry)
        else:
            raise MalformedJson("hole", f"entry {entry.seq} follows {last}")


_START = tuple[Number, Number, bytes]
_ENTRY = tuple[Number, Number, MessageId, PeerId, Number, Kind, bytes]
_OUTGOING = tuple[MessageId, Number, Kind, bytes]
_OUTCOME = tuple[PeerId, MessageId, Number, Number, Code, Text, Text]
_CURSOR = tuple[Literal["handled", "written", "peer_handled", "peer_written"], Number]


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
    kept.outcomes.append((author, message_id, Outcome(*rest)))


def _cursor(kept: Stored, row: Any) -> None:
    kept.cursors[row[0]] = row[1]


_TABLES: tuple[tuple[str, str, str, Any, Any], ...] = (
    ("starts", "epoch, seq, snapshot", "channel", _START, _start),
    ("entries", "epoch, seq, id, author, at, kind, raw", "channel, seq", _ENTRY, _entry),
    ("outbox", "id, at, kind, raw", "n", _OUTGOING, _outgoing),
    ("outcomes", "author, id, epoch, seq, code, reason, pointer", "n", _OUTCOME, _outcome),
    ("cursors", "name, seq", "channel, name", _CURSOR, _cursor),
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
                msgspec.convert(decode(row), ChannelRow)
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


def _rows(
    db: sqlite3.Connection, table: str, columns: str, order: str, key: str, only: str | None
) -> Iterator[Any]:
    where, values = ("", ()) if only is None else (f" WHERE {key} = ?", (only,))
    return db.execute(f"SELECT {columns} FROM {table}{where} ORDER BY {order}", values)
