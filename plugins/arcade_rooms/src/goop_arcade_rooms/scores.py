# SPDX-License-Identifier: MIT
"""The leaderboard, in SQLite: the best rounds that were played in rooms of this node."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from typing import Any

from goop_node.data.storage import takes_nothing_now
from goop_node.types import JsonValue

MIGRATIONS = (
    """
    CREATE TABLE rounds (
        channel TEXT NOT NULL, round TEXT NOT NULL, mode TEXT NOT NULL, points INTEGER NOT NULL,
        wave INTEGER NOT NULL, ended INTEGER NOT NULL, ships TEXT NOT NULL,
        PRIMARY KEY (channel, round)
    ) WITHOUT ROWID;
    CREATE INDEX rounds_best ON rounds (mode, points DESC, ended);
    """,
)
"""The schema, by user_version."""
KEPT = 100
"""Rounds of each mode."""
MODES = ("together", "versus")
_ORDER = "points DESC, ended, channel, round"


class Scores:
    """Reads and writes the leaderboard. Putting a round twice changes nothing.

    A round is known by its room and by the id of the message that began it. In ``together`` its
    points are those of all, in ``versus`` those of the best.
    """

    def __init__(self, database: sqlite3.Connection) -> None:
        self._db = database
        self._waiting: list[tuple[Any, ...]] = []

    def put(self, channel: str, results: Iterable[Any]) -> None:
        """Rounds of a room that are over, as its Session has them."""
        self._waiting += [_row(channel, result) for result in results]
        self.write()

    def write(self) -> None:
        """Write what waits: later where another program has the lock, or the disk is full."""
        if not self._waiting:
            return
        try:
            with self._db as db:
                db.execute("BEGIN IMMEDIATE")
                db.executemany(
                    "INSERT OR REPLACE INTO rounds VALUES (?, ?, ?, ?, ?, ?, ?)", self._waiting
                )
                for mode in MODES:
                    db.execute(
                        "DELETE FROM rounds WHERE mode = ? AND (channel, round) NOT IN (SELECT"
                        f" channel, round FROM rounds WHERE mode = ? ORDER BY {_ORDER} LIMIT ?)",
                        (mode, mode, KEPT),
                    )
        except sqlite3.OperationalError as error:
            if not takes_nothing_now(error):
                raise
        else:
            self._waiting.clear()

    def best(self, mode: str, limit: int = 10) -> list[dict[str, JsonValue]]:
        """The best rounds of a mode, the best first.

        ``{points, wave, endedAt, ships: [{peerId, label, score}]}`` each: ``endedAt`` in Unix ms,
        by the referee's clock; ``ships`` with the most points first.
        """
        self.write()
        rows = self._db.execute(
            f"SELECT points, wave, ended, ships FROM rounds WHERE mode = ? ORDER BY {_ORDER}"
            " LIMIT ?",
            (mode, limit),
        )
        return [
            {"points": points, "wave": wave, "endedAt": ended, "ships": json.loads(ships)}
            for points, wave, ended, ships in rows
        ]


def _row(channel: str, result: Any) -> tuple[Any, ...]:
    ships = sorted(result["ships"], key=lambda ship: -ship["score"])
    scores = [ship["score"] for ship in ships]
    points = sum(scores) if result["mode"] == "together" else max(scores)
    told = json.dumps(ships)
    mode, wave, ended = result["mode"], result["wave"], result["endedAt"]
    return (channel, result["id"], mode, points, wave, ended, told)
