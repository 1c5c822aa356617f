# SPDX-License-Identifier: GPL-3.0-or-later
"""What the chess page shows is what has been played, and says what is still on its way."""

from __future__ import annotations

import asyncio
import random
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import chess
from playwright.async_api import Browser, Page, Route, expect

from goop_node.testing import NodeProcess
from tests.browser.chess_pages import Nodes, Players, game_on, sit_down
from tests.browser.conftest import page_url

SENDING = "Sending your move…"


@asynccontextmanager
async def frozen(node: NodeProcess) -> AsyncIterator[None]:
    """The node stands still meanwhile."""
    node.freeze()
    try:
        yield
    finally:
        node.thaw()


async def tap(page: Page, *squares: str) -> None:
    """Click squares, one after the other."""
    for square in squares:
        await page.click(f'#board [data-square="{square}"]')


async def stands(page: Page, square: str, piece: str) -> None:
    """Wait until that piece, or none (``""``), stands on the square."""
    await expect(page.locator(f'#board [data-square="{square}"]')).to_have_attribute(
        "data-piece", piece
    )


async def says(page: Page, words: str) -> None:
    """Wait until the headline has these words."""
    await expect(page.locator("#status")).to_contain_text(words)


async def is_on_its_way(page: Page) -> None:
    """The page shows e5 as played and on its way, and takes no second move."""
    await says(page, SENDING)
    await stands(page, "e5", "blackp")
    await stands(page, "e7", "")
    await expect(page.locator("#board .movable")).to_have_count(0)


async def has_arrived(players: Players, *pages: Page) -> None:
    """Both sides have e5, and it is for White to move on every board."""
    white = players.pages[chess.WHITE]
    for page in (white, *pages):
        await expect(page.locator("#moves .move")).to_have_count(2)
        await stands(page, "e5", "blackp")
        await expect(page.locator("#notice")).to_be_hidden()
    await says(white, "Your move")
    for page in pages:
        await says(page, "to move")


async def leave(*pages: Page) -> None:
    """Close them, and what belongs to them."""
    for page in pages:
        await page.context.close()


async def test_a_view_left_and_entered_again_follows_what_was_sent_before(
    browser: Browser, nodes: Nodes
) -> None:
    players = await sit_down(browser, nodes)
    alice, bob = players.pages[chess.WHITE], players.pages[chess.BLACK]
    await players.play(["e4"])
    game = bob.locator(f'#running [data-game="{game_on(bob)}"]')
    async with frozen(nodes[0]):
        await tap(bob, "e7", "e5")
        await is_on_its_way(bob)
        await bob.click("#to-lobby")
        row = game.filter(has_text=SENDING)
        await expect(row).to_have_count(1)
        await row.get_by_role("button", name="Resume").click()
        await is_on_its_way(bob)
        await bob.click("#to-lobby")
    # In the list it arrives as well, though nobody looks at the game.
    row = game.filter(has_text="Their move")
    await expect(row).to_have_count(1)
    await row.get_by_role("button", name="Resume").click()
    await has_arrived(players, bob)
    await leave(alice, bob)


async def test_a_move_on_its_way_is_shown_after_a_reload_and_in_every_tab(
    browser: Browser, nodes: Nodes
) -> None:
    players = await sit_down(browser, nodes)
    alice, bob = players.pages[chess.WHITE], players.pages[chess.BLACK]
    await players.play(["e4"])
    beside = await bob.context.new_page()
    await beside.goto(bob.url)
    await says(beside, "Your move")
    async with frozen(nodes[0]):
        await tap(bob, "e7", "e5")
        for page in (bob, beside):
            await is_on_its_way(page)
        await bob.reload()
        late = await bob.context.new_page()
        await late.goto(bob.url)
        for page in (bob, beside, late):
            await is_on_its_way(page)
    await has_arrived(players, bob, beside, late)
    await leave(alice, bob)


async def test_what_is_on_its_way_is_shown_as_the_rules_have_it(
    browser: Browser, nodes: Nodes
) -> None:
    """Castling and taking in passing included: against another implementation, in random games."""
    chance = random.Random(5)
    cases: list[tuple[str, dict[str, str], str]] = []
    for _ in range(12):
        board = chess.Board()
        while not board.is_game_over() and board.ply() < 120:
            rare = [m for m in board.legal_moves if board.is_castling(m) or board.is_en_passant(m)]
            move = chance.choice(rare or list(board.legal_moves))
            said = {"from": chess.square_name(move.from_square)}
            said["to"] = chess.square_name(move.to_square)
            if move.promotion:
                said["promotion"] = chess.piece_symbol(move.promotion)
            before = board.fen()
            board.push(move)
            cases.append((before, said, board.fen()))
    page = await browser.new_page()
    await page.goto(page_url(nodes[0], "chess"))
    wrong = await page.evaluate(
        """async (cases) => {
          const { placement, played } = await import("/pieces.js");
          const text = (pieces) => JSON.stringify([...pieces].sort());
          const shown = (before, move) => text(played(placement(before), move));
          const right = ([before, move, after]) => shown(before, move) === text(placement(after));
          return cases.filter((each) => !right(each));
        }""",
        cases,
    )
    await page.close()
    assert wrong == []
    assert len(cases) > 500


async def test_what_is_still_being_read_takes_no_focus_from_the_hand(
    browser: Browser, nodes: Nodes
) -> None:
    white = (await sit_down(browser, nodes)).pages[chess.WHITE]
    held = asyncio.Event()
    reads = 0

    async def hold(route: Route) -> None:
        nonlocal reads
        reads += 1
        if reads > 1:
            await held.wait()
        await route.continue_()

    address = white.url
    # Other tests' games may go on beside this one, and are read as well.
    read = re.compile(rf"/api/chess/games/{game_on(white)}$")
    await white.goto("about:blank")  # so that only the new page's reads are counted
    await white.route(read, hold)
    await white.goto(address)
    await stands(white, "e2", "whitep")
    await tap(white, "e2")
    async with white.expect_response(read) as answer:
        held.set()
    await (await answer.value).finished()
    await white.evaluate("new Promise((done) => setTimeout(done, 100))")
    assert reads > 1
    await expect(white.locator('[data-square="e2"]')).to_be_focused()
    await white.keyboard.press("Escape")
    await expect(white.locator("#board .selected")).to_have_count(0)
