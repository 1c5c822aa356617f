# SPDX-License-Identifier: GPL-3.0-or-later
"""One player: a node, a browser with its tabs, and what a restless person does with them."""

from __future__ import annotations

import asyncio
import contextlib
import random

from playwright.async_api import BrowserContext, Error, Locator, Page

from goop_node.testing import NodeProcess
from tests.browser.conftest import page_url
from tests.browser.monkey.seen import Shown, shown

SOON_MS = 3_000
"""How long a person tries to press what was there a moment ago."""
MIDDLE = """(element) => {
  element.scrollIntoView({ block: "nearest", behavior: "instant" });
  const { x, y, width, height } = element.getBoundingClientRect();
  return [x + width / 2, y + height / 2];
}"""


class NotNow(Exception):
    """What was to be done could not be done at that moment."""


class Player:
    """``table`` is the tab with the game, ``lobby`` one with the list, ``more`` a second table."""

    def __init__(self, name: str, node: NodeProcess, context: BrowserContext) -> None:
        self.name = name
        self.node = node
        self.context = context
        self.table: Page
        self.lobby: Page
        self.more: Page | None = None

    @property
    def home(self) -> str:
        """The address of the chess page."""
        return page_url(self.node, "chess")

    async def sit(self) -> None:
        """Open the tabs."""
        self.table, self.lobby = await self.context.new_page(), await self.context.new_page()
        for page in (self.table, self.lobby):
            await page.goto(self.home)

    async def press(self, target: Locator) -> None:
        """Press what is there. Raises ``NotNow`` where it is not, or has gone meanwhile."""
        if not await target.first.is_visible() or not await target.first.is_enabled():
            raise NotNow("it is not there")
        # Wherever it is now, whatever lies there by then: a hand waits for no animation to end.
        try:
            x, y = await target.first.evaluate(MIDDLE, timeout=SOON_MS)
        except Error as error:
            raise NotNow(str(error).partition("\n")[0]) from None
        await target.page.mouse.click(x, y)

    async def act(self, name: str) -> None:
        """Press the button of the game with that action."""
        await self.press(self.table.locator(f'#game [data-action="{name}"]'))

    async def move(self, chance: random.Random) -> str:
        """Make any move that the board lets us make. Returns it, as "e2e4"."""
        page = self.table if self.more is None or chance.random() < 0.7 else self.more
        squares = await page.locator(".movable").evaluate_all(
            "all => all.map(s => s.dataset.square)"
        )
        if not squares:
            raise NotNow("there is nothing to move")
        start = chance.choice(squares)
        await self.press(page.locator(f'[data-square="{start}"].movable'))
        ends = await page.locator(".target").evaluate_all("all => all.map(s => s.dataset.square)")
        if not ends:
            raise NotNow("it was put back")
        end = chance.choice(ends)
        await self.press(page.locator(f'[data-square="{end}"]'))
        choice = page.locator("#promotion[open] [data-promotion]")
        if await choice.first.is_visible():
            await self.press(choice.nth(chance.randrange(4)))
        return f"{start}{end}"

    async def move_ahead(self, chance: random.Random) -> str:
        """Make a move in advance, while it is the other's turn. Returns it, as "e2e4"."""
        page = self.table
        if await page.locator(".movable").count():
            raise NotNow("it is our move")
        mine = await page.locator("#board").get_attribute("data-orientation") or "white"
        squares = await page.locator(f'[data-square][data-piece^="{mine}"]').evaluate_all(
            "all => all.map(s => s.dataset.square)"
        )
        if not squares:
            raise NotNow("there is no board")
        start = chance.choice(squares)
        await self.press(page.locator(f'[data-square="{start}"]'))
        ends = await page.locator(".target").evaluate_all("all => all.map(s => s.dataset.square)")
        if not ends:
            raise NotNow("that is no piece of ours to move")
        end = chance.choice(ends)
        await self.press(page.locator(f'[data-square="{end}"]'))
        return f"{start}{end}"

    async def write(self, text: str) -> None:
        """Write a line to the other."""
        await self.press(self.table.locator("#chat-tab"))
        try:
            await self.table.fill("#chat-text", text, timeout=SOON_MS)
            await self.table.press("#chat-text", "Enter", timeout=SOON_MS)
        except Error as error:
            raise NotNow(str(error).partition("\n")[0]) from None

    async def abandon(self, game: str) -> None:
        """Leave the game for good, from the list."""
        page = self.table
        await self.press(page.locator("#to-lobby"))
        yes = page.locator('#confirm[open] [data-confirm="yes"]')
        for each in (page.locator(f'#running [data-game="{game}"] [data-does="abandon"]'), yes):
            try:
                await each.wait_for(timeout=SOON_MS)
            except Error:
                raise NotNow("the list has no such game to abandon") from None
            await self.press(each)

    async def reload(self) -> None:
        """As with F5. Where the node is away, it is tried again when it is back."""
        try:
            await self.table.reload(timeout=SOON_MS)
        except Error as error:
            raise NotNow(str(error).partition("\n")[0]) from None

    async def leave_and_resume(self, game: str, *, back: bool) -> None:
        """To the list, and into the game again, both at once."""
        if back:
            await self.table.evaluate("history.back()")
        else:
            await self.press(self.table.locator("#to-lobby"))
        await self.resume(game)

    async def resume(self, game: str) -> None:
        """From the list into the game."""
        row = self.table.locator(f'#running [data-game="{game}"] [data-does="open"]')
        try:
            await row.wait_for(timeout=SOON_MS)
        except Error:
            raise NotNow("the list has no such game to resume") from None
        await self.press(row)

    async def second_tab(self, game: str) -> None:
        """Open one more, or close it."""
        if self.more is not None:
            await self.more.close()
            self.more = None
            return
        self.more = await self.context.new_page()
        try:
            await self.more.goto(f"{self.home}?game={game}", timeout=SOON_MS)
        except Error as error:
            raise NotNow(str(error).partition("\n")[0]) from None

    async def come_back(self, game: str) -> None:
        """What a person does before saying that something is wrong: sit at the table again."""
        for page in (self.table, self.lobby, *([self.more] if self.more else [])):
            at = await shown(page)
            if not at.view:
                # The browser's own page: its node was away.
                await page.goto(self.home if page is self.lobby else f"{self.home}?game={game}")
            elif page is not self.lobby and not (at.at_table and at.game == game):
                await page.goto(f"{self.home}?game={game}")
            elif at.past:
                # A click on what had gone meanwhile met a move in the list below it.
                with contextlib.suppress(NotNow):
                    await self.press(page.locator('[data-step="live"]'))

    async def tables(self) -> list[Shown]:
        """What the tabs at the game show."""
        pages = [self.table, *([self.more] if self.more else [])]
        return list(await asyncio.gather(*map(shown, pages)))

    async def rise(self) -> None:
        """To the list in every tab that stays."""
        if self.more is not None:
            await self.more.close()
            self.more = None
        await self.table.goto(self.home)
