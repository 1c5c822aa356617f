# SPDX-License-Identifier: GPL-3.0-or-later
"""Leaving a game for good: what may be said then, how it ends, and nodes that do not know of it."""

from __future__ import annotations

import itertools
import random
from dataclasses import replace
from typing import Any

import pytest

from goop_chess.abandoning import MESSAGES, REASON
from goop_chess.plugin import schemas
from goop_chess.session import ChessSession, refuse_state
from goop_chess.summary import summary
from goop_node.types import JsonValue
from goop_realtime.contexts.registry import Context, compile_context
from goop_realtime.machine import versions
from goop_realtime.model.obstacles import MISMATCH
from goop_realtime.testing import SimNode, World
from goop_realtime.types import Refusal
from tests.unit.test_chess_session import REQUEST, Table
from tests.unit.test_crossing_chess import CHESS, Game

WIN, DRAW = {"result": "win"}, {"result": "draw"}
OLDER = replace(
    CHESS,
    version="1.0",
    initial_state=None,
    messages={kind: schema for kind, schema in schemas().items() if kind not in MESSAGES},
)
"""The context as 0.1.0 has it."""


def left(by: str = "w") -> Table:
    """A game of two moves that a player has abandoned."""
    table = Table()
    table.play(["e4", "e5"])
    assert table.say(by, "abandon") == ""
    return table


@pytest.mark.parametrize("by", ["w", "b"])
def test_who_has_left_says_nothing_more_and_the_other_one_ends_it(by: str) -> None:
    """Every message of both: what is not allowed by the table is refused."""
    other = "b" if by == "w" else "w"
    allowed = {(by, "resign"), (other, "resign"), (other, "abandon"), (other, "abandon_claim")}
    allowed |= {(by, "chat"), (other, "chat")}
    fields = {"move": {"from": "g1", "to": "f3"}, "abandon_claim": WIN}
    for who, kind in itertools.product((by, other), schemas()):
        code = left(by).say(who, kind, **fields.get(kind, {}))
        if (who, kind) in allowed:
            assert code == "", (who, kind)
        else:
            claims = kind == "abandon_claim"
            assert code == ("nothing_to_claim" if claims else "game_abandoned"), (who, kind)


@pytest.mark.parametrize(
    ("who", "kind", "fields", "end"),
    [
        ("b", "abandon_claim", WIN, ("0-1", REASON)),
        ("b", "abandon_claim", DRAW, ("1/2-1/2", REASON)),
        ("b", "abandon", {}, ("*", REASON)),
        ("b", "resign", {}, ("1-0", "resignation")),
        ("w", "resign", {}, ("0-1", "resignation")),
    ],
)
def test_how_it_ends(who: str, kind: str, fields: dict[str, str], end: tuple[str, str]) -> None:
    table = left()
    session = table.sessions[0]
    assert not session.over
    assert session.abandoned_by == "white"
    assert summary(session, "b", "Al").waiting
    assert summary(session, "w", "Bo").ended
    assert table.say(who, kind, **fields) == ""
    assert (session.result, session.reason) == end
    assert table.say(who, "abandon") == "game_over"
    assert refuse_state(REQUEST, session.snapshot()) is None


def test_what_has_hardly_begun_is_called_off() -> None:
    table = Table()
    table.play(["e4"])
    assert table.say("b", "abandon") == ""
    session = table.sessions[0]
    assert (session.result, session.reason, session.abandoned_by) == ("*", "abort", None)


def test_nobody_claims_while_both_play_and_open_offers_are_void() -> None:
    table = Table()
    table.play(["e4", "e5"])
    assert table.say("w", "abandon_claim", **WIN) == "nothing_to_claim"
    assert table.say("w", "draw_offer") == ""
    assert table.say("w", "abandon") == ""
    assert table.say("b", "draw_accept") == "game_abandoned"


@pytest.mark.parametrize(
    "changes",
    [
        {"abandonedBy": "green"},
        {"abandonedBy": ["white"]},
        {"abandonedBy": "white", "result": "1-0", "reason": REASON},
        {"abandonedBy": "white", "result": "1/2-1/2", "reason": "agreement"},
        {"result": "1-0", "reason": REASON},
    ],
)
def test_a_state_to_go_on_from_says_only_what_can_be(changes: dict[str, Any]) -> None:
    table = Table()
    table.play(["e4", "e5"])
    state = table.sessions[0].snapshot()
    assert refuse_state(REQUEST, {**state, "abandonedBy": "white"}) is None
    refused = refuse_state(REQUEST, {**state, **changes})
    assert isinstance(refused, Refusal)


def test_a_game_that_nobody_left_has_the_state_that_it_had_before() -> None:
    assert "abandonedBy" not in Table().sessions[0].snapshot()
    again = ChessSession(REQUEST, left().sessions[0].snapshot())
    assert again.abandoned_by == "white"


