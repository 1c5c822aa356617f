# SPDX-License-Identifier: GPL-3.0-or-later
"""The list of games: what is in it when there are many, and whatever its routes are asked."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from litestar import Litestar
from litestar.testing import TestClient

from goop_chess.games import MIGRATIONS, Games
from goop_chess.plugin import ChessPlugin
from goop_chess.routes import routes
from goop_chess.session import ChessSession
from goop_node.problems import EXCEPTION_HANDLERS
from goop_realtime.types import Message, OpenRequest
from tests.unit.test_chess_plugin import Node


def played(games: Games, game: str, now: int, *, over: bool) -> None:
    """A game of ours is listed."""
    request = OpenRequest(channel=f"rt-{game}", context=game, opener="me", peers=("me", "you"))
    session = ChessSession(request)
    if over:
        data = {"type": "abort"}
        session.apply(Message(sender="you", data=data, id="x-1", sent_at_ms=0))
    games.put("you", session, now, begins=True)
    games.write()


def listed(games: Games, limit: int) -> list[str]:
    """The games of the list."""
    return [stored.game for stored in games.all(limit)]


def database(*migrations: str) -> sqlite3.Connection:
    """A list of games in memory, as that many migrations make it."""
    return Node().database(migrations)


def test_what_is_not_over_is_listed_however_much_was_played_since() -> None:
    games = Games(database(*MIGRATIONS))
    played(games, "chess_long", 0, over=False)
    played(games, "chess_aside", 1, over=False)
    games.abandon("chess_aside", "you", 2)
    for now in range(3, 9):
        played(games, f"chess_{now}", now, over=True)
    assert listed(games, 3) == ["chess_8", "chess_7", "chess_long"]
    played(games, "chess_long", 9, over=True)
    assert listed(games, 3) == ["chess_long", "chess_8", "chess_7"]


def test_a_list_of_an_earlier_version_knows_what_is_over() -> None:
    old = database(*MIGRATIONS[:2])
    for at, state in enumerate(('{"reason": null}', '{"reason": "mate"}', "damaged")):
        old.execute("INSERT INTO games VALUES (?, 'you', 'rt', ?, 0, 0, ?)", (at, state, at))
    old.commit()
    old.executescript(MIGRATIONS[2])
    rows = old.execute("SELECT game, over FROM games ORDER BY game")
    assert rows.fetchall() == [("0", 0), ("1", 1), ("2", 0)]


@pytest.fixture(scope="module")
def client() -> Iterator[TestClient[Litestar]]:
    """The routes, with one game."""
    plugin, node = ChessPlugin(), Node()
    app = Litestar(
        routes(plugin).handlers,
        lifespan=[lambda app: plugin.goop_lifespan(node)],  # type: ignore[arg-type]
        exception_handlers=EXCEPTION_HANDLERS,
        openapi_config=None,
    )
    with TestClient(app, raise_server_exceptions=False) as client:
        assert plugin._games is not None
        played(plugin._games, "chess_1", 1, over=False)
        yield client


PARTS = st.one_of(
    st.sampled_from(
        ["chess_1", "rt-chess_1", "chess", "%00", "%ED%A0%80", "%FF", "..", "a" * 5000]
    ),
    st.text(max_size=8).map(lambda text: quote(text.encode(errors="ignore"), safe="")),
)
NUMBERS = st.one_of(
    st.integers().map(str),
    st.sampled_from(["", "-0", "1e3", "9" * 5000, str(2**63), str(2**64), "NaN", "٣", "1_0"]),
    st.text(max_size=5).map(lambda text: quote(text.encode(errors="ignore"))),
)


@settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from(["", "/positions?after=", "/pgn", "/abandon"]),
    st.sampled_from(["GET", "POST"]),
    PARTS,
    NUMBERS,
)
def test_whatever_is_asked_has_an_answer(
    client: TestClient[Litestar], what: str, method: str, game: str, number: str
) -> None:
    end = f"{what}{number}" if "?" in what else what
    answer = client.request(method, f"/games/{game}{end}", follow_redirects=False)
    assert answer.status_code < 500, answer.text
