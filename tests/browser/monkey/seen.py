# SPDX-License-Identifier: GPL-3.0-or-later
"""What a chess page shows, and what a node says, in one form that can be compared."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import chess
import httpx
from playwright.async_api import Page

from goop_node.testing import NodeProcess

READ = """() => {
  const text = (query) => document.querySelector(query)?.textContent ?? "";
  const written = '#chat-lines li[data-key^="there "] .text';
  const pieces = {};
  for (const square of document.querySelectorAll("[data-square]")) {
    if (square.dataset.piece) pieces[square.dataset.square] = square.dataset.piece;
  }
  const rows = {};
  for (const row of document.querySelectorAll("#running [data-game], #finished [data-game]")) {
    rows[row.dataset.game] = row.querySelector(".who > :nth-child(2)").textContent;
  }
  return {
    view: document.body.dataset.state ?? "",
    game: new URLSearchParams(location.search).get("game"),
    status: text("#status"),
    notice: text("#notice"),
    past: text("#past"),
    moves: document.querySelectorAll("#moves .move").length,
    pieces,
    rows,
    chat: [...document.querySelectorAll(written)].map((line) => line.textContent),
  };
}"""


@dataclass(frozen=True)
class Shown:
    """One page at one moment. ``view`` is empty where there is no chess page."""

    view: str
    game: str | None
    status: str
    notice: str
    past: str
    """What it says of a past position that it shows; empty for the game as it stands."""
    moves: int
    pieces: dict[str, str]
    rows: dict[str, str]
    chat: list[str]
    """The lines that have their place, as they stand there."""

    @property
    def at_table(self) -> bool:
        """Whether it shows a board."""
        return self.view in ("playing", "finished")


async def shown(page: Page) -> Shown:
    """What the page shows now."""
    return Shown(**await page.evaluate(READ))


async def told(node: NodeProcess, game: str) -> dict[str, Any]:
    """The game as the node tells it."""
    async with httpx.AsyncClient(base_url=node.url, headers=node.headers, timeout=30) as http:
        answer = await http.get(f"/api/chess/games/{game}")
        answer.raise_for_status()
        return dict(answer.json())


def pieces_of(fen: str) -> dict[str, str]:
    """Square → colour and kind, as a page has them on its squares."""
    board = chess.Board(fen)
    return {
        chess.square_name(square): f"{chess.COLOR_NAMES[piece.color]}{piece.symbol().lower()}"
        for square, piece in board.piece_map().items()
    }


def disagreement(
    states: list[dict[str, Any]], tables: list[list[Shown]], lists: list[list[Shown]], game: str
) -> str:
    """What does not fit together of both nodes, their boards and their lists; "" when all does."""
    first, second = states
    for key in ("fen", "san", "result", "reason", "status", "abandonedBy", "offers"):
        if first[key] != second[key]:
            return f"the nodes differ in {key}: {first[key]} and {second[key]}"
    control, other = ((state["clock"] or {}).get("control") for state in states)
    if control != other:
        return f"the nodes differ in the time: {control} and {other}"
    running = first["status"] == "running"
    written = [board.chat for boards in tables for board in boards]
    if running and any(lines != written[0] for lines in written):
        return f"the pages differ in what was written: {written}"
    turns = 0
    for state, boards, rows in zip(states, tables, lists, strict=True):
        mine = running and state["turn"] == state["colour"]
        for board in boards:
            if board.game != game or not board.at_table:
                return f"{state['colour']}'s page is at {board.view} of {board.game}"
            if board.pieces != pieces_of(state["fen"]):
                return f"{state['colour']}'s board is not {state['fen']}"
            if board.moves != len(state["san"]):
                return f"{state['colour']}'s page lists {board.moves} moves"
            if running == (board.view == "finished"):
                return f"{state['colour']}'s page is at {board.view}"
            if mine != ("Your move" in board.status):
                return f"{state['colour']}'s page says {board.status!r}"
        turns += mine
        for row in rows:
            said = row.rows.get(game, "")
            if running and said != ("Your move" if mine else "Their move"):
                return f"{state['colour']}'s list says {said!r}"
            if not running and (not said or said in ("Your move", "Their move")):
                return f"{state['colour']}'s list says {said!r} of a game that is over"
    return "" if turns == (1 if running else 0) else f"it is the turn of {turns} players"
