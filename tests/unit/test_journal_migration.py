# SPDX-License-Identifier: MIT
"""The journal of a node of 0.1.0 is read by this version, and nothing of it is lost."""

from __future__ import annotations

import contextlib
import random
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from goop_node.data.storage import Database, open_database
from goop_realtime.contexts.registry import Registry, compile_context
from goop_realtime.machine.channel import Channel, Phase
from goop_realtime.machine.core import Core
from goop_realtime.machine.memory import everything
from goop_realtime.machine.restore import restore
from goop_realtime.model.limits import NodeLimits
from goop_realtime.storage.journal import Journal
from goop_realtime.storage.schema import MIGRATIONS
from goop_realtime.testing.tally import TALLY

DUMP = Path(__file__).with_name("journal-0.1.0.sql")
"""What it holds, and how it was made, stands at its head."""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """The file, as 0.1.0 left it."""
    found = tmp_path / "realtime.sqlite3"
    with contextlib.closing(sqlite3.connect(found)) as database:
        database.executescript(DUMP.read_text())
    return found


@contextlib.contextmanager
def opened(path: Path) -> Iterator[tuple[Database, Journal]]:
    with contextlib.closing(open_database(path, MIGRATIONS)) as database:
        yield database, Journal(database)


def start(journal: Journal) -> Core:
    """Alice's node starts with it."""
    registry = Registry()
    registry.add(compile_context("sim", TALLY))
    core = Core(
        me="alice",
        registry=registry,
        limits=NodeLimits(),
        random=random.Random(1),
        authorize=lambda request: None,
        is_discovered=lambda peer: True,
        label_of=lambda peer: peer.title(),
        now=1_700_000_100_000,
    )
    core.epoch = journal.next_epoch(core.now)
    stored = journal.load()
    assert journal.flaws == []
    restore(core, stored)
    return core


def rows(database: sqlite3.Connection, query: str) -> list[Any]:
    return database.execute(query).fetchall()


def by_context(core: Core) -> dict[str, Channel]:
    return {channel.request.context: channel for channel in core.channels.values()}


def test_every_channel_is_there_with_its_host_and_its_member(path: Path) -> None:
    with opened(path) as (_, journal):
        found = by_context(start(journal))
    hosts = {name: (one.host, one.phase, one.close_code) for name, one in found.items()}
    assert hosts == {
        "tally_1": ("alice", Phase.OPEN, ""),
        "tally_2": ("bob", Phase.OPEN, ""),
        "tally_3": ("bob", Phase.CLOSED, "expired"),
        "tally_4": ("alice", Phase.OPEN, ""),
        "": ("alice", Phase.CLOSED, "closed"),
    }
    for channel in found.values():
        assert list(channel.members) == ["bob"]
        assert channel.other.label == "bob"  # as it was stored, not as it is called now
    assert {name: one.close_acked for name, one in found.items() if one.final} == {
        "tally_3": False,
        "": True,
    }
    assert found["tally_1"].other.suspended_at == 1_700_000_042_622


def test_logs_outboxes_and_what_became_of_ids_are_those_of_the_file(path: Path) -> None:
    with contextlib.closing(sqlite3.connect(path)) as before:
        logs = rows(before, "SELECT channel, seq, epoch, id, author, at, kind, raw FROM entries")
        starts = {row[0]: row[1:3] for row in rows(before, "SELECT * FROM starts")}
        outbox = rows(before, "SELECT channel, id, raw FROM outbox ORDER BY n")
        outcomes = rows(before, "SELECT channel, author, id, code, pointer FROM outcomes")
    assert outbox
    assert starts
    with opened(path) as (_, journal):
        core = start(journal)
    for channel in core.channels.values():
        begin = starts.get(channel.id, (0, 0))
        assert channel.log.start == begin
        its = [row[1:] for row in logs if row[0] == channel.id]
        assert [
            (e.seq, e.epoch, e.id, e.author, e.at, e.kind, e.raw) for e in channel.log.after(0)
        ] == [row for row in its if row[0] > begin[1]]
        for seq, epoch, message_id, author, *_ in its:
            outcome = channel.outcomes_of(author).get(message_id)
            assert outcome is not None
            assert (outcome.epoch, outcome.seq, outcome.code) == (epoch, seq, "")
        assert [(channel.id, one.id, one.raw) for one in channel.outbox.values()] == [
            row for row in outbox if row[0] == channel.id
        ]
    assert {row[1] for row in outcomes} == {"alice", "bob"}
    for channel_id, author, message_id, code, pointer in outcomes:
        refused = core.channels[channel_id].outcomes_of(author).get(message_id)
        assert refused is not None
        assert (refused.code, refused.pointer) == (code, pointer)


def test_cursors_are_of_who_they_were_of(path: Path) -> None:
    with opened(path) as (_, journal):
        found = by_context(start(journal))
    cursors = {
        name: (one.handled, one.written, one.other.handled, one.other.written)
        for name, one in found.items()
    }
    assert cursors == {
        "tally_1": (17, 0, 16, 16),
        "tally_2": (15, 0, 15, 0),
        "tally_3": (0, 0, 0, 0),
        "tally_4": (24, 0, 23, 0),
        "": (2, 0, 2, 0),
    }


def test_what_is_written_from_it_is_the_same_again(path: Path, tmp_path: Path) -> None:
    with opened(path) as (_, journal):
        core = start(journal)
    with opened(tmp_path / "again.sqlite3") as (_, journal):
        assert journal.commit(everything(core)) == {}
        again = start(journal)
    for channel_id, channel in core.channels.items():
        other = again.channels[channel_id]
        assert other.row() == channel.row()
        assert other.other.row() == channel.other.row()
        assert list(other.log.after(0)) == list(channel.log.after(0))
        assert other.session.snapshot() == channel.session.snapshot()


def test_a_row_that_is_none_spoils_no_migration(path: Path) -> None:
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as before:
        before.execute("UPDATE channels SET row = x'7b22' WHERE CAST(row AS TEXT) LIKE '%tally_3%'")
        before.execute("INSERT INTO channels VALUES ('rt-00000000000000aa', '[1]')")
        before.execute("INSERT INTO cursors VALUES ('rt-no', 'handled', 1)")
    with opened(path) as (database, journal):
        journal.next_epoch(1)
        stored = journal.load()
        assert len(stored) == 4
        assert len(journal.flaws) == 2
        assert rows(database, "SELECT count(*) FROM members") == [(4,)]


def test_what_is_of_another_identity_is_left_as_it_is(path: Path) -> None:
    with opened(path) as (_, journal):
        journal.next_epoch(1)
        core = start(journal)
        core.me = "carol"
        core.channels.clear()
        stored = journal.load()
        restore(core, stored)
        assert core.channels == {}
        assert {row["code"] for row in core.trace.rows()} == {"another_identity"}
        assert not core.out


def test_a_damaged_one_is_mended_as_what_it_is_and_then_migrated(path: Path) -> None:
    content = bytearray(path.read_bytes())
    with contextlib.closing(sqlite3.connect(path)) as before:
        [(page,)] = rows(before, "SELECT rootpage FROM sqlite_master WHERE name = 'outcomes'")
        size = rows(before, "PRAGMA page_size")[0][0]
    content[(page - 1) * size : page * size] = bytes(size)
    path.write_bytes(content)
    with opened(path) as (database, journal):
        assert database.mended
        found = by_context(start(journal))
    assert {name: one.other.handled for name, one in found.items()} == {
        "tally_1": 16,
        "tally_2": 15,
        "tally_3": 0,
        "tally_4": 23,
        "": 2,
    }
    assert len(found["tally_2"].outbox) == 3
