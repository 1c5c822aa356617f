# SPDX-License-Identifier: GPL-3.0-or-later
"""Chat beside the board: text in the order of the log, for who wants it, and never in the way."""

from __future__ import annotations

import chess
from playwright.async_api import Browser, Page, expect

from tests.browser.axe import faults
from tests.browser.chess_pages import Nodes, sit_down

PLACE = """() => {
  const { x, y, width, height } = document.getElementById("board").getBoundingClientRect();
  return [x + scrollX, y + scrollY, width, height];
}"""
RUDE = "<b>bold</b> \u202eshalom & שלום"


async def write(page: Page, text: str) -> None:
    """Write a line, in whichever tab the sheet is."""
    await page.click("#chat-tab")
    await page.fill("#chat-text", text)
    await page.press("#chat-text", "Enter")


async def reads(page: Page, *lines: str) -> None:
    """Wait until exactly these lines are there, in this order, and have their place in the log."""
    there = page.locator('#chat-lines li[data-key^="there "]')
    await expect(there).to_have_count(len(lines))
    assert await there.locator(".text").all_text_contents() == list(lines)


async def test_two_players_write_to_each_other(browser: Browser, nodes: Nodes) -> None:
    players = await sit_down(browser, nodes)
    white, black = players.pages[chess.WHITE], players.pages[chess.BLACK]
    await black.set_viewport_size({"width": 390, "height": 844})
    place = await black.evaluate(PLACE)

    await write(white, RUDE)
    unread = black.locator("#chat-unread")
    await expect(unread).to_have_text("1")
    await expect(black.locator("#spoken p").last).to_contain_text(f"writes: {RUDE}")
    await black.reload()
    await expect(unread).to_have_text("1")
    await black.click("#chat-tab")
    await reads(black, RUDE)
    await expect(unread).to_be_empty()
    assert await black.locator("#chat-lines b").count() == 0
    await write(black, "hello")
    await players.play(["e4"])
    await write(white, "one more")
    for page in (white, black):
        await reads(page, RUDE, "hello", "one more")
    assert await black.evaluate(PLACE) == place
    assert await faults(black) == []

    # A tab that nobody can see reads nothing; a reload keeps what was read.
    await black.click("#moves-tab")
    await write(white, "psst")
    await expect(unread).to_have_text("1")
    await black.locator("#moves-tab").press("ArrowRight")
    await reads(black, RUDE, "hello", "one more", "psst")
    await black.reload()
    await expect(black.locator("#moves")).to_contain_text("e4")
    await expect(unread).to_be_empty()


async def test_whoever_does_not_want_it_has_it_off(browser: Browser, nodes: Nodes) -> None:
    players = await sit_down(browser, nodes)
    white, black = players.pages[chess.WHITE], players.pages[chess.BLACK]
    note = white.locator("#chat-note")
    await white.click("#chat-tab")
    await black.click("#chat-tab")
    await black.click("#chat-switch")
    await expect(note).to_contain_text("has chat off")
    await write(white, "anybody there?")
    await reads(white, "anybody there?")
    await players.play(["e4"])
    # Both learn it again: who turned it off, and who writes.
    await black.reload()
    await white.reload()
    await white.click("#chat-tab")
    await expect(note).to_contain_text("has chat off")
    await black.click("#chat-tab")
    await expect(black.locator("#chat-note")).to_contain_text("Chat is off in this browser")
    await expect(black.locator("#chat-lines")).to_be_hidden()
    await expect(black.locator("#chat-unread")).to_be_empty()
    await black.click("#chat-switch")
    await reads(black, "anybody there?")
    await expect(note).to_be_empty()

    # The game is over, and the two are still there.
    await black.click('.actions [data-action="abort"]')
    await expect(white.locator("body")).to_have_attribute("data-state", "finished")
    await write(white, "too bad")
    await reads(black, "anybody there?", "too bad")
    await black.click("#to-lobby")
    await expect(note).to_contain_text("Nothing can be written")
