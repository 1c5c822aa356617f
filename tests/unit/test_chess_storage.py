# SPDX-License-Identifier: MIT
"""The list of games while its database takes nothing: read as it is, and refused in words."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from litestar import Litestar
from litestar.testing import TestClient

from goop_chess.plugin import ChessPlugin
from goop_chess.routes import routes
from goop_node.data.storage import open_database
from goop_node.problems import EXCEPTION_HANDLERS
from tests.unit.test_chess_plugin import Node, Table

WRITES = ("insert", "update", "delete", "begin")


class Home(Node):
    """A node with the real database of its data folder."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.folder = folder

    def database(self, migrations: tuple[str, ...]) -> sqlite3.Connection:
        open_database(self.folder / "chess.sqlite3", migrations).close()
        # The test's client has a thread of its own, and asks nothing twice at once.
        self.connection: Any = sqlite3.connect(
            self.folder / "chess.sqlite3",
            isolation_level=None,
            timeout=0.01,
            check_same_thread=False,
            factory=Full,
        )
        return self.connection  # type: ignore[no-any-return]


class Full(sqlite3.Connection):
    """A connection whose disk may be full: then it only reads."""

    full = ""

    def execute(self, sql: str, *more: Any) -> sqlite3.Cursor:  # type: ignore[override]
        if self.full and sql.strip().lower().startswith(WRITES):
            error = sqlite3.OperationalError("database or disk is full")
            error.sqlite_errorcode = getattr(sqlite3, self.full)
            raise error
        return super().execute(sql, *more)


@pytest.fixture
def home(tmp_path: Path) -> Iterator[tuple[Home, Table]]:
    plugin, node = ChessPlugin(), Home(tmp_path)
    app = Litestar(
        routes(plugin).handlers,
        lifespan=[lambda app: plugin.goop_lifespan(node)],  # type: ignore[arg-type]
        exception_handlers=EXCEPTION_HANDLERS,
        openapi_config=None,
    )
    with TestClient(app) as client:
        [context] = plugin.realtime_contexts(node)  # type: ignore[arg-type]
        yield node, Table(client, context)


@contextlib.contextmanager
def trouble(node: Home, kind: str) -> Iterator[None]:
    """Another program has the lock, or the disk takes nothing."""
    if kind != "locked":
        node.connection.full = kind
        yield
        node.connection.full = ""
        return
    with contextlib.closing(
        sqlite3.connect(node.folder / "chess.sqlite3", isolation_level=None)
    ) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


KINDS = {
    "locked": "storage_busy",
    "SQLITE_FULL": "storage_failed",
    "SQLITE_IOERR": "storage_failed",
    "SQLITE_READONLY": "storage_failed",
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_route_answers_in_words_and_reads_are_fresh(
    home: tuple[Home, Table], kind: str
) -> None:
    node, table = home
    session = table.open("rt-1", "chess_1")
    table.move(session, "e2e4")
    assert table.get("/chess_1")["san"] == ["e4"]
    with trouble(node, kind):
        table.move(session, "e7e5")
        table.open("rt-2", "chess_2")
        assert {row["game"] for row in table.get()} == {"chess_1", "chess_2"}
        assert [row["moves"] for row in table.get() if row["game"] == "chess_1"] == [2]
        for path in ("/chess_1", "/rt-1", "/chess_1/positions", "/chess_1/pgn", "/chess_2"):
            assert table.client.get(f"/games{path}").status_code == 200, path
        assert table.get("/rt-1")["san"] == ["e4", "e5"]
        answer = table.client.post("/games/chess_1/abandon")
        assert answer.status_code == 503
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["code"] == KINDS[kind]
        assert "nothing was changed" in answer.json()["detail"]
        assert table.get("/chess_1")["status"] == "running"
    assert table.client.post("/games/chess_1/abandon").json()["status"] == "abandoned"
    del session
    written = node.connection.execute("SELECT game, abandoned FROM games ORDER BY game").fetchall()
    assert written == [("chess_1", 1), ("chess_2", 0)]


def test_a_list_that_cannot_even_be_read_says_so(
    home: tuple[Home, Table], monkeypatch: pytest.MonkeyPatch
) -> None:
    node, table = home
    table.open("rt-1")
    monkeypatch.setattr("tests.unit.test_chess_storage.WRITES", ("select",))
    with trouble(node, "SQLITE_IOERR"):
        for path in ("", "/rt-1", "/rt-1/pgn", "/rt-1/positions"):
            answer = table.client.get(f"/games{path}")
            assert (answer.status_code, answer.json()["code"]) == (503, "storage_failed"), path
