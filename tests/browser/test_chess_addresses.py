# SPDX-License-Identifier: GPL-3.0-or-later
"""The browser's Back and Forward at the chess page, and addresses that are opened again."""

from __future__ import annotations

import chess
from playwright.async_api import Browser, Page, expect

from tests.browser.chess_pages import Nodes, Players, sit_down
from tests.browser.conftest import page_url

OPENING = "e4 e5 Nf3".split()


async def is_at(page: Page, state: str) -> None:
    """Wait until the page shows that view."""
    await expect(page.locator("body")).to_have_attribute("data-state", state)


async def back(page: Page) -> None:
    """The browser's Back. A page that comes out of the cache loads nothing that one could await."""
    await page.go_back(wait_until="commit")


async def game_of(page: Page) -> str:
    """The game in the page's address."""
    game: str = await page.evaluate("new URLSearchParams(location.search).get('game')")
    return game


async def test_back_leads_from_the_game_to_the_lobby_and_home(
    chromium: Browser, nodes: Nodes
) -> None:
    players = await sit_down(chromium, nodes)
    await players.play(OPENING)
    white, black = players.pages[chess.WHITE], players.pages[chess.BLACK]
    game = await game_of(white)
    await _accepted_at_home(nodes, await white.context.new_page(), game)
    await _opened_again(players)

    # A page that was put away comes back to the game as it is by then.
    await white.evaluate(
        "addEventListener('pageshow', ({ persisted }) => (window.kept = persisted))"
    )
    await white.goto(page_url(nodes[0]))
    await players.pages[chess.BLACK].click('[data-square="f8"]')
    await players.pages[chess.BLACK].click('[data-square="c5"]')
    await expect(black.locator("#moves")).to_contain_text("Bc5")
    await back(white)
    await white.wait_for_function("() => window.kept === true")
    await expect(white.locator("#moves .move")).to_have_count(6)

    # A rematch takes the place of the game before: Back does not go through both.
    await white.click('.actions [data-action="resign"]')
    await white.click('[data-confirm="yes"]')
    await black.click('.actions [data-action="rematch"]')
    await white.click('#incoming [data-action="accept"]')
    await black.wait_for_function("(game) => !location.search.includes(game)", arg=game)
    await is_at(black, "playing")
    await back(black)
    await is_at(black, "lobby")
    assert await black.evaluate("document.activeElement.id") == "games-title"


async def _accepted_at_home(nodes: Nodes, page: Page, game: str) -> None:
    """A game whose request was accepted at home: the person has not seen the lobby."""
    await page.goto(page_url(nodes[0]))
    await page.goto(f"{page_url(nodes[0], 'chess')}?channel={game}")
    await is_at(page, "playing")
    assert await game_of(page) == game
    await back(page)
    await is_at(page, "lobby")
    assert "?" not in page.url
    await page.go_forward(wait_until="commit")
    await is_at(page, "playing")
    await page.click("#to-lobby")
    await is_at(page, "lobby")
    entries = await page.evaluate("history.length")
    await page.click(f'[data-game="{game}"] button')
    await is_at(page, "playing")
    assert await page.evaluate("history.length") == entries
    await back(page)
    await is_at(page, "lobby")
    await back(page)
    assert page.url == page_url(nodes[0])
    await page.close()


async def _opened_again(players: Players) -> None:
    """A second tab with the same address, and a reload of a past position."""
    white, black = players.pages[chess.WHITE], players.pages[chess.BLACK]
    page = await white.context.new_page()
    await page.goto(white.url)
    await is_at(page, "playing")
    await page.click('#moves .move:text-is("e5")')
    await page.wait_for_function("() => history.state.position === 2")
    await page.reload()
    await expect(page.locator("#past")).to_contain_text("Move 1, Black: Pawn e5")
    await page.click('[data-step="live"]')
    await black.click('[data-square="b8"]')
    await black.click('[data-square="c6"]')
    for each in (white, page):
        await expect(each.locator("#moves")).to_contain_text("Nc6")
    await page.click('[data-square="b1"]')
    await page.click('[data-square="c3"]')
    for each in (white, black):
        await expect(each.locator("#moves")).to_contain_text("Nc3")
    await page.close()


async def test_an_address_outlives_the_node_and_an_unknown_one_is_told(
    browser: Browser, nodes: Nodes
) -> None:
    players = await sit_down(browser, nodes)
    white, black = players.pages[chess.WHITE], players.pages[chess.BLACK]
    await players.play(OPENING)
    address = white.url
    await white.close()
    page = await white.context.new_page()
    await page.goto(page_url(nodes[0], "chess"))
    await expect(page.locator("#invite")).to_be_enabled()
    nodes[0].kill()
    # A page whose node is gone says so, and invites nobody.
    await expect(page.locator("#notice")).to_contain_text("Is it still running?")
    await expect(page.locator("#invite")).to_be_disabled()
    nodes[0].start()
    await expect(page.locator("#notice")).to_be_hidden()
    await expect(page.locator("#invite")).to_be_enabled()
    await page.goto(address)
    await is_at(page, "playing")
    await expect(page.locator("#moves .move")).to_have_count(3)

    await page.goto(f"{page_url(nodes[0], 'chess')}?game=chess_nowhere")
    await expect(page.locator("#notice")).to_contain_text("There is no such game at this node")
    await is_at(page, "lobby")
    # That something else can be read takes these words from nobody.
    await black.click('[data-square="b8"]')
    await black.click('[data-square="c6"]')
    await expect(page.get_by_role("list", name="Running games")).to_contain_text("Your move")
    await expect(page.locator("#notice")).to_contain_text("There is no such game at this node")
    assert await page.locator("#to-home").get_attribute("href") == page_url(nodes[0])

    # From waiting Back leads to the lobby, where the invitation waits on; Forward returns to it.
    await page.goto(page_url(nodes[0], "chess"))
    await page.click(f'[data-peer="{nodes[1].peer_id}"]')
    await page.click("#invite")
    await is_at(page, "waiting")
    await page.wait_for_function("() => location.search.startsWith('?invitation=')")
    await back(page)
    await is_at(page, "lobby")
    assert "?" not in page.url
    await expect(page.locator("#sent li")).to_have_count(1)
    await page.go_forward(wait_until="commit")
    await is_at(page, "waiting")
    await black.click('#incoming [data-action="decline"]')
    await is_at(page, "lobby")
    await page.wait_for_function("() => !location.search && !history.state?.lobbyBeneath")
