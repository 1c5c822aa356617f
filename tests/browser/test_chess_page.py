# SPDX-License-Identifier: GPL-3.0-or-later
"""What two people can do at the chess page besides moving by hand."""

from __future__ import annotations

import re

import chess
from playwright.async_api import Browser, Page, expect

from tests.browser.chess_pages import Nodes, Players, clear_tables, sit_down
from tests.browser.conftest import page_url

SEE_IT_COME = """() => void new MutationObserver(() => {
  const button = document.querySelector("#incoming button");
  window.came ??= button && getComputedStyle(button).pointerEvents;
}).observe(document.getElementById("incoming"), { childList: true })"""


async def press(page: Page, action: str) -> None:
    """One of the game's buttons."""
    await page.click(f'.actions [data-action="{action}"]')


async def both_show(players: Players, text: str) -> None:
    """Wait until each page's status says so."""
    for page in players.pages.values():
        await expect(page.locator("#status")).to_contain_text(text)


async def test_an_invitation_is_declined(browser: Browser, nodes: Nodes) -> None:
    pages = []
    for node in nodes:
        page = await (await browser.new_context()).new_page()
        await page.goto(page_url(node, "chess"))
        pages.append(page)
    alice, bob = pages
    await bob.evaluate(SEE_IT_COME)
    await alice.click(f'[data-peer="{nodes[1].peer_id}"]')
    await alice.click("#invite")
    await expect(bob.locator("#incoming")).to_contain_text("invites you to a game of chess")
    assert await bob.evaluate("came") == "none"  # it takes no press that was meant for another
    await bob.click('#incoming [data-action="decline"]')
    await expect(alice.locator("#notice")).to_be_visible()
    await expect(alice.locator("body")).to_have_attribute("data-state", "lobby")


async def test_abort_and_rematch_with_colours_changed(browser: Browser, nodes: Nodes) -> None:
    players = await sit_down(browser, nodes)
    white, black = players.pages[chess.WHITE], players.pages[chess.BLACK]
    await players.play(["e4"])
    await press(black, "abort")
    await both_show(players, "Aborted")
    await press(white, "rematch")
    await black.click('#incoming [data-action="accept"]')
    for page in (white, black):
        await expect(page.locator("body")).to_have_attribute("data-state", "playing")
    await expect(white.locator("#board")).to_have_attribute("data-orientation", "black")
    await Players(black, white).play(["d4", "d5"])
    await expect(white.locator('.actions [data-action="abort"]')).to_be_hidden()


async def test_resigning_is_asked_twice(browser: Browser, nodes: Nodes) -> None:
    players = await sit_down(browser, nodes)
    await players.play(["e4", "e5"])
    white = players.pages[chess.WHITE]
    await press(white, "resign")
    await white.click('[data-confirm="no"]')
    await players.play_on(["Nf3"])
    # The question goes with the game that it is about.
    await press(white, "resign")
    await expect(white.locator("#confirm")).to_be_visible()
    await white.evaluate("history.back()")
    await expect(white.locator("body")).to_have_attribute("data-state", "lobby")
    await expect(white.locator("#confirm")).to_be_hidden()
    await white.go_forward(wait_until="commit")
    await press(white, "resign")
    await white.click('[data-confirm="yes"]')
    await both_show(players, "resign")


async def test_what_becomes_of_an_offer_is_told_in_every_tab_until_the_next_move(
    browser: Browser, nodes: Nodes
) -> None:
    players = await sit_down(browser, nodes)
    white, black = players.pages[chess.WHITE], players.pages[chess.BLACK]
    await players.play(["e4", "e5"])
    second = await white.context.new_page()
    await second.goto(white.url)
    await press(white, "draw")
    for page in (white, second):
        await expect(page.locator('.actions [data-action="draw"]')).to_have_text("Draw offered")
    await black.click('#offer [data-action="decline"]')
    for page in (white, second):
        await expect(page.locator("#offer-news")).to_contain_text("declined your draw offer")
        await expect(page.locator('.actions [data-action="draw"]')).to_be_disabled()
    await white.reload()
    await expect(white.locator("#offer-news")).to_contain_text("declined your draw offer")
    await expect(black.locator("#offer-news")).to_be_empty()
    await press(black, "takeback")
    await players.play_on(["Nf3"])
    await expect(black.locator("#offer-news")).to_contain_text("moved on")
    for page in (white, second):
        await expect(page.locator("#offer-news")).to_be_empty()
        await expect(page.locator('.actions [data-action="draw"]')).to_be_enabled()
    await players.play_on(["Nc6"])
    await expect(black.locator("#offer-news")).to_be_empty()
    await press(black, "takeback")
    await white.click('#offer [data-action="accept"]')
    for page in (white, black):
        await expect(page.locator("#moves .move")).to_have_count(3)
    await expect(black.locator("#offer-news")).to_contain_text("let you take your move back")
    await players.play_on(["d6"], after=["e4", "e5", "Nf3"])
    await expect(black.locator("#offer-news")).to_be_empty()


