# SPDX-License-Identifier: MIT
"""Pages that call each other, with cameras and microphones that browsers make up."""

from __future__ import annotations

from typing import Any

from playwright.async_api import Browser, Page

from goop_node.testing import NodeProcess
from tests.browser.conftest import page_url
from tests.limits import HANG_MS

FRAMES = "async (more) => { const now = await call.stats(); return now.framesDecoded > more; }"
HEARD = "async () => (await call.stats()).audioLevel > 0"


async def open_page(browser: Browser, node: NodeProcess, *permissions: str) -> Page:
    """A page that calls and can be called.

    Where camera and microphone are among ``permissions``, Chromium tells the machine's address;
    else a name that is looked up by multicast.
    """
    page = await (await browser.new_context(permissions=permissions)).new_page()
    await page.goto(page_url(node, "calls"))
    await page.wait_for_function("() => window.Goop?.call")
    return page


async def until(page: Page, condition: str) -> None:
    """Wait until something is true in a page."""
    await page.wait_for_function(f"() => {condition}", timeout=HANG_MS)


async def ring(caller: Page, callee: Page, node: NodeProcess, **options: Any) -> None:
    """Call, and wait until it rings there."""
    before = await callee.evaluate("() => rings.length")
    await caller.evaluate("([peer, options]) => begin(peer, options)", [node.peer_id, options])
    await callee.wait_for_function("(before) => rings.length > before", arg=before)


async def talk(caller: Page, callee: Page, node: NodeProcess) -> None:
    """Call, accept, and see each other."""
    await ring(caller, callee, node)
    await callee.evaluate("() => accept()")
    await see_each_other(caller, callee)


async def see_each_other(*pages: Page) -> None:
    """Each page shows a picture that is not black and changes."""
    for page in pages:
        await page.evaluate("() => moving()")
        assert await page.evaluate("() => call.state") == "connected"


async def frames(page: Page) -> int:
    """How many pictures of the other one it has decoded."""
    return int((await page.evaluate("() => call.stats()"))["framesDecoded"])


async def ended(page: Page) -> dict[str, Any]:
    """How its newest call, or ring, came to its end."""
    await until(page, "ends.length > 0")
    found: dict[str, Any] = await page.evaluate("() => ends.splice(0).at(-1)")
    return found
