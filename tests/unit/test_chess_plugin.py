# SPDX-License-Identifier: MIT
"""The list of games and its endpoints: what is listed when, and what a page is told."""

from __future__ import annotations

import gc
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from litestar import Litestar
from litestar.testing import TestClient

from goop_chess.games import MIGRATIONS, Games
from goop_chess.plugin import MONTH_MS, ChessPlugin
from goop_chess.routes import routes
from goop_chess.session import ChessSession
from goop_node.problems import EXCEPTION_HANDLERS
from goop_realtime.types import Applied, ContextType, Message, OpenRequest, Refusal, Snapshot


@dataclass
class Node:
    """What the plugin asks of its node."""

    peer_id: str = "me"
    label: str = "Me"
    peers: dict[str, Any] = field(default_factory=dict)

    def database(self, migrations: tuple[str, ...]) -> sqlite3.Connection:
        """A list of games in memory."""
        database = sqlite3.connect(":memory:", check_same_thread=False)
        for script in migrations:
            database.executescript(script)
        return database


class Table:
    """A plugin, its context, and the channels that the realtime plugin would hold."""

    def __init__(self, client: TestClient[Litestar], context: ContextType) -> None:
        self.client = client
        self.context = context
        self.count = 0

    def open(self, channel: str, context: str = "chess", **more: Any) -> Any:
        """A channel that both have agreed to; its session."""
        session = self.ask(channel, context, **more)
        assert self.context.on_open is not None
        self.context.on_open(session.request)
        return session

    def ask(self, channel: str, context: str = "chess", **more: Any) -> Any:
        """An invitation; the session, or the refusal."""
        request = OpenRequest(
            channel=channel, context=context, opener="me", peers=("me", "you"), **more
        )
        return self.context.open_session(request, None)

    def say(self, session: ChessSession, sender: str, kind: str, **fields: Any) -> Applied:
        """A message that is ordered and committed."""
        self.count += 1
        data = {"type": kind, **fields}
        message = Message(sender=sender, data=data, id=f"x-{self.count}", sent_at_ms=0)
        assert session.check(message) is None
        session.apply(message)
        entry = Applied(request=session.request, epoch=1, seq=self.count, message=message)
        self.tell(session, entry)
        return entry

    def tell(self, session: ChessSession, entry: Applied) -> None:
        """The plugin hears of a committed entry, perhaps again."""
        assert self.context.on_commit is not None
        self.context.on_commit(session, [entry])

    def move(self, session: ChessSession, uci: str) -> Applied:
        """A move of whoever's turn it is."""
        fields = {"from": uci[:2], "to": uci[2:4]}
        return self.say(session, session.players[session.position.turn], "move", **fields)

    def get(self, path: str = "") -> Any:
        """What an endpoint says."""
        answer = self.client.get(f"/games{path}")
        assert answer.status_code == 200, answer.text
        return answer.json()


@pytest.fixture
def table() -> Iterator[Table]:
    plugin, node = ChessPlugin(), Node()
    app = Litestar(
        routes(plugin).handlers,
        lifespan=[lambda app: plugin.goop_lifespan(node)],  # type: ignore[arg-type]
        exception_handlers=EXCEPTION_HANDLERS,
        openapi_config=None,
    )
    with TestClient(app) as client:
        [context] = plugin.realtime_contexts(node)  # type: ignore[arg-type]
        yield Table(client, context)


def test_a_game_is_listed_from_the_moment_both_agreed(table: Table) -> None:
    asked = table.ask("rt-1")
    assert table.get() == []
    assert table.context.on_open is not None
    table.context.on_open(asked.request)
    [row] = table.get()
    assert (row["game"], row["status"], row["moves"]) == ("rt-1", "running", 0)
    assert (row["context"], row["opponentId"], row["colour"]) == ("chess", "you", "white")
    assert table.get("/rt-1")["canAbort"] is True


def test_a_declined_invitation_leaves_nothing(table: Table) -> None:
    asked = table.ask("rt-1", "chess_7")
    assert table.client.get("/games/chess_7").status_code == 404
    del asked
    gc.collect()
    kept = table.open("rt-2", "chess_7")
    assert table.get("/chess_7")["channelId"] == kept.request.channel
    again = table.ask("rt-3", "chess_7")
    assert table.get("/chess_7")["channelId"] == "rt-2"
    assert again.snapshot()["moves"] == []


def test_what_an_earlier_channel_of_a_game_held_does_not_set_it_back(table: Table) -> None:
    first = table.open("rt-1", "chess_7")
    entry = table.move(first, "e2e4")
    second = table.open("rt-2", "chess_7", initial_state=first.snapshot())
    table.move(second, "e7e5")
    assert table.client.get("/games").status_code == 200  # it is written down
    table.tell(first, entry)
    for row in (table.get("/chess_7"), *table.get()):
        assert (row["channelId"], row["turn"]) == ("rt-2", "white")
    assert [row["moves"] for row in table.get()] == [2]


