# SPDX-License-Identifier: GPL-3.0-or-later
"""Two people at the real chess page, and what they play."""

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


async def sit_down(browser: Browser, nodes: Nodes, *, other: Browser | None = None) -> Players:
    """Two pages, Bob's in the ``other`` browser; Alice invites Bob, who accepts."""
    pages = []
    for node, at in zip(nodes, (browser, other or browser), strict=True):
        context = await at.new_context()
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


def grant_calls(nodes: Nodes) -> None:
    """Grant the chess page at home what it asks for: to talk beside the board."""
    for node in nodes:
        with httpx.Client(base_url=f"{node.url}/api", headers=node.headers) as http:
            page = next(row for row in http.get("/templates").json() if row["name"] == "chess")
            for asked in page["permissions"]:
                told = {"template": "chess", "permission": asked["permission"]}
                http.post("/templates/grant", json=told).raise_for_status()


def game_on(page: Page) -> str:
    """The game that the page's address names."""
    return page.url.partition("?game=")[2]


def clear_tables(nodes: Nodes) -> None:
    """End what other tests have left: a page's title and icon tell of all games that wait."""
    for node in nodes:
        with httpx.Client(base_url=f"{node.url}/api/realtime", headers=node.headers) as http:
            for channel in http.get("/channels").json():
                http.post("/close", json={"channelId": channel["channelId"]}).raise_for_status()


def finished(node: NodeProcess) -> list[tuple[str, str, int]]:
    """Result, reason and number of moves of each game that has ended."""
    rows = httpx.get(f"{node.url}/api/chess/games", headers=node.headers).json()
    return sorted((row["result"], row["reason"], row["moves"]) for row in rows if row["reason"])
