# SPDX-License-Identifier: MIT
"""One SQLite file per plugin, brought up to date by numbered migrations."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from pathlib import Path


class StorageError(Exception):
    """A database cannot be used. ``code`` is ``newer`` or ``unusable``; the text says why."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


def open_database(path: Path, migrations: Sequence[str]) -> sqlite3.Connection:
    """Open the SQLite file at ``path`` (made when missing, 0600) and migrate it.

    ``migrations[i]`` is the SQL script from ``user_version`` ``i`` to ``i + 1``; each runs
    in a transaction of its own, so a script must not contain BEGIN or COMMIT. WAL mode,
    ``synchronous=NORMAL``, foreign keys on; the connection belongs to the calling thread and
    commits by itself unless a transaction was begun. Raises ``StorageError``.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        connection = sqlite3.connect(path, isolation_level=None, timeout=5.0)
    except (OSError, sqlite3.Error) as error:
        raise StorageError("unusable", f"{path} cannot be opened: {error}") from error
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA busy_timeout = 5000")
        _migrate(connection, path, migrations)
    except sqlite3.Error as error:
        connection.close()
        raise StorageError("unusable", f"{path} cannot be used: {error}") from error
    except StorageError:
        connection.close()
        raise
    return connection


def _migrate(connection: sqlite3.Connection, path: Path, migrations: Sequence[str]) -> None:
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
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
        except sqlite3.Error:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
