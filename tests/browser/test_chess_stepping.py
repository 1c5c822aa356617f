# SPDX-License-Identifier: GPL-3.0-or-later
"""Stepping through a game: past positions are shown, take no moves, and stay while it goes on."""

from __future__ import annotations

import chess
from playwright.async_api import Browser, Page, expect

from tests.browser.chess_pages import Nodes, sit_down

OPENING = "e4 e5 Nf3 Nc6 Bb5 a6".split()
PIECES = """() => [...document.querySelectorAll("#board [data-square]")]
  .filter((square) => square.dataset.piece)
  .map((square) => square.dataset.square + square.dataset.piece).sort().join()"""


def after(sans: list[str]) -> str:
    """The pieces on the board after these moves, as the page tells them."""
    board = chess.Board()
    for san in sans:
        board.push_san(san)
    return ",".join(
        sorted(
            chess.square_name(at) + ("white" if piece.color else "black") + piece.symbol().lower()
            for at, piece in board.piece_map().items()
        )
    )


async def shows(page: Page, sans: list[str]) -> None:
    """Wait until the board shows the position after these moves."""
    await page.wait_for_function(f"(pieces) => ({PIECES})() === pieces", arg=after(sans))


async def step(page: Page, way: str) -> None:
    """One of the buttons below the moves."""
    await page.click(f'#stepping [data-step="{way}"]')


async def test_a_past_position_stays_takes_no_moves_and_tells_news(
    browser: Browser, nodes: Nodes
) -> None:
    players = await sit_down(browser, nodes)
    white, black = players.pages[chess.WHITE], players.pages[chess.BLACK]
    await players.play(OPENING)
    past = white.locator("#past")
    # It is White's move, and of the position two moves before it was, too.
    await step(white, "back")
    await step(white, "back")
    await shows(white, OPENING[:4])
    await expect(past).to_contain_text("Move 2, Black: Knight c6")
    await expect(white.locator("#board .movable")).to_have_count(0)
    await white.click('[data-square="f1"]')
    await white.click('[data-square="b5"]')
    await expect(past).to_contain_text("takes no moves")
    await shows(white, OPENING[:4])
    await step(white, "live")
    await shows(white, OPENING)

    # Black looks back while White moves.
    await black.click('#moves .move:text-is("e5")')
    await shows(black, OPENING[:2])
    await white.click('[data-square="b5"]')
    await white.click('[data-square="c6"]')
    await expect(black.locator("#past")).to_contain_text("New: Bishop takes c6")
    await shows(black, OPENING[:2])
    await step(black, "live")
    await shows(black, [*OPENING, "Bxc6"])
    await expect(black.locator("#past")).to_be_empty()
    await players.play_on(["dxc6"], after=[*OPENING, "Bxc6"])

    # A take-back shortens the game below what White looks at, who lands where the game is.
    await step(white, "back")
    await black.click('.actions [data-action="takeback"]')
    await white.click('#offer [data-action="accept"]')
    await shows(white, [*OPENING, "Bxc6"])
    await expect(white.locator("#board")).to_have_attribute("data-past", "false")


async def test_arrow_keys_step_and_a_finished_game_opens_with_them(
    browser: Browser, nodes: Nodes
) -> None:
    players = await sit_down(browser, nodes)
    white, black = players.pages[chess.WHITE], players.pages[chess.BLACK]
    await players.play(OPENING)
    # Black's last click left the focus on the board, but that is no walk over the squares.
    await black.keyboard.press("ArrowLeft")
    await shows(black, OPENING[:5])
    await black.keyboard.press("ArrowRight")
    await shows(black, OPENING)
    # Who comes to the board by keyboard walks over it.
    await white.locator("#moves-tab").focus()
    await white.keyboard.press("Shift+Tab")
    await white.keyboard.press("ArrowLeft")
    assert await white.evaluate("document.activeElement.dataset.square") == "a5"
    await shows(white, OPENING)
    await expect(white.locator("#board")).to_have_attribute("data-past", "false")

    await white.click('.actions [data-action="resign"]')
    await white.click('[data-confirm="yes"]')
    await expect(white.locator("body")).to_have_attribute("data-state", "finished")
    game = await white.evaluate("new URLSearchParams(location.search).get('game')")
    await white.click("#to-lobby")
    await white.locator("#finished-box").evaluate("(box) => (box.open = true)")
    await white.click(f'[data-game="{game}"] button')
    await shows(white, OPENING)
    # The list is one stop of the Tab key; in it the keys go through the whole game.
    await white.locator("#moves .current").focus()
    await white.keyboard.press("Home")
    await shows(white, OPENING[:0])
    await white.keyboard.press("ArrowRight")
    await white.keyboard.press("ArrowDown")
    await shows(white, OPENING[:3])
    assert await white.evaluate("document.activeElement.ariaLabel") == "Move 2, White: Knight f3"
    assert await white.locator('#moves [tabindex="0"]').count() == 1
    await white.keyboard.press("End")
    await shows(white, OPENING)
    await expect(white.locator('[data-step="on"]')).to_have_attribute("aria-disabled", "true")
