# SPDX-License-Identifier: MIT
"""Watches the plugins' databases while they are in use: a look at each of them every second.

A file may be deleted, replaced or written over, and another program may hold its lock. Whoever
can help is told, the status page says what is wrong, and says it no more when it is over. In
quiet moments the write-ahead log is emptied into the file.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import sqlite3
from dataclasses import dataclass

from goop_node.data.storage import Database, check, is_locked
from goop_node.own_threads import in_own_thread

BEAT_SECONDS = 1.0
LOCKED_BEATS = 2
"""Beats after which a lock is worth a word: others may write for a moment."""
MAX_LOG = 4 * 1024 * 1024
"""Bytes of a write-ahead log that is moved into its file though there is no quiet moment."""
log = logging.getLogger(__name__)


@dataclass(eq=False)
class _Watched:
    plugin: str
    database: Database
    trouble: str = ""
    locked: int = 0
    changes: int = -1


class DatabaseWatch:
    """The databases that are open, and what is wrong with each."""

    def __init__(self) -> None:
        self._watched: list[_Watched] = []

    def add(self, plugin: str, database: Database) -> None:
        """Watch this one until it is closed."""
        self._watched = [one for one in self._watched if one.database.path != database.path]
        self._watched.append(_Watched(plugin, database))

    def troubles(self) -> dict[str, str]:
        """What is wrong at the moment, by plugin."""
        return {one.plugin: one.trouble for one in self._watched if one.trouble}

    async def run(self) -> None:
        """Look at all of them every second, until cancelled."""
        while True:
            await asyncio.sleep(BEAT_SECONDS)
            await self.look()

    async def look(self) -> None:
        """Look at all of them once."""
        for one in list(self._watched):
            try:
                trouble = await self._look(one)
            except sqlite3.ProgrammingError:  # it was closed
                if one in self._watched:
                    self._watched.remove(one)
                continue
            except Exception as error:
                trouble = f"{one.database.path.name}: {error}"
            if trouble and trouble != one.trouble:
                log.warning("the database of %s: %s", one.plugin, trouble)
            elif one.trouble and not trouble:
                log.warning("the database of %s is in order again", one.plugin)
            one.trouble = trouble

    async def _look(self, one: _Watched) -> str:
        database = one.database
        changes = database.total_changes  # raises where it is closed
        trouble = database.trouble()
        if not trouble and database.changed():
            trouble = await _judge(database)
        if trouble:
            if database.on_trouble is not None:
                database.on_trouble(trouble)
            return trouble
        quiet, one.changes = changes == one.changes, changes
        if database.in_transaction:
            return ""
        try:
            database.execute("BEGIN IMMEDIATE")
            database.execute("ROLLBACK")
        except sqlite3.OperationalError as error:
            if not is_locked(error):
                raise
            one.locked += 1
            held = one.locked >= LOCKED_BEATS
            return f"another program holds the lock of {database.path.name}" if held else ""
        one.locked = 0
        _empty_log(database, quiet=quiet)
        return ""


async def _judge(database: Database) -> str:
    """Somebody wrote to the file: whether it is still one."""
    flaw = await in_own_thread(check, database.path, database.mark)
    if flaw:
        return f"{database.path.name} was damaged while in use: {flaw}"
    database.remember()
    return ""


def _empty_log(database: Database, *, quiet: bool) -> None:
    size = 0
    with contextlib.suppress(OSError):
        size = os.stat(f"{database.path}-wal").st_size
    if size > MAX_LOG or (quiet and size):
        database.checkpoint("TRUNCATE")
