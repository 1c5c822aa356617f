# SPDX-License-Identifier: MIT
"""What the journal holds of channels, read back: every row is checked like anything else from
outside.

A file can be damaged, or be changed by somebody. What does not fit is left out, in words, and is
then as lost as what a power cut took: the rules for that do the rest.
"""

from __future__ import annotations

import sqlite3
from typing import Any, Literal

import msgspec

from goop_realtime.model.effects import Entry, Outcome, Outgoing
from goop_realtime.model.jsonio import decode
from goop_realtime.model.stored import ROW_LEVELS, ChannelRow, MemberRow, Stored
from goop_realtime.model.wire import Code, Group, MessageId, Number, PeerId, Text
from goop_realtime.storage.salvaging import Kind, Table

EntryKind = Literal["msg", "close"]

_START = tuple[Number, Number, bytes]
_ENTRY = tuple[Number, Number, MessageId, PeerId, Number, EntryKind, bytes]
_OUTGOING = tuple[MessageId, Number, EntryKind, bytes]
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


def _channel(channel_id: str, row: bytes) -> Stored:
    return Stored(msgspec.convert(decode(row, ROW_LEVELS), ChannelRow))


CHANNELS = Kind(
    word="channel",
    table="channels",
    id=Group,
    make=_channel,
    tables=(
        Table("starts", "channel", "epoch, seq, snapshot", "channel", _START, _start),
        Table(
            "entries",
            "channel",
            "epoch, seq, id, author, at, kind, raw",
            "channel, seq",
            _ENTRY,
            _entry,
        ),
        Table("outbox", "channel", "id, at, kind, raw", "n", _OUTGOING, _outgoing),
        Table(
            "outcomes",
            "channel",
            "author, id, epoch, seq, code, reason, pointer",
            "n",
            _OUTCOME,
            _outcome,
        ),
        Table("cursors", "channel", "peer, name, seq", "channel, peer, name", _CURSOR, _cursor),
        Table("members", "channel", "peer, row", "channel, peer", _MEMBER, _member),
    ),
)


def on_their_way(db: sqlite3.Connection, channel: str) -> int:
    """How many messages of this node's pages wait for their place in the channel's log."""
    query = "SELECT count(*) FROM outbox WHERE channel = ? AND kind = 'msg'"
    return int(db.execute(query, (channel,)).fetchone()[0])