async def test_the_keyboard_alone_plays(browser: Browser, nodes: Nodes) -> None:
    players = await sit_down(browser, nodes)
    white, black = players.pages[chess.WHITE], players.pages[chess.BLACK]
    await _walk(white, "e2", "e4")
    await expect(black.locator("#moves")).to_contain_text("e4")
    await _walk(black, "e7", "e5")
    await expect(white.locator("#moves")).to_contain_text("e5")


async def _walk(page: Page, start: str, end: str) -> None:
    """Tab to the board, walk to a square, pick up, walk on, put down: for both colours."""
    await expect(page.locator(f'[data-square="{start}"].movable')).to_be_visible()
    await page.locator('#board [tabindex="0"]').focus()
    turned = await page.locator("#board").get_attribute("data-orientation") == "black"
    for square in (start, end):
        here = await page.evaluate("document.activeElement.dataset.square")
        files = ord(square[0]) - ord(here[0])
        ranks = int(square[1]) - int(here[1])
        if turned:
            files, ranks = -files, -ranks
        for _ in range(abs(files)):
            await page.keyboard.press("ArrowRight" if files > 0 else "ArrowLeft")
        for _ in range(abs(ranks)):
            await page.keyboard.press("ArrowUp" if ranks > 0 else "ArrowDown")
        await page.keyboard.press("Enter")


async def test_turn_title_icon_flip_and_sound(browser: Browser, nodes: Nodes) -> None:
    clear_tables(nodes)
    players = await sit_down(browser, nodes)
    white, black = players.pages[chess.WHITE], players.pages[chess.BLACK]
    await expect(white.locator("#board")).to_have_attribute("data-orientation", "white")
    await expect(black.locator("#board")).to_have_attribute("data-orientation", "black")
    assert "Your move" in await white.title()
    assert "Your move" not in await black.title()
    await players.play(["e4"])
    await black.wait_for_function("document.title.includes('Your move')")
    await expect(black.locator("#favicon")).to_have_attribute("href", re.compile("^data:image/svg"))
    await expect(white.locator("#favicon")).to_have_attribute("href", "icon.svg")
    assert re.match(r"\(\d+\) Your move · Chess with", await black.title())
    await press(white, "flip")
    await expect(white.locator("#board")).to_have_attribute("data-orientation", "black")
    beside = await white.context.new_page()
    await beside.goto(page_url(nodes[0], "chess"))
    await white.click("#sound")
    for page in (white, beside):
        await expect(page.locator("#sound")).to_have_attribute("aria-pressed", "false")
    await white.reload()
    await expect(white.locator("#sound")).to_have_attribute("aria-pressed", "false")


async def test_a_piece_is_dragged(browser: Browser, nodes: Nodes) -> None:
    players = await sit_down(browser, nodes)
    white, black = players.pages[chess.WHITE], players.pages[chess.BLACK]
    await expect(white.locator('[data-square="g1"].movable')).to_be_visible()
    await white.drag_and_drop('[data-square="g1"]', '[data-square="f3"]')
    await expect(black.locator("#moves")).to_contain_text("Nf3")


async def test_the_pgn_is_the_game(browser: Browser, nodes: Nodes) -> None:
    players = await sit_down(browser, nodes)
    await players.play(["e4", "c5", "Nf3"])
    white = players.pages[chess.WHITE]
    async with white.expect_download() as waiting:
        await press(white, "pgn")
    download = await waiting.value
    assert re.fullmatch(r"\w+ - \w+ \d{4}-\d\d-\d\d\.pgn", download.suggested_filename)
    path = await download.path()
    text = path.read_text()
    assert "1. e4 c5 2. Nf3" in text
    assert '[Result "*"]' in text
