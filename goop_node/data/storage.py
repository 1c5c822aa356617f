# SPDX-License-Identifier: MIT
"""One SQLite file per plugin, brought up to date by numbered migrations.

A damaged file is set aside, and made anew with every row of it that can still be read.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path

from goop_node.data.kept_files import set_aside
from goop_node.data.salvage import (
    columns_of,
    copy_readable,
    how_many_made,
    with_fresh_first_page,
    without_log,
)

__all__ = ["Database", "StorageError", "is_locked", "takes_nothing_now"]

BUSY_MS = 20
"""How long who finds the file locked may keep the loop waiting."""
CACHE_KIB = 512
"""What SQLite keeps of a file in memory. Plugins read theirs at a start, and write from then on."""
CHECKED_VERSIONS = 100
"""A version so far above what is known is no version of ours, but damage."""
_NO_DISK = (
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_CANTOPEN,
)
_DAMAGE = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_FORMAT)


class StorageError(Exception):
    """A database cannot be used. ``code`` is ``newer``, ``unusable``, ``lost`` or ``locked``."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


class Database(sqlite3.Connection):
    """A connection that knows whether its file, ``path``, is still the one that it opened.

    ``on_trouble`` is called where it is not, with what is wrong; without it the trouble is only
    told. Checkpoints are the business of whoever watches it (``DatabaseWatch``).
    """

    path: Path
    mark: int
    """Written into the file when it is opened, so that another one's content is noticed."""
    mended = False
    """Whether it was made anew of a damaged one, of which some may be missing."""
    on_trouble: Callable[[str], None] | None = None
    _files: dict[str, tuple[int, int]]
    _stamp: tuple[int, int]

    def trouble(self) -> str:
        """What has happened to the file, in words; ``""`` while it is in its place."""
        path = str(self.path)
        for suffix in ("", "-wal"):
            try:
                found = os.stat(path + suffix)
            except FileNotFoundError:
                if suffix in self._files:
                    return f"{self.path.name}{suffix} was deleted while in use"
                continue
            except OSError as error:
                return f"{self.path.name}{suffix} cannot be reached: {error.strerror}"
            identity = (found.st_dev, found.st_ino)
            if self._files.setdefault(suffix, identity) != identity:
                return f"another file was put in the place of {self.path.name}{suffix}"
        return ""

    def changed(self) -> bool:
        """Whether somebody else has written to the file, past SQLite or through it."""
        return self._stamp != _stamp_of(self.path)

    def remember(self) -> None:
        """The file is as it should be now."""
        self._stamp = _stamp_of(self.path)

    def checkpoint(self, mode: str) -> None:
        """Move what the write-ahead log has into the file: ``PASSIVE``, or ``TRUNCATE``."""
        ours = not self.changed()
        self.execute(f"PRAGMA wal_checkpoint({mode})").fetchone()
        if ours:
            self.remember()


def open_database(path: Path, migrations: Sequence[str]) -> Database:
    """Open the SQLite file at ``path`` (made when missing, 0600) and migrate it.

    ``migrations[i]`` is the SQL script from ``user_version`` ``i`` to ``i + 1``; each runs
    in a transaction of its own, so a script must not contain BEGIN or COMMIT. WAL mode,
    ``synchronous=NORMAL``, foreign keys on; the connection belongs to the calling thread and
    commits by itself unless a transaction was begun. A damaged file is mended. Where another
    program holds its lock: ``sqlite3.OperationalError`` after ``BUSY_MS``. Raises ``StorageError``.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _look_at_log(path)
        return _open(path, migrations)
    except (sqlite3.Error, UnicodeError) as error:
        if not is_damage(error):
            raise StorageError("unusable", f"{path} cannot be used: {error}") from error
        return mend(path, migrations, str(error))
    except OSError as error:
        raise StorageError("unusable", f"{path} cannot be opened: {error}") from error


def mend(path: Path, migrations: Sequence[str], reason: str) -> Database:
    """Make the database anew with what can be read of the damaged one, which is set aside.

    Raises ``StorageError``.
    """
    fresh = path.with_name(f".{path.name}.anew")
    made_by = how_many_made(path, migrations)
    try:
        try:
            saved = _fill(fresh, path, migrations, made_by)
        except sqlite3.Error:
            if made_by == len(migrations):
                raise
            saved = _fill(fresh, path, migrations, len(migrations))
        set_database_aside(path, f"{reason}; {saved} rows of it could be saved")
        os.replace(fresh, path)
        mended = _open(path, migrations)
        mended.mended = True
        return mended
    except (OSError, sqlite3.Error) as error:
        raise StorageError(
            "unusable", f"{path} is damaged and cannot be mended: {error}"
        ) from error


def _fill(fresh: Path, path: Path, migrations: Sequence[str], made_by: int) -> int:
    """Copy what can be read into a new file of the same tables, and migrate it; how many rows."""
    _remove(fresh)
    with contextlib.closing(_open(fresh, migrations[:made_by])) as database:
        with without_log(path) as alone:
            # Copied first: whoever opens the file moves its log into it.
            saved = copy_readable(path, database)
            saved += copy_readable(alone, database, more=True)
        if not saved:
            with with_fresh_first_page(path, fresh) as patched:
                saved = copy_readable(patched, database)
    _open(fresh, migrations).close()
    return saved


def set_database_aside(path: Path, reason: str) -> None:
    """Give a database another name, so that one can be made anew in its place."""
    if path.exists():
        set_aside(path, reason)
    for suffix in ("-wal", "-shm"):
        with contextlib.suppress(OSError):
            os.unlink(f"{path}{suffix}")


def is_damage(error: Exception) -> bool:
    """Whether what the file holds is at fault, as far as SQLite can tell.

    What it says of a schema that is no text is no text either.
    """
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    return isinstance(error, UnicodeError) or code in _DAMAGE


def is_locked(error: Exception) -> bool:
    """Whether another program holds a lock, which passes."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    return code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


