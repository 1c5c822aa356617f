# SPDX-License-Identifier: MIT
"""A journal that is locked, deleted, replaced or damaged under a running node."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import os
import sqlite3
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from goop_node.clock import now_ms
from goop_node.data.storage import Database, open_database, set_database_aside
from goop_node.data.storage_watch import DatabaseWatch
from goop_node.problems import Problem
from goop_node.types import Caller
from goop_realtime.machine.channel import Phase
from goop_realtime.storage import committer
from goop_realtime.storage.journal import Journal
from goop_realtime.storage.schema import MIGRATIONS
from goop_realtime.web.page_session import PageSession
from goop_realtime.web.turns import Turns
from tests.unit.test_containment import House, Stream, message

Patch = pytest.MonkeyPatch


class Disk:
    """A house whose journal is a file, as the plugin opens it."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "realtime.sqlite3"
        self.watch = DatabaseWatch()
        self.broken = False
        self.journal = Journal(self.opened(), self.anew)
        self.house = House(self.journal)
        self.journal.next_epoch(now_ms())

    def opened(self) -> Database:
        if self.broken:
            raise sqlite3.OperationalError("disk I/O error")
        database = open_database(self.path, MIGRATIONS)
        database.on_trouble = lambda reason: self.house.bridge.lost(reason)
        self.watch.add("realtime", database)
        return database

    def anew(self, reason: str) -> Database:
        set_database_aside(self.path, reason)
        return self.opened()

    def kept(self, channel: str) -> list[str]:
        """The ids that a start would find."""
        with contextlib.closing(open_database(self.path, MIGRATIONS)) as database:
            return [entry.id for entry in Journal(database).load()[channel].entries]

    @contextlib.contextmanager
    def locked(self):  # type: ignore[no-untyped-def]
        """Another program holds the lock."""
        with contextlib.closing(sqlite3.connect(self.path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            yield
            other.execute("ROLLBACK")


@pytest.fixture
async def disk(tmp_path: Path) -> AsyncIterator[Disk]:
    found = Disk(tmp_path)
    yield found
    await found.house.bridge.close()
    found.journal.close()


def confirmed(stream: Stream) -> list[str]:
    return [line["id"] for line in stream.lines if line["type"] == "confirm"]


async def test_behind_a_lock_everything_waits_in_order_and_nothing_is_confirmed(
    disk: Disk,
) -> None:
    house = disk.house
    channel, bob = house.channel("bob")
    with disk.locked():
        for n in range(1, 4):
            bob.says(message(channel, n))
            assert not house.bridge.flush()
        assert confirmed(bob) == []
        sent = house.bridge.engine.send(now_ms(), channel.id, house.page, "p-1", "mine")
        assert sent == "p-1"
        waiting = asyncio.create_task(house.bridge.stored(channel.id))
        await asyncio.sleep(0)
        assert not waiting.done()
        assert not [f for f in house.frames if f["type"] in ("message", "receipt")]
    await waiting
    assert confirmed(bob) == ["m-1", "m-2", "m-3"]
    assert house.cut == []
    assert (channel.phase, bob.ended) == (Phase.OPEN, "")


async def test_a_lock_without_end_is_a_refusal_at_last(disk: Disk, monkeypatch: Patch) -> None:
    monkeypatch.setattr(committer, "PATIENCE_MS", 100)
    house = disk.house
    channel, bob = house.channel("bob")
    with disk.locked():
        house.bridge.engine.send(now_ms(), channel.id, house.page, "p-1", "mine")
        with pytest.raises(Problem) as caught:
            await house.bridge.stored(channel.id)
        assert caught.value.code == "storage_failed"
    assert house.cut == ["p"]
    assert bob.ended == "reset"
    assert [row for row in house.core.channels.values() if len(row.log)] == []


def delete(path: Path) -> None:
    path.unlink()


def replace(path: Path) -> None:
    other = path.with_name("other")
    open_database(other, MIGRATIONS).close()
    os.replace(other, path)


def delete_log(path: Path) -> None:
    Path(f"{path}-wal").unlink()


def overwrite(path: Path) -> None:
    path.write_bytes(b"x" * path.stat().st_size)


@pytest.mark.parametrize("harm", [delete, replace, delete_log])
async def test_a_file_that_is_gone_is_written_anew_before_anything_is_confirmed(
    disk: Disk, harm: Callable[[Path], None]
) -> None:
    house = disk.house
    channel, bob = house.channel("bob")
    bob.says(message(channel, 1))
    house.bridge.flush()
    harm(disk.path)
    bob.says(message(channel, 2))
    assert house.bridge.flush()
    assert confirmed(bob) == ["m-1", "m-2"]
    assert disk.kept(channel.id) == ["m-1", "m-2"]
    assert (house.cut, bob.ended, channel.phase) == ([], "", Phase.OPEN)


def empty(path: Path) -> None:
    with path.open("r+b") as file:
        file.truncate(0)


@pytest.mark.parametrize("harm", [delete, replace, delete_log, overwrite, empty])
async def test_it_is_noticed_though_nothing_happens_and_told_until_it_is_over(
    disk: Disk, harm: Callable[[Path], None]
) -> None:
    house = disk.house
    channel, bob = house.channel("bob")
    bob.says(message(channel, 1))
    house.bridge.flush()
    await disk.watch.look()
    await disk.watch.look()
    harm(disk.path)
    await disk.watch.look()
    assert disk.kept(channel.id) == ["m-1"]
    await disk.watch.look()
    assert disk.watch.troubles() == {}
    bob.says(message(channel, 2))
    assert house.bridge.flush()
    assert disk.kept(channel.id) == ["m-1", "m-2"]
    assert (house.cut, bob.ended) == ([], "")


async def test_where_no_new_file_can_be_made_everything_waits_until_one_can(
    disk: Disk, monkeypatch: Patch
) -> None:
    monkeypatch.setattr(committer, "RETRY_LOST_MS", 10)
    house = disk.house
    channel, bob = house.channel("bob")
    disk.broken = True
    disk.path.unlink()
    bob.says(message(channel, 1))
    waiting = asyncio.create_task(house.bridge.stored(channel.id))
    await asyncio.sleep(0)
    assert not waiting.done()
    assert confirmed(bob) == []
    assert house.cut == ["p"]
    disk.broken = False
    await waiting
    assert disk.kept(channel.id) == ["m-1"]
    assert house.core.channels[channel.id].phase is Phase.OPEN


async def test_a_new_file_that_could_not_be_filled_is_not_taken_for_all_there_is(
    disk: Disk, monkeypatch: Patch
) -> None:
    monkeypatch.setattr(committer, "RETRY_LOST_MS", 10)
    house = disk.house
    channel, bob = house.channel("bob")
    made: list[Database] = []
    tries, third = itertools.count(1), asyncio.Event()
    house.bridge.cuts["p"] = lambda: third.set() if next(tries) == 3 else None

    def full(reason: str) -> Database:
        database = disk.anew(reason)
        pages = database.execute("PRAGMA page_count").fetchone()[0]
        database.execute(f"PRAGMA max_page_count = {pages}")
        made.append(database)
        return database

    monkeypatch.setattr(disk.journal, "_anew", full)
    delete(disk.path)
    bob.says(message(channel, 1, payload="x" * 20_000))
    waiting = asyncio.create_task(house.bridge.stored(channel.id))
    await third.wait()
    assert len(made) == 1
    assert channel.id in house.core.channels
    assert confirmed(bob) == []
    made[0].execute("PRAGMA max_page_count = 100000")
    await waiting
    assert disk.kept(channel.id) == ["m-1"]


async def test_a_refusal_waits_for_the_commit_behind_what_was_accepted_before_it(
    disk: Disk,
) -> None:
    house = disk.house
    channel, _ = house.channel("bob")
    session = PageSession(house.bridge, Caller(kind="program"), {}, Turns())
    assert session.open()
    session.frame('{"type":"subscribe","page":"q","ack":true}')
    house.bridge.flush()
    session.take()
    with disk.locked():
        for message_id in ("q-1", "q 2", "q-3"):
            body = {"type": "send", "channel": channel.id, "id": message_id, "data": 1}
            session.frame(json.dumps(body))
        session.frame("{}")
        house.bridge.flush()
        assert session.take() == []
    assert await house.bridge.stored(channel.id) is None
    told = [(one["type"], one.get("id")) for one in map(json.loads, session.take())]
    assert [one for one in told if one[0] != "pending"] == [
        ("receipt", "q-1"),
        ("refused", "q 2"),
        ("receipt", "q-3"),
        ("error", None),
    ]
