# SPDX-License-Identifier: MIT
"""The list of games, in SQLite: an index of what the channels' logs hold, never a second truth."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from goop_chess.session import ChessSession
from goop_node.data.storage import takes_nothing_now

MIGRATIONS = (
    """
    CREATE TABLE games (
        game TEXT NOT NULL, peer TEXT NOT NULL, channel TEXT NOT NULL, state TEXT NOT NULL,
        abandoned INTEGER NOT NULL DEFAULT 0, created INTEGER NOT NULL, updated INTEGER NOT NULL,
        PRIMARY KEY (game, peer)
    ) WITHOUT ROWID;
    CREATE INDEX games_updated ON games (updated);
    """,
    "CREATE TABLE clocks (channel TEXT PRIMARY KEY, measured TEXT NOT NULL) WITHOUT ROWID;",
    """
    ALTER TABLE games ADD COLUMN over INTEGER NOT NULL DEFAULT 0;
    UPDATE games SET over = json_extract(state, '$.reason') IS NOT NULL WHERE json_valid(state);
    DROP INDEX games_updated;
    CREATE INDEX games_listed ON games ((over OR abandoned), updated DESC);
    """,
)
"""The schema, by user_version."""
_COLUMNS = "game, peer, channel, state, abandoned, created, updated"


@dataclass(frozen=True, kw_only=True)
class StoredGame:
    """A row: ``state`` is a session's snapshot; times are Unix ms."""

    game: str
    peer: str
    channel: str
    state: dict[str, Any]
    abandoned: bool
    created: int
    updated: int


def game_id(context: str, channel: str) -> str:
    """A ``chess_<id>`` is one game for good; plain ``chess`` is a new one per channel."""
    return channel if context == "chess" else context


@dataclass(frozen=True)
class _Change:
    """A game that was put, and not written yet."""

    peer: str
    session: ChessSession
    now: int
    begins: bool

    def row(self) -> tuple[Any, ...]:
        """The columns of a new row, but for ``abandoned`` and ``over``."""
        request = self.session.request
        game = game_id(request.context, request.channel)
        state = json.dumps(self.session.snapshot())
        return (game, self.peer, request.channel, state, self.now, self.now)


class Games:
    """Reads and writes the list. What has changed is written together, before anything is read."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._db = database
        self._changed: dict[str, _Change] = {}

    def put(self, peer: str, session: ChessSession, now: int, *, begins: bool) -> None:
        """The game played with ``peer`` has changed. Putting it twice changes nothing.

        ``begins``: it goes on in the session's channel from here. Else what an earlier channel of
        the game held is told again, maybe, and is old. A game that was put aside is running again
        once it is played on, or opened anew. ``now`` in Unix ms.
        """
        before = self._changed.get(session.request.channel)
        begins = begins or (before is not None and before.begins)
        self._changed[session.request.channel] = _Change(peer, session, now, begins)

    def write(self) -> None:
        """Write what has changed, in one transaction.

        Later where another program has the lock, or the disk is full: until then it is read from
        here, and after a crash the channels' logs have it.
        """
        if not self._changed:
            return
        try:
            self._write()
        except sqlite3.OperationalError as error:
            if not takes_nothing_now(error):
                raise
        else:
            self._changed.clear()

    def _write(self) -> None:
        with self._db as db:
            db.execute("BEGIN IMMEDIATE")
            db.executemany(
                "INSERT INTO games (game, peer, channel, state, created, updated, over)"
                " VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (game, peer) DO UPDATE SET"
                " channel = excluded.channel, state = excluded.state, abandoned = 0,"
                " updated = excluded.updated, over = excluded.over"
                " WHERE CASE channel WHEN excluded.channel THEN state <> excluded.state"
                " ELSE ? END",
                [
                    (*change.row(), change.session.over, change.begins)
                    for change in self._changed.values()
                ],
            )

    def find(self, game: str, peer: str | None = None) -> StoredGame | None:
        """The game of that id or channel (with that peer), the newest one of several."""
        self.write()
        rows = self._db.execute(
            f"SELECT {_COLUMNS} FROM games"
            " WHERE (game = ? OR channel = ?) AND (? IS NULL OR peer = ?)"
            " ORDER BY updated DESC",
            (game, game, peer, peer),
        )
        found = [
            each
            for each in self._as_they_are(rows)
            if game in (each.game, each.channel) and peer in (None, each.peer)
        ]
        return found[0] if found else None

    def all(self, limit: int = 200) -> list[StoredGame]:
        """The newest games, the newest first; whatever is not over is among them."""
        self.write()
        rows = self._db.execute(
            f"SELECT {_COLUMNS} FROM games ORDER BY (over OR abandoned), updated DESC LIMIT ?",
            (limit,),
        )
        return self._as_they_are(rows)

    def _as_they_are(self, rows: Iterable[Any]) -> list[StoredGame]:
        """What the rows say, and what could not be written yet; the newest first."""
        games = {(each.game, each.peer): each for each in map(_stored, rows)}
        for change in self._changed.values():
            row = change.row()
            new = _stored((*row[:4], 0, *row[4:]))
            old = games.get((new.game, new.peer))
            if old is None or (
                old.state != new.state if old.channel == new.channel else change.begins
            ):
                created = new.created if old is None else old.created
                games[new.game, new.peer] = replace(new, created=created)
        return sorted(games.values(), key=lambda each: -each.updated)

    def abandon(self, game: str, peer: str, now: int) -> None:
        """Put a game with that peer aside. Raises ``sqlite3.OperationalError`` where it cannot."""
        self.write()
        with self._db as db:
            db.execute(
                "UPDATE games SET abandoned = 1, updated = ? WHERE game = ? AND peer = ?",
                (now, game, peer),
            )


def _stored(row: Any) -> StoredGame:
    game, peer, channel, state, abandoned, created, updated = row
    return StoredGame(
        game=game,
        peer=peer,
        channel=channel,
        state=json.loads(state),
        abandoned=bool(abandoned),
        created=created,
        updated=updated,
    )
