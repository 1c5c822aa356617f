# SPDX-License-Identifier: GPL-3.0-or-later
"""Whole games of chess between two Chromium pages on two nodes, through the real page."""

from __future__ import annotations

import chess
import httpx
from playwright.async_api import Browser, Page, expect

from goop_node.testing import NodeProcess
from tests.browser.conftest import page_url

Nodes = tuple[NodeProcess, NodeProcess]

OPERA = (
    "e4 e5 Nf3 d6 d4 Bg4 dxe5 Bxf3 Qxf3 dxe5 Bc4 Nf6 Qb3 Qe7 Nc3 c6 Bg5 b5 Nxb5 cxb5 Bxb5+ "
    "Nbd7 O-O-O Rd8 Rxd7 Rxd7 Rd1 Qe6 Bxd7+ Nxd7 Qb8+ Nxb8 Rd8#"
).split()
SPECIAL = "e4 d5 e5 f5 exf6 Nc6 fxg7 Bf5 gxh8=N Qd6 Nf3 O-O-O Be2 Nf6 O-O Qd7".split()


class Players:
    """White's and Black's page."""

    def __init__(self, white: Page, black: Page) -> None:
        self.pages = {chess.WHITE: white, chess.BLACK: black}
        self.board = chess.Board()

    async def play(self, sans: list[str]) -> None:
        """Play a game's first moves by tapping, each one seen on both boards."""
        self.board = chess.Board()
        await self.play_on(sans)

    async def play_on(self, sans: list[str], *, after: list[str] | None = None) -> None:
        """Go on with the moves; ``after`` says what was played where it is not what was."""
        if after is not None:
            self.board = chess.Board()
            for san in after:
                self.board.push_san(san)
        for san in sans:
            page = self.pages[self.board.turn]
            move = self.board.push_san(san)
            await page.click(f'[data-square="{chess.square_name(move.from_square)}"]')
            await page.click(f'[data-square="{chess.square_name(move.to_square)}"]')
            if move.promotion:
                await page.click(f'[data-promotion="{chess.piece_symbol(move.promotion)}"]')
            for other in self.pages.values():
                await expect(other.locator("#moves")).to_contain_text(san.rstrip("+#"))


async def sit_down(browser: Browser, nodes: Nodes) -> Players:
    """Two pages; Alice invites Bob, who accepts."""
    pages = []
    for node in nodes:
        context = await browser.new_context()
        page = await context.new_page()
        await page.goto(page_url(node, "chess"))
        pages.append(page)
    alice, bob = pages
    await alice.click(f'[data-peer="{nodes[1].peer_id}"]')
    await alice.click("#invite")
    await bob.click('#incoming [data-action="accept"]')
    for page in pages:
        await expect(page.locator("body")).to_have_attribute("data-state", "playing")
    orientation = await alice.locator("[data-orientation]").get_attribute("data-orientation")
    return Players(*((alice, bob) if orientation == "white" else (bob, alice)))


def _finished(node: NodeProcess) -> list[tuple[str, str, int]]:
    rows = httpx.get(f"{node.url}/api/chess/games", headers=node.headers).json()
    return sorted((row["result"], row["reason"], row["moves"]) for row in rows if row["reason"])


async def test_the_opera_game_to_mate(browser: Browser, nodes: Nodes) -> None:
    players = await sit_down(browser, nodes)
    await players.play(OPERA)
    for page in players.pages.values():
        await expect(page.locator("#status")).to_contain_text("checkmate")
    assert ("1-0", "checkmate", 33) in _finished(nodes[0])
    assert ("1-0", "checkmate", 33) in _finished(nodes[1])


async def test_special_moves_a_reload_and_a_draw(browser: Browser, nodes: Nodes) -> None:
    players = await sit_down(browser, nodes)
    white, black = players.pages[chess.WHITE], players.pages[chess.BLACK]
    await players.play(SPECIAL)
    await white.reload()
    await expect(white.locator("body")).to_have_attribute("data-state", "playing")
    await white.click('.actions [data-action="draw"]')
    await black.click('#offer [data-action="accept"]')
    for page in (white, black):
        await expect(page.locator("#status")).to_contain_text("Draw")
    assert ("1/2-1/2", "agreement", len(SPECIAL)) in _finished(nodes[0])
    assert ("1/2-1/2", "agreement", len(SPECIAL)) in _finished(nodes[1])
