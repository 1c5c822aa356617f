# SPDX-License-Identifier: GPL-3.0-or-later
"""Chess messages that cross on the network: both nodes end with the same game."""

from __future__ import annotations

import random
from typing import Any

import chess
import pytest

from goop_chess.pgn import export
from goop_chess.plugin import schemas
from goop_chess.session import ChessSession, new_game
from goop_realtime.model.jsonio import decode
from goop_realtime.testing import SimNode, World
from goop_realtime.types import ContextType, Message, OpenRequest, Session, Snapshot


def _open(request: OpenRequest, snapshot: Snapshot | None) -> Session:
    state: Any = snapshot.state if snapshot else request.initial_state
    return ChessSession(request, state)


CHESS = ContextType(
    name="chess",
    version="1",
    title="Chess",
    messages=schemas(),
    open_session=_open,
    initial_state=new_game,
)
RESIGN, OFFER, ACCEPT = {"type": "resign"}, {"type": "draw_offer"}, {"type": "draw_accept"}
TAKEBACK = {"type": "takeback_offer"}


class Game:
    """Alice asked, and plays White; Bob plays Black."""

    def __init__(self, seed: int) -> None:
        self.world = World(seed, [CHESS])
        self.chance = random.Random(seed)
        self.alice, self.bob = self.world.node("alice"), self.world.node("bob")
        self.pages = {"white": self.alice.page("a"), "black": self.bob.page("b")}
        self.board = chess.Board()
        self.channel = self._meet()

    def _meet(self) -> str:
        """Plainly, or by two requests that cross."""
        crossing = self.chance.random() < 0.3
        channel = self.alice.ask("bob", "chess_7")
        if crossing:
            self.world.later(self.chance.randrange(100), lambda: self.bob.ask("alice", "chess_7"))
        self.world.run(200)
        for node in (self.alice, self.bob):
            for row in list(node.engine.core.channels.values()):
                if row.phase == "asked" and not row.hidden:
                    node.accept(row.id)
        self.world.run(20_000)
        games = [self._open_games(node) for node in (self.alice, self.bob)]
        assert len(games[0]) == 1, games
        assert games[0] == games[1]
        assert channel in games[0], "the smaller peer's request survives"
        return channel

    def _open_games(self, node: SimNode) -> list[str]:
        rows = node.engine.core.channels.values()
        return [row.id for row in rows if row.page_state == "connected"]

    def move(self) -> dict[str, str]:
        """A legal move of whoever's turn it is."""
        move = self.chance.choice([move for move in self.board.legal_moves if not move.promotion])
        self.board.push(move)
        text = move.uci()
        return {"type": "move", "from": text[:2], "to": text[2:4]}

    def play(self, count: int) -> None:
        """Some moves, each after the other had arrived."""
        for _ in range(count):
            self.say("white" if self.board.turn else "black", self.move())
            self.world.run(1_000)

    def say(self, colour: str, data: Any) -> None:
        """Send."""
        self.pages[colour].send(self.channel, data)

    def soon(self, colour: str, data: Any) -> None:
        """Send within the time that a line is on its way."""
        self.world.later(self.chance.randrange(60), lambda: self.say(colour, data))

    def cross(self) -> str:
        """Let two things cross; what they were."""
        turn = "white" if self.board.turn else "black"
        other = "black" if turn == "white" else "white"
        pairs: dict[str, tuple[Any, Any]] = {
            "resign x move": (None, RESIGN),
            "draw_offer x move": (None, OFFER),
            "draw_accept x resign": (RESIGN, ACCEPT),
            "resign x resign": (RESIGN, RESIGN),
            "takeback x move": (None, TAKEBACK),
            "draw_offer x draw_offer": (OFFER, OFFER),
            "close x send": (None, "close"),
        }
        name = self.chance.choice(list(pairs))
        if name == "draw_accept x resign":
            self.say(turn, OFFER)
            self.world.run(1_000)
        first, second = pairs[name]
        self.soon(turn, first or self.move())
        if second == "close":
            node = self.pages[other].node
            self.world.later(self.chance.randrange(60), lambda: node.close(self.channel))
        else:
            self.soon(other, second)
        if self.chance.random() < 0.4:
            self.world.later(self.chance.randrange(120), self.world.cut)
        if self.chance.random() < 0.2:
            node = self.chance.choice((self.alice, self.bob))
            self.world.later(self.chance.randrange(120), lambda: self._kill(node))
        self.world.run(45_000)
        return name

    def _kill(self, node: SimNode) -> None:
        node.crash()
        self.world.later(50, node.start)

    def ends_equal(self) -> tuple[str, str | None]:
        """The result and its reason, once both nodes have been compared."""
        rows = [node.engine.core.channels[self.channel] for node in (self.alice, self.bob)]
        assert [row.final for row in rows] in ([True, True], [False, False])
        logs = [[entry.id for entry in row.log.after(0)] for row in rows]
        assert logs[0] == logs[1]
        first, second = (self._folded(row) for row in rows)
        assert first.snapshot() == second.snapshot()
        assert first.position.view() == second.position.view()
        games = [_pgn(session) for session in (first, second)]
        assert games[0] == games[1]
        return first.result, first.reason

    def _folded(self, row: Any) -> ChessSession:
        """A closed channel keeps its log, not always its Session: fold it."""
        session = ChessSession(row.request, row.request.initial_state)
        for entry in row.log.after(0):
            if entry.kind == "msg":
                message = _message(entry)
                assert session.check(message) is None
                session.apply(message)
        if not row.final:
            assert row.session.snapshot() == session.snapshot()
        return session


def _message(entry: Any) -> Message:
    return Message(sender=entry.author, data=decode(entry.raw), id=entry.id, sent_at_ms=entry.at)


def _pgn(session: ChessSession) -> str:
    return export(
        session.position.uci, {"White": "alice", "Black": "bob", "Result": session.result}
    )


ENDS = {
    "resign x move": {"resignation"},
    "draw_offer x move": {None},
    "draw_accept x resign": {"resignation", "agreement"},
    "resign x resign": {"resignation"},
    "takeback x move": {None},
    "draw_offer x draw_offer": {"agreement"},
    "close x send": {None},
}


@pytest.mark.parametrize(
    "seeds", [range(250), pytest.param(range(250, 1000), marks=pytest.mark.soak)], ids=["", "more"]
)
def test_what_crosses_ends_equal_on_both_nodes(seeds: range) -> None:
    seen: dict[str, set[str | None]] = {}
    for seed in seeds:
        game = Game(seed)
        game.play(game.chance.randrange(2, 8))
        name = game.cross()
        result, reason = game.ends_equal()
        assert reason in ENDS[name], f"seed {seed}: {name} ended by {reason}"
        assert (result == "*") == (reason is None), f"seed {seed}: {name}: {result}"
        seen.setdefault(name, set()).add(reason)
    assert seen == ENDS
