# SPDX-License-Identifier: MIT
"""SQLite files are made, migrated step by step, and refused in words."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path

import pytest

from goop_node.data.storage import StorageError, is_locked, open_database

ONE = "CREATE TABLE t (x INTEGER); INSERT INTO t VALUES (1);"
TWO = "ALTER TABLE t ADD COLUMN y TEXT DEFAULT 'new';"


def test_a_new_file_gets_every_migration_and_is_private(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "a.sqlite3"
    with contextlib.closing(open_database(path, [ONE, TWO])) as database:
        assert database.execute("SELECT x, y FROM t").fetchall() == [(1, "new")]
        assert database.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert database.execute("PRAGMA foreign_keys").fetchone() == (1,)
    assert path.stat().st_mode & 0o777 == 0o600


def test_an_old_file_gets_what_it_lacks(tmp_path: Path) -> None:
    path = tmp_path / "a.sqlite3"
    open_database(path, [ONE]).close()
    with contextlib.closing(open_database(path, [ONE, TWO])) as database:
        assert database.execute("SELECT x, y FROM t").fetchall() == [(1, "new")]
        assert database.execute("PRAGMA user_version").fetchone() == (2,)


def test_a_newer_file_is_refused_in_words(tmp_path: Path) -> None:
    path = tmp_path / "a.sqlite3"
    open_database(path, [ONE, TWO]).close()
    with pytest.raises(StorageError, match=r"has version 2, this program knows up to 1") as caught:
        open_database(path, [ONE])
    assert caught.value.code == "newer"


def test_a_failing_migration_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "a.sqlite3"
    with pytest.raises(StorageError) as caught:
        open_database(path, [ONE, "CREATE TABLE u (x); INSERT INTO nowhere VALUES (1);"])
    assert caught.value.code == "unusable"
    with contextlib.closing(open_database(path, [ONE])) as database:
        tables = database.execute("SELECT name FROM sqlite_master").fetchall()
    assert tables == [("t",)]


def test_what_is_no_database_is_set_aside_and_made_anew(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "a.sqlite3"
    path.write_bytes(b"not a database at all, but long enough to be read" * 40)
    with contextlib.closing(open_database(path, [ONE])) as database:
        assert database.execute("SELECT x FROM t").fetchall() == [(1,)]
    assert path.with_name("a.sqlite3.bad").read_bytes().startswith(b"not a database")
    assert "a.sqlite3.bad" in caplog.text
    assert {one.name for one in tmp_path.iterdir()} == {"a.sqlite3", "a.sqlite3.bad"}


def test_what_cannot_be_a_file_of_ours_is_refused_in_words(tmp_path: Path) -> None:
    path = tmp_path / "a.sqlite3"
    path.mkdir()
    with pytest.raises(StorageError, match=r"a\.sqlite3 cannot be") as caught:
        open_database(path, [ONE])
    assert caught.value.code == "unusable"


def test_who_finds_it_locked_is_told_at_once(tmp_path: Path) -> None:
    path = tmp_path / "a.sqlite3"
    with (
        contextlib.closing(open_database(path, [ONE])) as database,
        contextlib.closing(sqlite3.connect(path, isolation_level=None)) as other,
    ):
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(sqlite3.OperationalError) as caught:
            database.execute("INSERT INTO t (x) VALUES (2)")
        assert is_locked(caught.value)
        other.execute("ROLLBACK")
        database.execute("INSERT INTO t (x) VALUES (2)")
