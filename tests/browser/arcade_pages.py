# SPDX-License-Identifier: MIT
"""Pages of the arcade, as people play in them and as they are read."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from typing import Any, NamedTuple

from playwright.async_api import Browser, Page, expect

from goop_node.testing import NodeProcess
from tests.browser.conftest import page_url
from tests.limits import HANG

UNSEEN = """
const no = () => 0;
for (const [name, value] of [["hidden", true], ["visibilityState", "hidden"]]) {
  Object.defineProperty(document, name, { configurable: true, get: () => value });
}
Object.defineProperty(window, "requestAnimationFrame", { configurable: true, value: no });
document.dispatchEvent(new Event("visibilitychange"));
"""
"""As in a tab that nobody looks at: there are no frames."""
OVER = re.compile("No ship is left|They have landed")
ROWS = """() => [...document.querySelectorAll("#people li")].map((row) => [
  Number(row.dataset.slot), row.querySelector(".score").textContent,
  row.querySelector(".soft").textContent, row.dataset.here === "true",
  row.querySelector(".who").textContent])"""


class Row(NamedTuple):
    """One of the people, as a page shows them."""

    slot: int
    score: int
    words: str
    here: bool
    who: str

    @property
    def you(self) -> bool:
        """Whether it is the page's own person."""
        return self.who == "You"


async def opened(
    browser: Browser,
    node: NodeProcess,
    errors: list[str],
    query: str = "",
    *,
    unseen: bool = False,
    **how: Any,
) -> Page:
    """The page on a node; what goes wrong in it is added to ``errors``."""
    context = await browser.new_context(**how)
    if unseen:
        await context.add_init_script(UNSEEN)
    page = await context.new_page()
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda line: errors.append(line.text) if line.type == "error" else None)
    await page.goto(page_url(node, "arcade") + query)
    return page


async def people(page: Page) -> list[Row]:
    """All that a page shows of who is in its room."""
    return [
        Row(slot, int(score or 0), words, here, who)
        for slot, score, words, here, who in await page.evaluate(ROWS)
    ]


async def agreed(pages: Sequence[Page]) -> dict[int, int]:
    """The points of each ship, once all pages show the same of everything."""
    async with asyncio.timeout(HANG):
        while True:
            told = [[row._replace(who="") for row in await people(page)] for page in pages]
            left = {await page.locator("#screen").get_attribute("aria-label") for page in pages}
            if len(left) == 1 and all(one == told[0] for one in told):
                return {row.slot: row.score for row in told[0] if row.slot}
            await asyncio.sleep(0.05)


async def referee(pages: Sequence[Page]) -> Page:
    """The page whose node is host, once all say so."""
    async with asyncio.timeout(HANG):
        while True:
            found = []
            for page in pages:
                rows = await people(page)
                ours = [row for row in rows if row.you and "referee" in row.words]
                found += [page] if ours else []
                if not any(row.here and "referee" in row.words for row in rows):
                    break
            else:
                if len(found) == 1:
                    return found[0]
            await asyncio.sleep(0.05)


async def fittest(pages: Sequence[Page]) -> Page:
    """The page whose own ship was hit least."""
    words = {page: next(row.words for row in await people(page) if row.you) for page in pages}
    return max(words, key=lambda page: int(re.sub(r"\D", "", words[page]) or 0))


async def hold(page: Page, *keys: str) -> None:
    """Hold these keys of the game, and none else."""
    for key in ("Space", "ArrowLeft", "ArrowRight"):
        if key not in keys:
            await page.keyboard.up(key)
    await page.locator("#screen").focus()
    for key in keys:
        await page.keyboard.down(key)


async def score(page: Page) -> None:
    """Cross the field, to and fro, and shoot until that has brought points; then stand aside.

    At the edges of the field hardly anything falls. Only while the round lasts, and its ship.
    """
    before = next(row.score for row in await people(page) if row.you)
    ways = ["ArrowLeft", "ArrowRight"]
    async with asyncio.timeout(HANG):
        while True:
            await hold(page, "Space", ways[0])
            ways.reverse()
            for _ in range(40):
                if next(row.score for row in await people(page) if row.you) > before:
                    return await hold(page, ways[1])
                await asyncio.sleep(0.08)


async def until_over(pages: Sequence[Page]) -> None:
    """Cross the field, to and fro, until the round is over."""
    ways = ["ArrowLeft", "ArrowRight"]
    over = pages[0].locator("#status").filter(has_text=OVER)
    async with asyncio.timeout(2 * HANG):  # by then the aliens have landed
        while not await over.count():
            ways.reverse()
            for page in pages:
                await hold(page, ways[0])
            await asyncio.sleep(1)
    for page in pages:
        await hold(page)
        await expect(page.locator("#status")).to_contain_text(OVER)


async def wave(page: Page, number: int) -> None:
    """Wait until the page shows that the round is in that wave."""
    await expect(page.locator("#status")).to_have_text(f"Wave {number}")