ABANDON, CLAIM = {"type": "abandon"}, {"type": "abandon_claim", "result": "win"}
CROSSING: dict[str, tuple[Any, Any]] = {
    "move x abandon": (None, ABANDON),
    "abandon x abandon": (ABANDON, ABANDON),
    "resign x abandon": ({"type": "resign"}, ABANDON),
    "draw offer x abandon": ({"type": "draw_offer"}, ABANDON),
}


@pytest.mark.parametrize("name", CROSSING)
def test_what_crosses_it_ends_equal_on_both_nodes(name: str) -> None:
    ends = set()
    for seed in range(12):
        game = Game(seed)
        game.play(random.Random(seed).randrange(2, 6))
        first, second = CROSSING[name]
        turn = "white" if game.board.turn else "black"
        game.soon(turn, first or game.move())
        game.soon("black" if turn == "white" else "white", second)
        if seed % 3 == 0:
            game.world.later(20, game.world.cut)
        game.world.run(45_000)
        ends.add(game.ends_equal())
    if name == "abandon x abandon":
        assert ends == {("*", REASON)}
    assert ends <= {("*", None), ("*", REASON), ("1-0", "resignation"), ("0-1", "resignation")}


def test_who_is_away_finds_it_and_claims_by_the_log() -> None:
    game = Game(1)
    game.play(4)
    game.world.blocked |= {("alice", "bob"), ("bob", "alice")}
    game.world.cut()
    game.say("white", ABANDON)
    game.world.run(60_000)
    session: Any = game.bob.engine.core.channels[game.channel].session
    assert "abandonedBy" not in session.snapshot()
    game.world.heal()
    game.world.run(60_000)
    assert session.snapshot()["abandonedBy"] == "white"
    game.say("black", CLAIM)
    game.world.run(5_000)
    assert game.ends_equal() == ("0-1", REASON)


def test_resigning_works_while_the_other_node_is_away() -> None:
    game = Game(2)
    game.play(4)
    game.alice.crash()
    game.world.run(20_000)
    game.say("black", {"type": "resign"})
    game.world.run(1_000)
    game.alice.start()
    game.world.run(30_000)
    assert game.ends_equal() == ("1-0", "resignation")


class Versions:
    """A game that two nodes of 0.1.0 have begun."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.everything = versions.told
        monkeypatch.setattr(versions, "told", self.told)
        self.world = World(5, [OLDER])
        self.world.contexts["now"] = [compile_context("sim", replace(CHESS, version="1.1"))]
        self.alice, self.bob = self.world.node("alice"), self.world.node("bob")
        self.pages = (self.alice.page("a"), self.bob.page("b"))
        self.channel = self.alice.ask("bob", "chess_7")
        self.world.run(1_000)
        self.bob.accept(self.channel)
        self.world.run(5_000)
        self.say(0, {"type": "move", "from": "e2", "to": "e4"})
        self.say(1, {"type": "move", "from": "e7", "to": "e5"})

    def told(self, context: Context) -> dict[str, JsonValue]:
        """Nodes of 0.1.0 know no versions: they neither send ``types`` nor read them."""
        said = self.everything(context)
        if any(node.plugin != "now" for node in self.world.nodes.values()):
            del said["types"]
        return said

    def say(self, who: int, data: Any) -> None:
        """One of the pages sends, and there is time for it."""
        self.pages[who].send(self.channel, data)
        self.world.run(2_000)

    def update(self, node: SimNode) -> None:
        """It starts again with the plugin of today."""
        node.plugin = "now"
        node.crash()
        node.start()
        self.world.run(40_000)

    def states(self) -> list[Any]:
        """What each node's Session says."""
        rows = (node.engine.core.channels[self.channel] for node in (self.alice, self.bob))
        return [row.session.snapshot() for row in rows]


def test_a_game_of_0_1_0_waits_in_words_for_the_other_node_and_goes_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    game = Versions(monkeypatch)
    game.update(game.bob)
    for node, other, theirs in ((game.alice, "bob", "1.1"), (game.bob, "alice", "1.0")):
        obstacle = node.engine.core.channels[game.channel].obstacle
        assert obstacle is not None
        assert obstacle.code == MISMATCH
        assert f"{other} has chess {theirs}" in obstacle.reason
    game.update(game.alice)
    game.say(0, {"type": "move", "from": "g1", "to": "f3"})
    game.say(1, {"type": "abandon"})
    ours, theirs = game.states()
    assert ours == theirs
    assert ours["moves"] == ["e2e4", "e7e5", "g1f3"]
    assert ours["abandonedBy"] == "black"
    game.say(0, {"type": "abandon_claim", "result": "win"})
    assert [state["reason"] for state in game.states()] == [REASON, REASON]


def test_an_invitation_from_another_version_is_declined_in_words(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    game = Versions(monkeypatch)
    game.update(game.bob)
    asked = game.alice.ask("bob", "chess_8")
    game.world.run(20_000)
    channel = game.alice.engine.core.channels[asked]
    assert channel.close_code == MISMATCH
    assert "bob has chess 1.1, you have 1.0" in channel.close_reason
