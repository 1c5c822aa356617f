# SPDX-License-Identifier: GPL-3.0-or-later
"""Games of chess over two pages without a browser: random legal games, and what nodes know."""

from __future__ import annotations

import asyncio
import itertools
import json
import random
import re
from collections import defaultdict
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any, Self

import chess
import httpx

from goop_node.testing import NodeProcess, start_node
from tests.limits import HANG
from tests.node.page import Page

PAGE = "player"
CONFIG = """
[plugins.realtime]
rate = 1000000
burst = 1000000
channels_per_peer = 1000
requests_per_peer = 1000
[plugins.chess]
"""


def start(folder: Path, peer: NodeProcess | None = None) -> NodeProcess:
    """A node whose limits let many games be played fast; its data in ``folder``."""
    config = folder.parent / f"{folder.name}.toml"
    config.write_text(CONFIG)
    return start_node(folder, "--config", str(config), peer=peer)


def random_game(seed: int, plies: int) -> list[str]:
    """A legal game in UCI, at most ``plies`` half-moves; the same for the same seed."""
    lot, board = random.Random(seed), chess.Board()
    moves: list[str] = []
    while len(moves) < plies and not board.is_game_over(claim_draw=False):
        if board.is_repetition(3) or board.halfmove_clock >= 100:
            break
        move = lot.choice(list(board.legal_moves))
        board.push(move)
        moves.append(move.uci())
    return moves


def move_message(uci: str) -> dict[str, str]:
    """The message of a move."""
    message = {"type": "move", "from": uci[:2], "to": uci[2:4]}
    return message | ({"promotion": uci[4]} if uci[4:] else {})


class Player(Page):
    """A page of many games: the moves of each come in a queue of their own.

    ``say`` waits until both nodes have a message in the log, or neither ever will.
    """

    def __init__(self, node: NodeProcess, socket: Any, http: httpx.AsyncClient) -> None:
        super().__init__(node, socket, http)
        self._count = itertools.count(1)
        self.moves: defaultdict[str, asyncio.Queue[Any]] = defaultdict(asyncio.Queue)
        self._under_way: defaultdict[str, list[str]] = defaultdict(list)
        self._outcomes: defaultdict[str, asyncio.Future[str]] = defaultdict(asyncio.Future)

    async def _read(self) -> None:
        async for text in self.socket:
            body = json.loads(text)
            kind = body["type"]
            if kind == "state" and body["final"]:
                # What is still under way has no outcome any more.
                for identity in self._under_way.pop(body["channel"], ()):
                    if not self._outcomes[identity].done():
                        self._outcomes[identity].set_result("closed")
            if kind == "message":
                self.moves[body["channel"]].put_nowait(body["data"])
            elif kind in ("receipt", "refused", "error"):
                word = body.get("stage") or body["code"]
                outcome = self._outcomes[body.get("id", "")]
                if word not in ("accepted", "handled") and not outcome.done():
                    outcome.set_result(word)
            else:
                async with self._new:
                    self.frames.append(body)
                    self._new.notify_all()

    @classmethod
    def at(cls, node: NodeProcess) -> AbstractAsyncContextManager[Self]:
        """A player at that node, told of receipts."""
        return cls.open(node, page=PAGE, ack=True)

    async def say(self, channel: str, data: Any) -> str:
        """Send a message; what became of it: ``delivered``, or the code of its refusal."""
        identity = f"{PAGE}-{next(self._count)}"
        self._under_way[channel].append(identity)
        await self.send(channel, data, id=identity)
        async with asyncio.timeout(HANG):
            return await self._outcomes[identity]

    async def hear(self, channel: str) -> Any:
        """The next message of the other side."""
        async with asyncio.timeout(HANG):
            return await self.moves[channel].get()


async def facts(page: Page, game: str) -> dict[str, Any]:
    """What a node knows of a game, as far as both nodes must agree."""
    answer = await page.http.get(f"/api/chess/games/{game}")
    assert answer.status_code == 200, answer.text
    state = answer.json()
    text = (await page.http.get(f"/api/chess/games/{game}/pgn")).text
    # When the game began is each node's own: it lists it as soon as it hears of the agreement.
    pgn = re.sub(r"\[(?:Date|UTCDate|UTCTime) .*\]\n", "", text)
    kept = ("fen", "uci", "san", "result", "reason", "drawOfferBy", "takebackOfferBy", "offers")
    return {"pgn": pgn, **{name: state[name] for name in kept}}
