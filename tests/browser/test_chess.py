# SPDX-License-Identifier: GPL-3.0-or-later
"""Whole games of chess between two Chromium pages on two nodes, through the real page."""

from __future__ import annotations

import chess
from playwright.async_api import Browser, expect

from tests.browser.chess_pages import OPERA, Nodes, finished, sit_down

SPECIAL = "e4 d5 e5 f5 exf6 Nc6 fxg7 Bf5 gxh8=N Qd6 Nf3 O-O-O Be2 Nf6 O-O Qd7".split()

VALUES = {chess.PAWN: 1, chess.KNIGHT: 3, chess.BISHOP: 3, chess.ROOK: 5, chess.QUEEN: 9}


def lead(board: chess.Board) -> int:
    """What White has more than Black on the board, in pawns."""
    pieces = board.piece_map().values()
    return sum(VALUES.get(one.piece_type, 0) * (1 if one.color else -1) for one in pieces)


async def test_the_opera_game_to_mate(chromium: Browser, nodes: Nodes) -> None:
    players = await sit_down(chromium, nodes)
    await players.play(OPERA)
    for page in players.pages.values():
        await expect(page.locator("#status")).to_contain_text("checkmate")
    assert ("1-0", "checkmate", 33) in finished(nodes[0])
    assert ("1-0", "checkmate", 33) in finished(nodes[1])


async def test_special_moves_a_reload_and_a_draw(browser: Browser, nodes: Nodes) -> None:
    players = await sit_down(browser, nodes)
    white, black = players.pages[chess.WHITE], players.pages[chess.BLACK]
    await players.play(SPECIAL)
    # One of White's pawns is a knight by now.
    await expect(white.locator("#player-bottom .lead")).to_have_text(f"+{lead(players.board)}")
    await white.reload()
    await expect(white.locator("body")).to_have_attribute("data-state", "playing")
    await white.click('.actions [data-action="draw"]')
    await black.click('#offer [data-action="accept"]')
    for page in (white, black):
        await expect(page.locator("#status")).to_contain_text("Draw")
    assert ("1/2-1/2", "agreement", len(SPECIAL)) in finished(nodes[0])
    assert ("1/2-1/2", "agreement", len(SPECIAL)) in finished(nodes[1])
