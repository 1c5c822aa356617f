# SPDX-License-Identifier: GPL-3.0-or-later
"""Clocks and moves in advance, as two people see them: chosen, shown, running, over."""

from __future__ import annotations

import re
from typing import Any

import chess
from playwright.async_api import Browser, Page, expect

from tests.browser.axe import faults
from tests.browser.chess_pages import Nodes, Players, sit_down
from tests.browser.conftest import page_url

NOTED = """() => {
  window.noted = [];
  const notice = document.getElementById("notice");
  const look = () => notice.textContent && noted.push(notice.textContent);
  new MutationObserver(look).observe(notice, { childList: true });
}"""
"""Notes what the page says is wrong."""


async def lobbies(browser: Browser, nodes: Nodes) -> tuple[Page, Page]:
    """Alice's and Bob's page, before any game."""
    pages = []
    for node in nodes:
        page = await (await browser.new_context()).new_page()
        await page.goto(page_url(node, "chess"))
        await expect(page.locator("#peers label")).not_to_have_count(0)
        pages.append(page)
    return pages[0], pages[1]


async def timed_game(browser: Browser, nodes: Nodes, game: str, clock: dict[str, Any]) -> Players:
    """Alice plays White in a game with that time control."""
    alice, bob = await lobbies(browser, nodes)
    await alice.evaluate(
        "([peer, context, clock]) => void Goop.realtime.connect(peer, "
        "{context, params: {colour: 'white', clock}})"
        ".then(() => (document.body.dataset.agreed = 'yes'))",
        [nodes[1].peer_id, game, clock],
    )
    await bob.click('#incoming [data-action="accept"]')
    await expect(alice.locator("body")).to_have_attribute("data-agreed", "yes")
    await alice.goto(page_url(nodes[0], "chess") + f"?game={game}")
    for page in (alice, bob):
        await expect(page.locator("body")).to_have_attribute("data-state", "playing")
    return Players(alice, bob)


async def test_a_clock_is_chosen_shown_before_accepting_and_runs(
    browser: Browser, nodes: Nodes
) -> None:
    alice, bob = await lobbies(browser, nodes)
    await alice.click(f'[data-peer="{nodes[1].peer_id}"]')
    await alice.select_option("#clock", label="10 minutes each, and 5 seconds for each move")
    await alice.click("#invite")
    await expect(bob.locator("#incoming")).to_contain_text("Time: 10 minutes each, and 5 seconds")
    await bob.click('#incoming [data-action="accept"]')
    for page in (alice, bob):
        await expect(page.locator(".clock")).to_have_text(["10:00", "10:00"])
        assert await page.locator('.clock[data-running="true"]').count() == 0
    players = Players(alice, bob)
    await players.play(["e4", "e5"])
    for page in (alice, bob):
        running = page.locator('.clock[data-running="true"]')
        await expect(running).to_have_attribute("aria-label", "White's clock")
        await expect(running).to_have_text(re.compile(r"^9:5\d$"))
    await alice.reload()
    await expect(alice.locator("#player-bottom .clock")).to_have_text(re.compile(r"^9:5\d$"))
    await players.play_on(["Nf3"], after=["e4", "e5"])
    await expect(bob.locator("#player-bottom .clock")).to_have_attribute("data-running", "true")
    await expect(bob.locator("#player-top .clock")).to_have_text(re.compile(r"^(9:5|10:0)\d$"))
    assert await faults(bob) == []


async def test_whose_time_is_over_loses_and_little_time_is_said(
    browser: Browser, nodes: Nodes
) -> None:
    clock = {"kind": "fischer", "seconds": 4, "increment": 0}
    players = await timed_game(browser, nodes, "chess_over", clock)
    white, black = players.pages[chess.WHITE], players.pages[chess.BLACK]
    await players.play(["e4", "e5"])
    await expect(white.locator("#player-bottom .clock")).to_have_attribute("data-low", "true")
    await expect(white.locator("#clock-news")).to_contain_text("less than 20 seconds")
    await expect(black.locator("#clock-news")).to_be_empty()
    await expect(white.locator("#status")).to_contain_text("You lost on time")
    await expect(black.locator("#status")).to_contain_text("You won on time")
    await expect(black.locator("#player-top .clock")).to_have_text("0:00.0")


async def test_the_time_of_who_has_gone_is_claimed(browser: Browser, nodes: Nodes) -> None:
    clock = {"kind": "fischer", "seconds": 2, "increment": 0}
    players = await timed_game(browser, nodes, "chess_gone", clock)
    white, black = players.pages[chess.WHITE], players.pages[chess.BLACK]
    await players.play(["e4", "e5"])
    await white.close()
    claim = black.locator('.actions [data-action="claim"]')
    await expect(claim).to_be_hidden()
    await claim.click(timeout=30_000)
    await expect(black.locator("#status")).to_contain_text("You won on time")


async def test_a_move_in_advance_is_played_dropped_or_taken_back(
    browser: Browser, nodes: Nodes
) -> None:
    players = await sit_down(browser, nodes)
    white, black = players.pages[chess.WHITE], players.pages[chess.BLACK]

    async def ahead(page: Page, start: str, end: str) -> None:
        await page.click(f'[data-square="{start}"]')
        await page.click(f'[data-square="{end}"]')
        for square in (start, end):
            await expect(page.locator(f'[data-square="{square}"].premove')).to_be_visible()

    none = black.locator(".premove")
    # In two tabs: it is played once, and in neither it is called a mistake.
    beside = await black.context.new_page()
    await beside.goto(black.url)
    for page in (black, beside):
        await page.evaluate(NOTED)
        await ahead(page, "d7", "d5")
    await expect(black.locator("#moves")).not_to_contain_text("d5")
    await players.play(["e4"])
    for page in (white, black, beside):
        await expect(page.locator("#moves")).to_contain_text("d5")
    await expect(none).to_have_count(0)
    for cancelled_by in ("click", "Escape"):
        await ahead(black, "d5", "e4")
        if cancelled_by == "click":
            await black.click("#status")
        else:
            await black.keyboard.press("Escape")
        await expect(none).to_have_count(0)
        await expect(black.locator("#premove-news")).to_be_empty()
    await ahead(black, "d5", "e4")
    await players.play_on(["e5"], after=["e4", "d5"])
    await expect(black.locator("#premove-news")).to_contain_text("d5–e4, made in advance")
    await expect(none).to_have_count(0)
    await expect(black.locator("#status")).to_have_text("Your move")
    await players.play_on(["f5"], after=["e4", "d5", "e5"])
    await expect(black.locator("#premove-news")).to_be_empty()
    await black.drag_and_drop('[data-square="b8"]', '[data-square="c6"]')
    await expect(none).to_have_count(2)
    await players.play_on(["exf6"], after=["e4", "d5", "e5", "f5"])
    await expect(white.locator("#moves")).to_contain_text("Nc6")
    for page in (black, beside):
        assert await page.evaluate("noted") == []