def test_a_message_told_twice_does_not_take_up_an_abandoned_game(table: Table) -> None:
    session = table.open("rt-1")
    entry = table.move(session, "e2e4")
    answer = table.client.post("/games/rt-1/abandon")
    assert answer.json()["status"] == "abandoned"
    table.tell(session, entry)
    assert table.context.on_open is not None
    table.context.on_open(session.request)
    assert table.get("/rt-1")["status"] == "abandoned"
    assert table.get("/rt-1")["legal"] == {}
    table.move(session, "e7e5")
    assert table.get("/rt-1")["status"] == "running"


def test_an_abandoned_game_is_listed_as_such_on_both_sides(table: Table) -> None:
    for channel, opener in (("rt-1", "me"), ("rt-2", "you")):
        session = table.open(channel, f"chess_{channel[3:]}")
        for move in ("e2e4", "e7e5"):
            table.move(session, move)
        assert table.get(f"/{channel}")["abandonedBy"] is None
        table.say(session, opener, "abandon")
        state = table.get(f"/{channel}")
        by = "white" if opener == "me" else "black"
        assert (state["status"], state["abandonedBy"], state["legal"]) == ("abandoned", by, {})
        assert '[Termination "abandoned"]' in table.client.get(f"/games/{channel}/pgn").text
    table.say(session, "me", "abandon_claim", result="win")
    ended = table.get("/rt-2")
    assert (ended["status"], ended["abandonedBy"]) == ("finished", None)
    assert (ended["result"], ended["reason"]) == ("1-0", "abandonment")


def test_who_goes_on_with_an_abandoned_game_is_told_that(table: Table) -> None:
    session = table.open("rt-1", "chess_7")
    for move in ("e2e4", "e7e5"):
        table.move(session, move)
    before = session.snapshot()
    table.say(session, "me", "abandon")
    refused = table.ask("rt-2", "chess_7", initial_state=before)
    assert isinstance(refused, Refusal)
    assert refused.code == "game_abandoned"
    assert not isinstance(table.ask("rt-3", "chess_7", initial_state=session.snapshot()), Refusal)


def test_the_state_of_a_game(table: Table) -> None:
    session = table.open("rt-1")
    for move in ("e2e4", "d7d5", "e4d5"):
        table.move(session, move)
    state = table.get("/rt-1")
    assert state["san"] == ["e4", "d5", "exd5"]
    assert state["lastMove"] == {"from": "e4", "to": "d5"}
    assert state["captured"] == {"white": [], "black": ["p"]}
    assert state["turn"] == "black"
    assert state["legal"]["d8"] == ["d7", "d6", "d5"]
    assert "e1" not in state["legal"]
    table.say(session, "you", "draw_offer")
    assert table.get("/rt-1")["drawOfferBy"] == "black"


def test_a_finished_game_and_its_pgn(table: Table) -> None:
    session = table.open("rt-1", params={"colour": "black"})
    for move in ("f2f3", "e7e5", "g2g4", "d8h4"):
        table.move(session, move)
    [row] = table.get()
    assert (row["status"], row["result"], row["reason"]) == ("finished", "0-1", "checkmate")
    assert row["colour"] == "black"
    pgn = table.client.get("/games/rt-1/pgn")
    assert pgn.headers["content-type"].startswith("text/plain")
    assert pgn.headers["content-disposition"].endswith(".pgn")
    assert '[Termination "normal"]' in pgn.text
    assert '[Black "Me"]' in pgn.text
    assert "1. f3 e5 2. g4 Qh4# 0-1" in pgn.text


def test_a_game_reads_the_same_without_its_channel(table: Table) -> None:
    session = table.open("rt-1")
    table.move(session, "e2e4")
    before = table.get("/rt-1")
    del session
    gc.collect()
    assert table.get("/rt-1") == before


@pytest.mark.parametrize("path", ["/nothing", "/nothing/pgn"])
def test_an_unknown_game(table: Table, path: str) -> None:
    answer = table.client.get(f"/games{path}")
    assert answer.status_code == 404
    assert answer.json()["code"] == "unknown_game"
    assert table.client.post("/games/nothing/abandon").status_code == 404


def test_a_named_game_goes_on_in_its_next_channel(table: Table) -> None:
    table.move(table.open("rt-1", "chess_7"), "e2e4")
    request = OpenRequest(channel="rt-2", context="chess_7", opener="you", peers=("you", "me"))
    assert table.context.initial_state is not None
    initial_state = table.context.initial_state(request)
    session = table.open("rt-2", "chess_7", initial_state=initial_state)
    assert session.position.uci == ["e2e4"]
    other = table.ask("rt-3", "chess_7")
    assert isinstance(other, Refusal)
    assert other.code == "game_differs"


