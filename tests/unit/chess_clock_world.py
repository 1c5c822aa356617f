# SPDX-License-Identifier: GPL-3.0-or-later
"""Two nodes that play with clocks, in virtual time: skew, slow lines, outages, restarts."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import chess

from goop_chess.games import MIGRATIONS
from goop_chess.session import ChessSession, new_game
from goop_chess.timekeeper import TICK_MS, Timekeeper
from goop_realtime.types import Applied, Message, OpenRequest, Refusal

START = 1_700_000_000_000
HOST, GUEST = "host", "guest"


@dataclass(eq=False)
class Node:
    """One player's node: the Session over its log, and what it measures."""

    me: str
    world: World
    rate: float = 1.0
    """How fast its clock runs."""
    offset: int = 0
    up: bool = True
    lies: Callable[[dict[str, int]], dict[str, int]] = lambda stamp: stamp
    """What a changed node makes of its measurements."""
    log: list[Applied] = field(default_factory=list)
    took: int = 0
    """When it took in the newest entry (true time, ms)."""

    def __post_init__(self) -> None:
        self.db = sqlite3.connect(":memory:")
        for script in MIGRATIONS:
            self.db.executescript(script)
        self.start()

    def now(self) -> int:
        """Unix ms, as this node has it."""
        return int(START + self.offset + self.world.now * self.rate)

    def start(self) -> None:
        """Begin, or begin again: what was not written is lost, and the log is told again."""
        self.up = True
        self.session = ChessSession(self.world.request, self.world.request.initial_state)
        self.keeper = Timekeeper(
            self.me, self.db, now=self.now, is_connected=lambda peer: self.world.connected
        )
        entries, self.log = self.log, []
        for entry in entries:
            self._fold(entry)
        self.keeper.opened(self.session)
        if entries:
            self.keeper.heard(self.session, entries)

    def _fold(self, entry: Applied) -> None:
        assert self.session.check(entry.message) is None
        self.session.apply(entry.message)
        self.log.append(entry)

    def take(self, entry: Applied) -> None:
        """An entry is in the log."""
        self._fold(entry)
        self.took = self.world.now
        self.keeper.heard(self.session, [entry])
        self.keeper.write()

    @property
    def to_move(self) -> bool:
        """Whether it is this player's turn, as far as this node knows."""
        return self.session.players[self.session.position.turn] == self.me

    @property
    def colour(self) -> str:
        """Of this player."""
        return "white" if self.session.players["white"] == self.me else "black"

    def stamped(self, data: dict[str, Any]) -> dict[str, Any]:
        """A message as it leaves."""
        said = self.keeper.stamp(self.session, data)
        return {**said, "clock": self.lies(said["clock"])}


class World:
    """Time goes by in ``run``; a line takes ``delay`` ms while the two are connected."""

    def __init__(self, control: dict[str, Any], **nodes: dict[str, Any]) -> None:
        params = {"clock": control}
        asked = OpenRequest(
            channel="rt-1", context="chess", opener=HOST, peers=(HOST, GUEST), params=params
        )
        self.request = OpenRequest(
            channel="rt-1",
            context="chess",
            opener=HOST,
            peers=(HOST, GUEST),
            params=params,
            initial_state=new_game(asked),
        )
        self.now = self.ticked = self.count = self.arrival = 0
        self.every = TICK_MS
        self.lot = random.Random(7)
        self.delay, self.line = 50, True
        self.due: list[tuple[int, int, Callable[[], None]]] = []
        self.nodes = {me: Node(me, self, **nodes.get(me, {})) for me in (HOST, GUEST)}
        self.board = chess.Board()

    @property
    def connected(self) -> bool:
        """Whether the nodes have a connection."""
        return self.line and all(node.up for node in self.nodes.values())

    def later(self, ms: int, work: Callable[[], None]) -> None:
        """Do something as soon as ``ms`` have gone by and there is a connection."""
        self.count += 1
        self.arrival = max(self.arrival, self.now + ms)
        self.due.append((self.arrival, self.count, work))

    def run(self, ms: int) -> None:
        """Let time go by, tick by tick."""
        end = self.now + ms
        while self.now < end:
            self.now = min([end, self.ticked + self.every, *(at for at, _, _ in self.due)])
            self._deliver()
            if self.now >= self.ticked + self.every:
                self.ticked = self.now
                for node in self.nodes.values():
                    if node.up:
                        node.keeper.tick()

    def _deliver(self) -> None:
        while self.due and self.due[0][0] <= self.now:
            if not self.connected:
                self.due = [(max(at, self.now + 500), *more) for at, *more in self.due]
                return
            self.due.pop(0)[2]()

    def say(self, node: Node, data: dict[str, Any]) -> Refusal | None:
        """A message of a page: the host orders it, now or when it gets there."""
        said = node.stamped(data)
        message = Message(sender=node.me, data=said, id=f"x-{self.count}", sent_at_ms=node.now())
        refusal = node.session.check(message)
        if refusal is not None:
            return refusal
        if node.me == HOST:
            self._order(message)
        else:
            self.later(self.delay, lambda: self._order(message))
        return None

    def _order(self, message: Message) -> None:
        host, guest = self.nodes[HOST], self.nodes[GUEST]
        if host.session.check(message) is not None:
            return
        seq = len(host.log) + 1
        entry = Applied(request=self.request, epoch=1, seq=seq, message=message)
        host.take(entry)
        self.later(self.delay, lambda: guest.take(entry))

    def move(self, think: int, during: Callable[[], None] = lambda: None) -> Node:
        """Whose turn it is thinks for ``think`` ms of true time, and moves. Gives who it was."""
        node = self.turn()
        self.run(think // 2)
        during()
        self.run(think - think // 2)
        quiet = [move for move in self.board.legal_moves if not move.promotion]
        move = self.lot.choice(sorted(quiet, key=chess.Move.uci))
        self.board.push(move)
        text = move.uci()
        assert self.say(node, {"type": "move", "from": text[:2], "to": text[2:4]}) is None
        return node

    def turn(self) -> Node:
        """Wait until one of the two knows that it is to move."""
        colour = "white" if self.board.turn else "black"
        [node] = [node for node in self.nodes.values() if node.colour == colour]
        for _ in range(100_000):
            if node.up and node.to_move and len(node.log) == len(self.board.move_stack):
                return node
            self.run(500)
        raise AssertionError("the move never came")

    def settle(self) -> None:
        """Until nothing is on its way."""
        while self.due:
            self.run(500)
        first, second = (node.session.snapshot() for node in self.nodes.values())
        assert first == second
