# SPDX-License-Identifier: MIT
"""The page of 20 lines in the README, as it stands there, between two nodes."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

from playwright.async_api import Browser, expect

from goop_node.testing import start_node
from tests.browser.conftest import page_url
from tests.node.page import wait_until_discovered

README = Path(__file__).resolve().parents[2] / "README.md"


def block(language: str) -> str:
    """The README's first block of code in that language."""
    found = re.search(rf"```{language}\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    assert found is not None
    return found[1]


async def test_the_page_of_the_readme(browser: Browser, tmp_path: Path) -> None:
    html, script = block("html"), block("js")
    assert len((html + script).splitlines()) <= 20
    folder = tmp_path / "ping"
    folder.mkdir()
    (folder / "index.html").write_text(html)
    (folder / "ping.js").write_text(script)
    alice = await asyncio.to_thread(start_node, tmp_path / "alice", f"--template={folder}")
    try:
        bob = await asyncio.to_thread(
            start_node, tmp_path / "bob", f"--template={folder}", peer=alice
        )
        try:
            await wait_until_discovered(alice, bob)
            pages, errors = [], []
            for node in (alice, bob):
                page = await (await browser.new_context()).new_page()
                page.on("pageerror", lambda error: errors.append(str(error)))
                await page.goto(page_url(node, "ping"))
                pages.append(page)
            await pages[0].get_by_role("button").click()
            await expect(pages[1].locator("#log")).to_contain_text("alice: ping")
            await expect(pages[0].locator("#log")).to_contain_text("bob: hello back")
            # Bob is at home when the next one comes: accepting there leads into the page.
            await pages[1].goto(page_url(bob))
            await pages[0].get_by_role("button").click()
            await pages[1].get_by_role("button", name="Accept").click()
            await pages[1].wait_for_url(f"{page_url(bob, 'ping')}?channel=*")
            await expect(pages[1].locator("#log")).to_contain_text("alice: ping")
            assert errors == []
        finally:
            await asyncio.to_thread(bob.stop)
    finally:
        await asyncio.to_thread(alice.stop)
