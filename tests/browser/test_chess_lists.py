# SPDX-License-Identifier: GPL-3.0-or-later
"""The list of games: it follows whatever is done, wherever that is done; and leaving a game."""

from __future__ import annotations

import re
from typing import Any

import chess
from playwright.async_api import Browser, BrowserContext, Locator, Page, expect

from goop_node.testing import NodeProcess
from tests.browser.chess_pages import Nodes, clear_tables, sit_down
from tests.browser.conftest import page_url
from tests.node.page import Page as Program

TOUCHED = """() => {
  window.touched = [];
  const found = ({ removedNodes, target }) => [...removedNodes].filter((gone) =>
    [...target.children].some((child) => child.matches("li, label") && child.isEqualNode(gone)));
  new MutationObserver((all) => touched.push(...all.flatMap(found).map((row) => row.textContent)))
    .observe(document.body, { childList: true, subtree: true });
}"""
"""Notes the rows that are put back, or made anew for nothing: a press is lost there."""


async def tab(context: BrowserContext, node: NodeProcess, template: str = "chess") -> Page:
    """One more tab of the same browser."""
    page = await context.new_page()
    await page.goto(page_url(node, template))
    return page


async def invited(bob: Program, alice: NodeProcess, context: str) -> str:
    """Bob asks Alice for a game in which she plays White; the channel."""
    params = {"colour": "black"}
    asked = await bob.post("request", 201, peerId=alice.peer_id, context=context, params=params)
    channel: str = asked["channelId"]
    return channel


def row(page: Page, game: str, *, ended: bool = False) -> Locator:
    """Where the list has a game."""
    return page.locator(f'#{"finished" if ended else "running"} [data-game="{game}"]')


async def tap(page: Page, *squares: str) -> None:
    """Play by tapping."""
    for square in squares:
        await page.click(f'[data-square="{square}"]')


async def test_the_list_follows_another_tab_home_and_another_template(
    browser: Browser, nodes: Nodes
) -> None:
    alice, bob = nodes
    clear_tables(nodes)
    context = await browser.new_context()
    lobby = await tab(context, alice)
    await expect(lobby.locator("#invite")).to_be_enabled()
    await lobby.evaluate(TOUCHED)
    async with Program.open(bob) as them:
        # Another tab of the same template begins a game, moves, and sees its end.
        other = await tab(context, alice)
        channel = await invited(them, alice, "chess_tab")
        await other.click('#incoming [data-action="accept"]')
        await expect(row(lobby, "chess_tab")).to_contain_text("Your move")
        await expect(row(lobby, "chess_tab")).to_contain_text("White · no moves")
        resume = lobby.locator('[data-game="chess_tab"] [data-does="open"]')
        await resume.focus()
        await tap(other, "e2", "e4")
        await expect(row(lobby, "chess_tab")).to_contain_text("Their move")
        await expect(row(lobby, "chess_tab")).to_contain_text("White · 1 move")
        await expect(resume).to_be_focused()
        await them.send(channel, {"type": "resign"})
        ended = row(lobby, "chess_tab", ended=True)
        await expect(ended).to_contain_text("You won by resignation (1")
        await expect(ended.locator("time")).to_have_attribute(
            "datetime", re.compile(r"^\d{4}-\d\d-\d\dT")
        )

        # The home page accepts one.
        home = await tab(context, alice, "")
        channel = await invited(them, alice, "chess_home")
        request = home.locator(f'#request-list [data-channel="{channel}"]')
        await request.get_by_role("button", name="Accept").click()
        await expect(row(lobby, "chess_home")).to_contain_text("Your move")
        await expect(other.locator("#others")).to_be_visible()
        await expect(other.locator("#others-count")).to_have_text("1")

        # Another template, which was given the context, plays one that is its own alone.
        own = await tab(context, alice, "own-chess")
        await own.evaluate("(peer) => void startGame(peer)", bob.peer_id)
        asked: dict[str, Any] = await them.frame("incoming", context="chess_42")
        await them.post("accept", channelId=asked["channel"])
        await expect(row(lobby, "chess_42")).to_contain_text("White · no moves")
        await own.evaluate("() => void makeMove('d2', 'd4')")
        await expect(row(lobby, "chess_42")).to_contain_text("White · 1 move")

        # What has no channel any more is put aside, and other tabs have it when they are looked at.
        await them.post("close", channelId=channel)
        await them.post("close", channelId=asked["channel"])
        await expect(home.locator("#link")).to_contain_text("is not connected to this game")
        await home.click('.actions [data-action="abandon"]')
        await expect(home.locator("#confirm-text")).to_contain_text("is not told")
        await home.click('[data-confirm="yes"]')
        await expect(home.locator("#status")).to_contain_text("You have abandoned this game")
        await expect(other.locator("#others")).to_be_hidden()
        await lobby.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
        ended = row(lobby, "chess_home", ended=True)
        await expect(ended).to_contain_text("You have abandoned this game")
    assert await lobby.evaluate("touched") == []
    await context.close()


async def game_of(page: Page) -> str:
    """The game on the table, which is left for the list."""
    game: str = await page.evaluate("new URLSearchParams(location.search).get('game')")
    await page.click("#to-lobby")
    return game


async def test_abandoning_is_asked_told_and_the_other_one_claims(
    browser: Browser, nodes: Nodes
) -> None:
    players = await sit_down(browser, nodes)
    leaver, left = players.pages[chess.BLACK], players.pages[chess.WHITE]
    await players.play(["e4", "e5"])
    game = await game_of(leaver)
    abandon = row(leaver, game).locator('[data-does="abandon"]')
    await abandon.click()
    question = leaver.locator("#confirm-text")
    await expect(question).to_contain_text("You cannot come back to it")
    await expect(question).to_contain_text("is told, and may claim the win or call it a draw")
    await leaver.click('[data-confirm="no"]')
    await expect(left.locator("#status")).to_contain_text("Your move")
    await abandon.click()
    await leaver.click('[data-confirm="yes"]')
    await expect(row(leaver, game, ended=True)).to_contain_text("You have abandoned this game")
    await expect(left.locator("#status")).to_contain_text("has abandoned this game")
    for action in ("claim-draw", "resign"):
        await expect(left.locator(f'.actions [data-action="{action}"]')).to_be_visible()
    await left.click('.actions [data-action="claim-win"]')
    await expect(left.locator("#status")).to_contain_text("You won by abandonment")
    await expect(row(leaver, game, ended=True)).to_contain_text("You lost by abandonment")
    for page in (leaver, left):
        await page.context.close()


async def test_a_game_that_has_hardly_begun_is_called_off(browser: Browser, nodes: Nodes) -> None:
    players = await sit_down(browser, nodes)
    leaver, other = players.pages[chess.WHITE], players.pages[chess.BLACK]
    await players.play(["e4"])
    game = await game_of(leaver)
    await row(leaver, game).locator('[data-does="abandon"]').click()
    await expect(leaver.locator("#confirm-text")).to_contain_text("nobody wins or loses it")
    await leaver.click('[data-confirm="yes"]')
    await expect(row(leaver, game, ended=True)).to_contain_text("Aborted")
    await expect(other.locator("#status")).to_contain_text("Aborted")
    for page in (leaver, other):
        await page.context.close()