def test_a_restart_folds_the_snapshot(table: Table) -> None:
    session = table.open("rt-1")
    table.move(session, "e2e4")
    snapshot = Snapshot(epoch=1, seq=1, state=session.snapshot())
    again = table.context.open_session(session.request, snapshot)
    assert isinstance(again, ChessSession)
    assert again.snapshot() == session.snapshot()


def test_a_game_may_wait_for_days(table: Table) -> None:
    assert table.context.limits.suspended_ms == MONTH_MS > 12 * 3600_000


def test_games_of_the_same_name_with_two_people_are_two() -> None:
    games = Games(Node().database(MIGRATIONS))
    for now, peer in enumerate(("ann", "bob")):
        peers = ("me", peer)
        request = OpenRequest(channel=f"rt-{peer}", context="chess_1", opener="me", peers=peers)
        games.put(peer, ChessSession(request), now, begins=True)
    assert [stored.peer for stored in games.all()] == ["bob", "ann"]
    games.abandon("chess_1", "ann", 9)
    ann, bob = games.find("chess_1", "ann"), games.find("chess_1", "bob")
    assert ann is not None
    assert ann.abandoned
    assert bob is not None
    assert not bob.abandoned


def test_the_past_of_a_game_is_told_behind_what_a_page_has(table: Table) -> None:
    session = table.open("rt-1")
    for uci in ("e2e4", "e7e5", "g1f3"):
        table.move(session, uci)
    told = table.get("/rt-1/positions")
    assert (told["moves"], [ply["san"] for ply in told["positions"]]) == (3, ["e4", "e5", "Nf3"])
    assert told["positions"][-1]["fen"] == table.get("/rt-1")["fen"]
    rest = table.get("/rt-1/positions?after=2")
    assert rest["positions"] == told["positions"][2:]
    assert table.get("/rt-1/positions?after=9")["positions"] == []
    assert table.client.get("/games/rt-1/positions?after=-1").status_code == 400
    assert table.client.get("/games/rt-9/positions").status_code == 404


def test_a_taken_back_move_is_no_position_any_more(table: Table) -> None:
    session = table.open("rt-1")
    table.move(session, "e2e4")
    table.move(session, "e7e5")
    table.say(session, "you", "takeback_offer")
    table.say(session, "me", "takeback_accept")
    assert [ply["uci"] for ply in table.get("/rt-1/positions")["positions"]] == ["e2e4"]


def test_the_node_puts_the_time_on_moves_and_tells_the_clocks(table: Table) -> None:
    params = {"clock": {"kind": "fischer", "seconds": 60, "increment": 2}}
    asked = OpenRequest(
        channel="rt-1", context="chess_9", opener="me", peers=("me", "you"), params=params
    )
    assert table.context.initial_state is not None
    assert table.context.stamp is not None
    initial_state = table.context.initial_state(asked)
    for other in (None, {"clock": {"kind": "correspondence", "days": 3}}):
        refused = table.ask("rt-0", "chess_9", params=other, initial_state=initial_state)
        assert isinstance(refused, Refusal)
        assert refused.code == "bad_base"
    session = table.open("rt-1", "chess_9", params=params, initial_state=initial_state)
    forged = {"spent": 0, "passed": 10**9, "seen": 10**9}
    page = {"type": "move", "from": "e2", "to": "e4", "clock": forged}
    said: Any = table.context.stamp(session.request, page)
    assert said["clock"]["seen"] < 10**9
    assert page["clock"] == forged
    table.say(session, "me", "move", **{"from": "e2", "to": "e4", "clock": said["clock"]})
    assert table.get("/chess_9")["clock"]["running"] is None
    honest = {"spent": 0, "passed": 0, "seen": 0}
    table.say(session, "you", "move", **{"from": "e7", "to": "e5", "clock": honest})
    clock = table.get("/chess_9")["clock"]
    assert (clock["running"], clock["claimable"]) == ("white", False)
    assert clock["left"] == {"white": 60_000, "black": 60_000}
    assert 0 <= clock["elapsed"] <= 60_000
    assert '[TimeControl "60+2"]' in table.client.get("/games/chess_9/pgn").text
    # Both know the game: it goes on with its clocks, whatever an invitation to go on says of them.
    again = OpenRequest(channel="rt-2", context="chess_9", opener="you", peers=("you", "me"))
    resumed = table.open("rt-2", "chess_9", initial_state=table.context.initial_state(again))
    assert resumed.snapshot() == session.snapshot()
