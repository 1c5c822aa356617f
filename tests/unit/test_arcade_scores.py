# SPDX-License-Identifier: MIT
"""The arcade's leaderboard: what a round that is over writes, once, and how much stays."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from goop_arcade_rooms.scores import KEPT, MIGRATIONS, Scores


@pytest.fixture
def file(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    database = sqlite3.connect(tmp_path / "scores.sqlite3", timeout=0.01)
    for script in MIGRATIONS:
        database.executescript(script)
    yield database
    database.close()


def result(number: int, *scores: int, mode: str = "together") -> dict[str, Any]:
    ships = [
        {"peerId": f"p{n}", "label": f"P{n}", "score": score} for n, score in enumerate(scores)
    ]
    return {"id": f"m{number}", "mode": mode, "reason": "lost", "wave": 2, "endedAt": number} | {
        "ships": ships
    }


def test_the_best_come_first_with_who_played_and_when(file: sqlite3.Connection) -> None:
    scores = Scores(file)
    scores.put("room-1", [result(1, 30, 50), result(2, 100), result(3, 70, 90, mode="versus")])
    together = scores.best("together")
    assert [(row["points"], row["endedAt"]) for row in together] == [(100, 2), (80, 1)]
    assert together[1]["ships"] == [
        {"peerId": "p1", "label": "P1", "score": 50},
        {"peerId": "p0", "label": "P0", "score": 30},
    ]
    assert [row["points"] for row in scores.best("versus")] == [90]


def test_what_is_told_again_counts_once_and_the_newest_word_counts(
    file: sqlite3.Connection,
) -> None:
    for _ in range(2):
        Scores(file).put("room-1", [result(1, 30), result(2, 40)])
    Scores(file).put("room-1", [result(2, 60)])
    Scores(file).put("room-2", [result(2, 50)])
    assert [row["points"] for row in Scores(file).best("together")] == [60, 50, 30]


def test_the_least_go_where_there_are_too_many(file: sqlite3.Connection) -> None:
    scores = Scores(file)
    scores.put("room-1", [result(999, 1, mode="versus")])
    scores.put("room-1", [result(n, n) for n in range(KEPT + 20)])
    kept = [row["points"] for row in scores.best("together", limit=1_000)]
    assert kept == list(range(KEPT + 19, 19, -1))
    assert len(scores.best("versus")) == 1


def test_a_locked_file_is_written_later(file: sqlite3.Connection, tmp_path: Path) -> None:
    other = sqlite3.connect(tmp_path / "scores.sqlite3")
    other.execute("BEGIN EXCLUSIVE")
    scores = Scores(file)
    scores.put("room-1", [result(1, 30)])
    other.rollback()
    other.close()
    assert [row["points"] for row in scores.best("together")] == [30]