def takes_nothing_now(error: Exception) -> bool:
    """Whether the file cannot be written for the time being: a lock, or a disk that is full."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    return is_locked(error) or code in _NO_DISK


def check(path: Path, mark: int) -> str:
    """Look through a whole file, on a connection of its own; what is wrong with it, or ``""``.

    ``mark`` is that of the connection that is in use: a file without it is another one.
    """
    try:
        with contextlib.closing(sqlite3.connect(path, timeout=5.0)) as database:
            found = database.execute("PRAGMA application_id").fetchone()[0]
            return _flaw(database) or ("" if found == mark else "it is another one's content")
    except (sqlite3.Error, UnicodeError) as error:
        return str(error) if is_damage(error) else ""


def _open(path: Path, migrations: Sequence[str]) -> Database:
    path.touch(mode=0o600)
    database = sqlite3.connect(path, isolation_level=None, timeout=5.0, factory=Database)
    # A damaged text is read with a mark in it, and judged by who reads it; the others are there.
    database.text_factory = _text
    try:
        database.path = path
        database._files, database._stamp = {}, (0, 0)
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = NORMAL")
        database.execute("PRAGMA foreign_keys = ON")
        database.execute("PRAGMA wal_autocheckpoint = 0")
        database.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
        flaw = _flaw(database)
        if flaw:
            raise _damaged(flaw)
        _migrate(database, path, migrations)
        _refuse_misfit(database, migrations)
        database.mark = secrets.randbits(31)
        database.execute(f"PRAGMA application_id = {database.mark}")
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        database.execute(f"PRAGMA busy_timeout = {BUSY_MS}")
        database.remember()
        database.trouble()
    except BaseException:
        database.close()
        raise
    return database


def _look_at_log(path: Path) -> None:
    """Raise ``sqlite3.DatabaseError`` where a log that was left behind does not fit its file.

    Nothing is written: a connection that may write moves the log into the file when it closes.
    """
    log = Path(f"{path}-wal")
    if log.is_file() and log.stat().st_size:
        place = f"{path.absolute().as_uri()}?mode=ro"
        with contextlib.closing(sqlite3.connect(place, uri=True, timeout=5.0)) as reader:
            flaw = _flaw(reader)
        if flaw:
            raise _damaged(flaw)


def _flaw(database: sqlite3.Connection) -> str:
    found = database.execute("PRAGMA integrity_check(1)").fetchone()[0]
    return "" if found == "ok" else " ".join(str(found).split())[:200]


def _damaged(reason: str) -> sqlite3.DatabaseError:
    error = sqlite3.DatabaseError(reason)
    error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
    return error


def _stamp_of(path: Path) -> tuple[int, int]:
    try:
        found = os.stat(path)
    except OSError:
        return (0, 0)
    return (found.st_size, found.st_mtime_ns)


def _remove(path: Path) -> None:
    for suffix in ("", "-wal", "-shm"):
        Path(f"{path}{suffix}").unlink(missing_ok=True)


def _migrate(connection: sqlite3.Connection, path: Path, migrations: Sequence[str]) -> None:
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    if not 0 <= version <= len(migrations) + CHECKED_VERSIONS:
        raise _damaged(f"version {version} is none")
    if version > len(migrations):
        raise StorageError(
            "newer",
            f"{path} has version {version}, this program knows up to {len(migrations)}; "
            "update the plugin, or move the file away to begin anew",
        )
    for number in range(version, len(migrations)):
        try:
            # One script with its own BEGIN: executescript() would commit a pending one.
            connection.executescript(
                f"BEGIN IMMEDIATE;\n{migrations[number]}\n;"
                f"PRAGMA user_version = {number + 1};\nCOMMIT;"
            )
        except sqlite3.Error as error:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            if is_locked(error) or not _sound(migrations):
                raise
            raise _damaged(f"what it holds does not fit its version {version}: {error}") from error


def _refuse_misfit(database: sqlite3.Connection, migrations: Sequence[str]) -> None:
    """Raise ``sqlite3.DatabaseError`` where a table or a column of the migrations is missing."""
    with contextlib.closing(sqlite3.connect(":memory:", isolation_level=None)) as model:
        for script in migrations:
            model.executescript(script)
        found = columns_of(database)
        for table, columns in columns_of(model).items():
            if not columns <= found.get(table, set()):
                raise _damaged(f"the table {table} is missing, or is another one")


def _sound(migrations: Sequence[str]) -> bool:
    """Whether the migrations by themselves work."""
    with contextlib.closing(sqlite3.connect(":memory:", isolation_level=None)) as database:
        try:
            for script in migrations:
                database.executescript(script)
        except sqlite3.Error:
            return False
    return True


def _text(encoded: bytes) -> str:
    return encoded.decode("utf-8", "replace")
