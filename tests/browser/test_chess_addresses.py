# SPDX-License-Identifier: GPL-3.0-or-later
"""The browser's Back and Forward at the chess page, and addresses that are opened again."""

from __future__ import annotations

from collections.abc import AsyncIterator

import chess
import pytest
from playwright.async_api import Browser, Page, async_playwright, expect

from tests.browser.chess_pages import Nodes, sit_down
from tests.browser.conftest import CHROMIUM, FLAGS, page_url

OPENING = "e4 e5 Nf3".split()


async def is_at(page: Page, state: str) -> None:
    """Wait until the page shows that view."""
    await expect(page.locator("body")).to_have_attribute("data-state", state)


async def game_of(page: Page) -> str:
    """The game in the page's address."""
    game: str = await page.evaluate("new URLSearchParams(location.search).get('game')")
    return game


async def test_back_leads_from_the_game_to_the_lobby_and_home(
    browser: Browser, nodes: Nodes
) -> None:
    players = await sit_down(browser, nodes)
    await players.play(OPENING)
    white, black = players.pages[chess.WHITE], players.pages[chess.BLACK]
    game = await game_of(white)

    # Accepted at home, a game begins without the person having seen the lobby.
    page = await white.context.new_page()
    await page.goto(page_url(nodes[0]))
    await page.goto(f"{page_url(nodes[0], 'chess')}?channel={game}")
    await is_at(page, "playing")
    assert await game_of(page) == game
    await page.go_back()
    await is_at(page, "lobby")
    assert "?" not in page.url
    await page.go_forward()
    await is_at(page, "playing")
    await page.click("#to-lobby")
    await is_at(page, "lobby")
    await page.click(f'[data-game="{game}"] button')
    await is_at(page, "playing")
    assert await page.evaluate("history.length") == await page.evaluate(
        "(history.back(), new Promise((come) => addEventListener('popstate',"
        " () => come(history.length), { once: true })))"
    )
    await is_at(page, "lobby")
    await page.go_back()
    assert page.url == page_url(nodes[0])
    await page.close()

    # A second tab with the same address, and a reload of a past position.
    again = await white.context.new_page()
    await again.goto(white.url)
    await is_at(again, "playing")
    await again.click('#moves .move:text-is("e5")')
    await again.wait_for_function("() => history.state.position === 2")
    await again.reload()
    await expect(again.locator("#past")).to_contain_text("Move 1, Black: Pawn e5")
    await again.click('[data-step="live"]')
    await black.click('[data-square="b8"]')
    await black.click('[data-square="c6"]')
    for each in (white, again):
        await expect(each.locator("#moves")).to_contain_text("Nc6")

    # A rematch takes the place of the game before: Back does not go through both.
    await white.click('.actions [data-action="resign"]')
    await white.click('[data-confirm="yes"]')
    await black.click('.actions [data-action="rematch"]')
    await white.click('#incoming [data-action="accept"]')
    await black.wait_for_function(f"() => !location.search.includes({game!r})")
    await is_at(black, "playing")
    await black.go_back()
    await is_at(black, "lobby")
    assert await black.evaluate("document.activeElement.id") == "games-title"


async def test_an_unknown_game_is_told_in_words(browser: Browser, nodes: Nodes) -> None:
    page = await browser.new_page()
    await page.goto(f"{page_url(nodes[0], 'chess')}?game=chess_nowhere")
    await expect(page.locator("#notice")).to_contain_text("There is no such game at this node")
    await is_at(page, "lobby")
    home = await page.locator("#to-home").get_attribute("href")
    assert home == page_url(nodes[0])


async def test_an_address_is_good_after_a_restart(browser: Browser, nodes: Nodes) -> None:
    players = await sit_down(browser, nodes)
    await players.play(OPENING)
    white = players.pages[chess.WHITE]
    address = white.url
    await white.close()
    nodes[0].kill()
    nodes[0].start()
    page = await players.pages[chess.WHITE].context.new_page()
    await page.goto(address)
    await is_at(page, "playing")
    await expect(page.locator("#moves .move")).to_have_count(3)


@pytest.fixture
async def keeping() -> AsyncIterator[Browser]:
    """Chromium with its back/forward cache, which playwright turns off."""
    if CHROMIUM is None:
        pytest.skip("no Chromium here; install it with: apt-get install chromium")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=FLAGS,
            ignore_default_args=["--disable-back-forward-cache"],
        )
        yield browser
        await browser.close()


async def test_a_page_that_was_put_away_comes_back_to_the_game_as_it_is(
    keeping: Browser, nodes: Nodes
) -> None:
    players = await sit_down(keeping, nodes)
    white, black = players.pages[chess.WHITE], players.pages[chess.BLACK]
    await players.play(["e4"])
    await white.evaluate(
        "addEventListener('pageshow', ({ persisted }) => (window.kept = persisted))"
    )
    await white.goto(page_url(nodes[0]))
    await black.click('[data-square="e7"]')
    await black.click('[data-square="e5"]')
    await expect(black.locator("#moves")).to_contain_text("e5")
    await white.go_back(wait_until="commit")
    await white.wait_for_function("() => window.kept === true")
    await expect(white.locator("#moves .move")).to_have_count(2)
    await is_at(white, "playing")
    await white.go_back(wait_until="commit")
    await is_at(white, "lobby")
