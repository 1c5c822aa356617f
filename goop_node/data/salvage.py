# SPDX-License-Identifier: MIT
"""Reading what can still be read of a damaged SQLite file."""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
import struct
from collections.abc import Iterator, Sequence
from pathlib import Path

_HEADER = 100
_PAGES_AT = 28
"""Where the header says how many pages the file has, and behind it where free ones are listed."""


def columns_of(database: sqlite3.Connection) -> dict[str, set[str]]:
    """The names of the columns of each table."""
    tables = database.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
    return {
        table: {str(row[1]) for row in database.execute(f'PRAGMA table_info("{table}")')}
        for (table,) in tables
    }


def how_many_made(damaged: Path, migrations: Sequence[str]) -> int:
    """How many of ``migrations`` the file has gone through, read from its tables.

    All of them where that cannot be told. Nothing is written.
    """
    place = f"{damaged.absolute().as_uri()}?mode=ro"
    try:
        with contextlib.closing(sqlite3.connect(place, uri=True, timeout=5.0)) as reader:
            found = columns_of(reader)
    except (sqlite3.Error, UnicodeError):
        return len(migrations)
    for count in range(len(migrations), 0, -1):
        with contextlib.closing(sqlite3.connect(":memory:", isolation_level=None)) as model:
            for script in migrations[:count]:
                model.executescript(script)
            if columns_of(model).items() <= found.items():
                return count
    return len(migrations)


def copy_readable(damaged: Path, into: sqlite3.Connection, *, more: bool = False) -> int:
    """Copy every row that can be read into the tables of the same name; how many there were.

    From both ends of each table: what lies between two unreadable places may be lost. ``more``:
    into tables that have some already, as far as keys tell which those are.
    """
    saved = 0
    into.execute("PRAGMA foreign_keys = OFF")
    into.execute("BEGIN IMMEDIATE")
    try:
        tables = into.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        for (table,) in tables:
            saved += _copy_table(damaged, into, str(table), more)
    finally:
        into.execute("COMMIT")
        into.execute("PRAGMA foreign_keys = ON")
    return saved


def _copy_table(damaged: Path, into: sqlite3.Connection, table: str, more: bool) -> int:
    info = into.execute(f"PRAGMA table_info({table})").fetchall()
    if more and not any(row[5] for row in info):
        return 0
    names = [str(row[1]) for row in info]
    keys = [str(row[1]) for row in sorted(info, key=lambda row: row[5]) if row[5]] or ["rowid"]
    saved = 0
    for direction in ("ASC", "DESC"):
        order = ", ".join(f"{key} {direction}" for key in keys)
        statement = f"SELECT {', '.join(names)} FROM {table} NOT INDEXED ORDER BY {order}"
        marks = ", ".join("?" * len(names))
        whole = True
        with contextlib.closing(_reader(damaged)) as reader:
            rows = _readable(reader, statement)
            while True:
                try:
                    row = next(rows)
                except StopIteration:
                    break
                except (sqlite3.Error, UnicodeError, OverflowError):
                    whole = False
                    break
                with contextlib.suppress(sqlite3.Error):  # one that breaks a rule of its table
                    saved += into.execute(
                        f"INSERT OR IGNORE INTO {table} VALUES ({marks})", row
                    ).rowcount
        if whole:
            break
    return saved


def _reader(path: Path) -> sqlite3.Connection:
    reader = sqlite3.connect(path, isolation_level=None, timeout=5.0)
    reader.text_factory = lambda raw: raw.decode("utf-8", "replace")
    return reader


def _readable(reader: sqlite3.Connection, statement: str) -> Iterator[tuple[object, ...]]:
    yield from reader.execute(statement)


@contextlib.contextmanager
def without_log(damaged: Path) -> Iterator[Path]:
    """A copy of the file without the log beside it, which may be that of another file."""
    copy = damaged.with_name(f".{damaged.name}.copy")
    try:
        if damaged.is_file():  # a device would be copied without end
            shutil.copyfile(damaged, copy)
        yield copy
    finally:
        for suffix in ("", "-wal", "-shm"):
            Path(f"{copy}{suffix}").unlink(missing_ok=True)


@contextlib.contextmanager
def with_fresh_first_page(damaged: Path, fresh: Path) -> Iterator[Path]:
    """A copy of the damaged file with the first page of a new one of the same making.

    There stand the header and where each table begins, which is the same in both.
    """
    with without_log(damaged) as patched:
        page = fresh.read_bytes()[:_HEADER]
        size = int.from_bytes(page[16:18], "big")
        size = 65536 if size == 1 else size
        first = bytearray(fresh.read_bytes()[:size])
        pages = max(1, damaged.stat().st_size // size)
        first[_PAGES_AT : _PAGES_AT + 12] = struct.pack(">III", pages, 0, 0)
        with patched.open("r+b") as file:
            file.write(first)
        yield patched
