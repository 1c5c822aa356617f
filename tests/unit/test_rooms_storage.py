# SPDX-License-Identifier: MIT
"""What rooms have written is what a start finds of them; a damaged row loses nothing else."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from goop_node.data.storage import open_database
from goop_realtime.model.effects import Outcome, SaveChannel
from goop_realtime.rooms.entries import Joining, Leaving, Opening, RoomEntry, RoomOutgoing
from goop_realtime.rooms.fold import CountForm, FoldForm, PageCount
from goop_realtime.rooms.log import Base
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
from goop_realtime.rooms.room import handle_of
from goop_realtime.rooms.stored import RoomRow, StoredRoom
from goop_realtime.storage.journal import Journal
from goop_realtime.storage.no_journal import NoJournal
from goop_realtime.storage.schema import MIGRATIONS

NAMES = ("arcade_42", "app/lobby", "~" + "0f" * 16)
PEERS = ("alice", "bob", "carol")
PUT = b'{"say":"hello"}'


def new_file() -> sqlite3.Connection:
    database = sqlite3.connect(":memory:", isolation_level=None)
    for script in MIGRATIONS:
        database.executescript(script)
    return database


@pytest.fixture
def database() -> Iterator[sqlite3.Connection]:
    with closing(new_file()) as found:
        yield found


def row(name: str, **fields: Any) -> RoomRow:
    return RoomRow(id="lobby", name=name, context="", max_peers=8, **fields)


def message(seq: int, number: int = 1, **fields: Any) -> RoomEntry:
    base = {"kind": "msg", "author": "alice", "at": seq, "id": f"p-{seq}", "raw": PUT}
    signed = {"salt": bytes(16), "sig": bytes(64)}
    return RoomEntry(number=number, host="bob", seq=seq, **{**base, **signed, **fields})


def said(kind: str, seq: int, number: int, author: str) -> RoomEntry:
    """An entry of any kind."""
    if kind == "open":
        raw = msgspec.json.encode(Opening(max_peers=4, context="arcade_42"))
        return message(seq, number, kind="open", raw=raw, author=author, id="0f" * 8)
    if kind == "join":
        return message(seq, number, kind="join", raw=msgspec.json.encode(Joining("Äl")), id="")
    if kind == "leave":
        raw = msgspec.json.encode(Leaving(next="carol", lost=True))
        return message(seq, number, kind="leave", raw=raw, author=author, id="")
    if kind == "withheld":
        return message(seq, number, to="carol", raw=b"", salt=b"", digest=b"\1" * 32)
    return message(seq, number, to="carol", digest=b"\1" * 32, author=author)


def base_at(seq: int, state: Any) -> Base:
    counts = [CountForm("alice", "p", PageCount(7, seq, 2, [(3, 4)]))]
    fold = FoldForm(
        room="0f" * 8,
        opener="alice",
        opening=Opening(max_peers=4),
        members=[("alice", "Alice"), ("bob", "")],
        runs=[(1, "bob", seq)] if seq else [],
        pages=counts,
    )
    return Base(fold, state)


class Told:
    """What a room comes to that writes these records."""

    def __init__(self) -> None:
        self.row: RoomRow | None = None
        self.epoch = self.handled = 0
        self.base: Base | None = None
        self.entries: dict[int, RoomEntry] = {}
        self.outbox: dict[str, tuple[int, RoomOutgoing]] = {}
        self.refusals: dict[tuple[str, str], Outcome] = {}

    @property
    def last(self) -> int:
        return max(self.entries, default=self.start)

    @property
    def start(self) -> int:
        return self.base.seq if self.base else 0

    def take(self, record: RoomRecord) -> None:
        if isinstance(record, SaveRoom):
            self.row = msgspec.convert(record.row, RoomRow)
        elif isinstance(record, ClaimEpoch):
            self.epoch = record.number
        elif isinstance(record, SaveHandled):
            self.handled = record.seq
        elif isinstance(record, AppendEntry):
            self.entries[record.entry.seq] = record.entry
        elif isinstance(record, CutLog):
            self.entries = {seq: one for seq, one in self.entries.items() if seq <= record.seq}
        elif isinstance(record, SetBase):
            self.base = record.base
            self.entries = {seq: one for seq, one in self.entries.items() if seq > self.start}
        elif isinstance(record, SaveRoomOutgoing):
            self.outbox[record.outgoing.id] = (record.place, record.outgoing)
        elif isinstance(record, DropRoomOutgoing):
            self.outbox.pop(record.id, None)
        elif isinstance(record, SaveRefusal):
            self.refusals.pop((record.author, record.id), None)
            self.refusals[record.author, record.id] = record.outcome
        elif isinstance(record, DropRefusal):
            self.refusals.pop((record.author, record.id), None)

    def is_what(self, kept: StoredRoom) -> None:
        """Whether a start finds just that."""
        assert (kept.row, kept.epoch, kept.handled) == (self.row, self.epoch, self.handled)
        assert kept.base == self.base
        assert kept.entries == [self.entries[seq] for seq in sorted(self.entries)]
        assert kept.outbox == sorted(self.outbox.values(), key=lambda one: one[0])
        assert [(one[:2], one[2]) for one in kept.refusals] == list(self.refusals.items())
        assert kept.flaws == []


KINDS = ("open", "join", "leave", "withheld", "private", "msg")
STATES = st.recursive(st.none() | st.integers(-9, 9) | st.text(max_size=3), st.lists, max_leaves=4)


@st.composite
def a_record(draw: st.DrawFn, handle: str, room: Told) -> list[RoomRecord]:
    """What a room might write next: a record, or those that come together."""
    number, page_id = draw(st.integers(1, 9)), f"p-{draw(st.integers(1, 6))}"
    author = draw(st.sampled_from(PEERS))
    after = draw(st.integers(room.start, room.last))
    seq = draw(st.integers(0, 40))
    outgoing = RoomOutgoing(id=page_id, at=seq, raw=PUT, salt=bytes(16), to=author)
    outcome = Outcome(code="too_fast", reason="…", pointer="/x")
    base = base_at(after, draw(STATES))
    kind = draw(st.sampled_from(KINDS))
    choices: dict[str, list[RoomRecord]] = {
        "append": [AppendEntry(handle, said(kind, room.last + 1, number, author))],
        "replace": [AppendEntry(handle, message(after, number))] if after > room.start else [],
        "cut": [CutLog(handle, after)],
        "trim": [SetBase(handle, base)],
        "snapshot": [CutLog(handle, 0), SetBase(handle, base_at(seq, base.state))],
        "send": [SaveRoomOutgoing(handle, number * 40 - seq, outgoing)],
        "sent": [DropRoomOutgoing(handle, page_id)],
        "again": [
            DropRoomOutgoing(handle, page_id),
            SaveRoomOutgoing(handle, -number * 40 - seq, outgoing),
        ],
        "refuse": [SaveRefusal(handle, author, page_id, outcome)],
        "withdraw": [DropRefusal(handle, author, page_id)],
        "handled": [SaveHandled(handle, after)],
        "claim": [ClaimEpoch(handle, number)],
        "row": [SaveRoom(handle, row_of(draw, handle))],
        "drop": [DropRoom(handle), SaveRoom(handle, row_of(draw, handle))],
    }
    return choices[draw(st.sampled_from([*choices, "append", "append", "send"]))]


def row_of(draw: st.DrawFn, handle: str) -> dict[str, Any]:
    name = next(one for one in NAMES if handle_of(one) == handle)
    owners = draw(st.lists(st.sampled_from(["", "chess", None]), max_size=3))
    found: dict[str, Any] = msgspec.to_builtins(
        row(
            name,
            owners=owners,
            listed=draw(st.booleans()),
            secret=draw(st.sampled_from(["", "ab"])),
        )
    )
    return found


@settings(max_examples=30)
@given(st.data())
def test_what_is_written_is_what_is_found(data: st.DataObject) -> None:
    rooms = {handle_of(name): Told() for name in NAMES[:2]}
    with closing(new_file()) as database:
        journal = Journal(database)
        batch: list[RoomRecord] = [SaveRoom(one, row_of(data.draw, one)) for one in rooms]
        for one, record in zip(rooms, batch, strict=True):
            rooms[one].take(record)
        for _ in range(data.draw(st.integers(1, 25))):
            handle = data.draw(st.sampled_from(list(rooms)))
            for record in data.draw(a_record(handle, rooms[handle])):
                if isinstance(record, DropRoom):
                    rooms[handle] = Told()
                rooms[handle].take(record)
                batch.append(record)
            if data.draw(st.booleans()):
                assert journal.commit(batch) == {}
                batch = []
        assert journal.commit(batch) == {}
        kept = journal.load()
        assert kept.keys() == rooms.keys()
        assert journal.flaws == []
        for handle, room in rooms.items():
            found = kept[handle]
            assert isinstance(found, StoredRoom)
            # Those of the same place have no order among themselves.
            places = [place for place, _ in room.outbox.values()]
            if len(set(places)) == len(places):
                room.is_what(found)
            alone = journal.load(handle)
            assert alone.keys() == {handle}


def test_a_room_that_is_dropped_leaves_nothing(database: sqlite3.Connection) -> None:
    handle = fill(database)
    Journal(database).commit([DropRoom(handle)])
    tables = [name for (name,) in database.execute("SELECT name FROM sqlite_schema")]
    for table in (one for one in tables if one.startswith("room_")):
        query = f"SELECT count(*) FROM {table} WHERE room = ?"
        assert database.execute(query, (handle,)).fetchone() == (0,), table
    assert Journal(database).load().keys() == {handle_of(NAMES[1])}


def fill(database: sqlite3.Connection) -> str:
    """A room with some of everything, beside another."""
    journal = Journal(database)
    handle, other = handle_of(NAMES[0]), handle_of(NAMES[1])
    outcome = Outcome(code="refused", reason="no", pointer="")
    records: list[RoomRecord] = [
        SaveRoom(other, msgspec.to_builtins(row(NAMES[1]))),
        AppendEntry(other, message(1)),
        SaveRoom(handle, msgspec.to_builtins(row(NAMES[0]))),
        ClaimEpoch(handle, 1_700_000_000_000),
        SetBase(handle, base_at(3, {"score": 7})),
        *(AppendEntry(handle, message(seq)) for seq in (4, 5, 6)),
        *(
            SaveRoomOutgoing(
                handle, at, RoomOutgoing(id=f"q-{at}", at=at, raw=PUT, salt=bytes(16), to="")
            )
            for at in (1, 2)
        ),
        SaveRefusal(handle, "alice", "p-9", outcome),
        SaveRefusal(handle, "carol", "p-9", outcome),
        SaveHandled(handle, 5),
    ]
    assert journal.commit(records) == {}
    return handle


DAMAGE = {
    "entry": ("UPDATE room_entries SET raw = x'7b' WHERE seq = 5", {"entries": 1}),
    "entry without author": ("UPDATE room_entries SET author = '?!' WHERE seq = 4", {"entries": 0}),
    "entry of another type": ("UPDATE room_entries SET at = 'now' WHERE seq = 6", {"entries": 2}),
    "entry of a kind that is none": (
        "UPDATE room_entries SET kind = 'close' WHERE seq = 6",
        {"entries": 2},
    ),
    "a join that says nothing": (
        "UPDATE room_entries SET kind = 'join', raw = x'' WHERE seq = 6",
        {"entries": 2},
    ),
    "an empty message": ("UPDATE room_entries SET raw = x'' WHERE seq = 6", {"entries": 2}),
    "missing entry": ("DELETE FROM room_entries WHERE seq = 5", {"entries": 1}),
    "a huge salt": ("UPDATE room_entries SET salt = zeroblob(99) WHERE seq = 6", {"entries": 2}),
    "too deep": (
        "UPDATE room_entries SET raw = CAST(replace(hex(zeroblob(99)), '00', '[') AS BLOB)"
        " WHERE seq = 6",
        {"entries": 2},
    ),
    "base": ("UPDATE room_bases SET base = x'7b7d'", {"base": None, "entries": 0}),
    "base that is text": ("UPDATE room_bases SET base = 'x'", {"base": None, "entries": 0}),
    "outbox": ("UPDATE room_outbox SET raw = x'00' WHERE place = 1", {"outbox": 1}),
    "outbox id": ("UPDATE room_outbox SET id = 'no id' WHERE place = 1", {"outbox": 1}),
    "refusal": ("UPDATE room_refusals SET code = 'ö ö' WHERE author = 'alice'", {"refusals": 1}),
    "epoch": ("UPDATE room_numbers SET value = -1 WHERE name = 'epoch'", {"epoch": 0}),
    "handled": ("UPDATE room_numbers SET value = 'x' WHERE name = 'handled'", {"handled": 0}),
    "number of nothing": (
        "UPDATE room_numbers SET name = 'x' WHERE name = 'handled'",
        {"handled": 0},
    ),
}


@pytest.mark.parametrize("what", DAMAGE)
def test_a_damaged_row_loses_nothing_else(database: sqlite3.Connection, what: str) -> None:
    handle, (statement, lost) = fill(database), DAMAGE[what]
    database.execute(statement)
    journal = Journal(database)
    kept = journal.load()
    found, other = kept[handle], kept[handle_of(NAMES[1])]
    assert isinstance(found, StoredRoom)
    assert isinstance(other, StoredRoom)
    whole = {"entries": 3, "outbox": 2, "refusals": 2, "epoch": 1_700_000_000_000, "handled": 5}
    assert {
        "entries": len(found.entries),
        "outbox": len(found.outbox),
        "refusals": len(found.refusals),
        "epoch": found.epoch,
        "handled": found.handled,
    } == whole | {name: count for name, count in lost.items() if name != "base"}
    assert (found.base is None) == ("base" in lost)
    assert found.flaws
    assert handle in journal.flaws[0]
    assert len(other.entries) == 1
    assert other.flaws == []


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE rooms SET row = x'00' WHERE id = :id",
        "UPDATE rooms SET row = CAST(json_set(row, '$.maxPeers', 1) AS BLOB) WHERE id = :id",
        "UPDATE rooms SET row = CAST(json_set(row, '$.name', 'app/other') AS BLOB) WHERE id = :id",
        "UPDATE rooms SET id = 'room-x' WHERE id = :id",
        "UPDATE rooms SET id = 'rt-0123456789abcdef' WHERE id = :id",
    ],
)
def test_a_room_without_its_row_is_left_out_alone(
    database: sqlite3.Connection, statement: str
) -> None:
    database.execute(statement, {"id": fill(database)})
    journal = Journal(database)
    assert journal.load().keys() == {handle_of(NAMES[1])}
    assert len(journal.flaws) == 1
    assert "room" in journal.flaws[0]


def test_what_cannot_be_written_takes_its_room_alone(database: sqlite3.Connection) -> None:
    handle = fill(database)
    journal = Journal(database)
    bad = AppendEntry(handle, message(7, raw=object()))
    other = AppendEntry(handle_of(NAMES[1]), message(2))
    channel = SaveChannel("rt-0123456789abcdef", {})
    assert journal.commit([bad, other, channel]).keys() == {handle}
    kept = journal.load()
    assert len(kept[handle].entries) == 3
    assert len(kept[handle_of(NAMES[1])].entries) == 2


def test_an_epoch_is_on_the_disk_before_it_is_used(tmp_path: Path) -> None:
    """``synchronous=FULL`` around that commit, and only around it."""
    with closing(open_database(tmp_path / "realtime.sqlite3", MIGRATIONS)) as database:
        journal, handle = Journal(database), handle_of(NAMES[0])
        seen: list[tuple[str, int]] = []

        def look(statement: str) -> None:
            if "room_" in statement and not statement.startswith("PRAGMA"):
                seen.append((statement.split()[4], mode()))

        def mode() -> int:
            database.set_trace_callback(None)
            found = database.execute("PRAGMA synchronous").fetchone()[0]
            database.set_trace_callback(look)
            return int(found)

        database.set_trace_callback(look)
        journal.commit([AppendEntry(handle, message(1))])
        journal.commit([ClaimEpoch(handle, 5), AppendEntry(handle, message(2))])
        journal.commit([AppendEntry(handle, message(3))])
        assert seen == [
            ("room_entries", 1),
            ("room_numbers", 2),
            ("room_entries", 2),
            ("room_entries", 1),
        ]


def test_without_a_journal_nothing_is_kept() -> None:
    assert NoJournal().commit([SaveRoom(handle_of(NAMES[0]), {})]) == {}
    assert NoJournal().load() == {}
