# SPDX-License-Identifier: MIT
"""Databases that are deleted, replaced, damaged or locked while in use are noticed."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from goop_node.data.storage import Database, open_database
from goop_node.data.storage_watch import LOCKED_BEATS, DatabaseWatch

TABLE = ["CREATE TABLE t (x);"]


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    found = open_database(tmp_path / "p.sqlite3", TABLE)
    found.execute("INSERT INTO t VALUES (1)")
    yield found
    found.close()


def delete(path: Path) -> None:
    path.unlink()


def replace(path: Path) -> None:
    other = path.with_name("other")
    open_database(other, TABLE).close()
    os.replace(other, path)


def overwrite(path: Path) -> None:
    path.write_bytes(b"x" * path.stat().st_size)


def cut(path: Path) -> None:
    with path.open("r+b") as file:
        file.truncate(10)


def empty(path: Path) -> None:
    with path.open("r+b") as file:
        file.truncate(0)


def copy_over(path: Path) -> None:
    """A sound database of the same making, written into the file in use."""
    other = path.with_name("other")
    open_database(other, TABLE).close()
    path.write_bytes(other.read_bytes())


def delete_log(path: Path) -> None:
    Path(f"{path}-wal").unlink()


@pytest.mark.parametrize("harm", [delete, replace, overwrite, cut, empty, copy_over, delete_log])
async def test_harm_is_noticed_within_one_look_and_told(
    database: Database, harm: Callable[[Path], None]
) -> None:
    told: list[str] = []
    database.on_trouble = told.append
    watch = DatabaseWatch()
    watch.add("p", database)
    for _ in range(3):  # until the write-ahead log is in the file
        await watch.look()
    assert watch.troubles() == {}
    harm(database.path)
    await watch.look()
    assert list(watch.troubles()) == ["p"]
    assert database.path.name in told[0]
    renewed = open_database(database.path.with_name("renewed.sqlite3"), TABLE)
    renewed.path = database.path  # as where a new one was made in its place
    renewed.trouble = lambda: ""  # type: ignore[method-assign]
    renewed.changed = lambda: False  # type: ignore[method-assign]
    watch.add("p", renewed)
    await watch.look()
    assert watch.troubles() == {}
    renewed.close()


async def test_a_lock_that_lasts_is_told_and_then_no_more(database: Database) -> None:
    watch = DatabaseWatch()
    watch.add("p", database)
    with contextlib.closing(sqlite3.connect(database.path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        for _ in range(LOCKED_BEATS):
            assert watch.troubles() == {}
            await watch.look()
        assert "lock" in watch.troubles()["p"]
        other.execute("ROLLBACK")
    await watch.look()
    assert watch.troubles() == {}


async def test_another_program_that_writes_through_sqlite_is_no_trouble(
    database: Database,
) -> None:
    watch = DatabaseWatch()
    watch.add("p", database)
    with contextlib.closing(sqlite3.connect(database.path, isolation_level=None)) as other:
        other.execute("INSERT INTO t VALUES (2)")
        other.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    await watch.look()
    assert watch.troubles() == {}
    assert database.execute("SELECT count(*) FROM t").fetchone() == (2,)


async def test_the_log_is_emptied_in_a_quiet_moment_and_where_it_is_long(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def size() -> int:
        return Path(f"{database.path}-wal").stat().st_size

    watch = DatabaseWatch()
    watch.add("p", database)
    await watch.look()
    assert size() > 0, "it was not quiet"
    await watch.look()
    assert size() == 0
    monkeypatch.setattr("goop_node.data.storage_watch.MAX_LOG", 10_000)
    for n in range(20):
        database.execute("INSERT INTO t VALUES (?)", ("x" * 4000,))
        await watch.look()
        assert size() <= 20_000, n
    assert watch.troubles() == {}


async def test_one_that_was_closed_is_watched_no_more(database: Database) -> None:
    watch = DatabaseWatch()
    watch.add("p", database)
    database.close()
    database.path.unlink()
    await watch.look()
    assert watch.troubles() == {}
