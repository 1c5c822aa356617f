# SPDX-License-Identifier: MIT
"""The chess page says "thinking…" while the other player has a hand at the board."""

from __future__ import annotations

from playwright.async_api import Browser, Page, expect

from goop_node.testing import NodeProcess
from tests.browser.conftest import page_url


async def _tap(page: Page, square: str) -> None:
    await page.click(f'[data-square="{square}"]')


async def test_thinking_is_shown_and_clears(
    browser: Browser, nodes: tuple[NodeProcess, NodeProcess]
) -> None:
    pages = []
    for node in nodes:
        page = await (await browser.new_context()).new_page()
        await page.goto(page_url(node, "chess"))
        pages.append(page)
    white, black = pages
    await white.click(f'[data-peer="{nodes[1].peer_id}"]')
    await white.click("#invite")
    await black.click('#incoming [data-action="accept"]')
    for page in pages:
        await expect(page.locator("body")).to_have_attribute("data-state", "playing")

    shown = black.locator("#player-top .thinking")
    await _tap(white, "e2")
    await expect(shown).to_have_text("thinking…")
    await white.mouse.move(0, 0)  # a pointer that rests over the board is a hand there, too
    await white.keyboard.press("Escape")
    await expect(shown).to_have_count(0)

    await _tap(white, "d2")
    await expect(shown).to_be_visible()
    await _tap(white, "d4")
    await expect(black.locator("#moves")).to_contain_text("d4")
    await expect(shown).to_have_count(0)

    # Whoever is not to move does not think aloud; the other one does, just by pointing.
    await black.mouse.move(0, 0)
    await black.hover('[data-square="e7"]')
    await expect(white.locator("#player-top .thinking")).to_be_visible()
    await expect(shown).to_have_count(0)
    for page in pages:
        await page.context.close()
