# SPDX-License-Identifier: MIT
"""What templates show of themselves at home deceives nobody, and nobody is made to click there."""

from __future__ import annotations

import json
from pathlib import Path

from playwright.async_api import Browser, expect

from goop_node.testing import start_node

NAMES = {
    "one": {"name": "Chess", "permissions": ["context:chess"]},
    "two": {"name": "W" * 64, "description": "d" * 300, "permissions": ["camera"]},
    "three": {"name": "chess", "description": "x"},
}
SOMEBODY = "12D3KooWRBy97UB99e3J6hiPesre1MZeuNQvfan4gBziswrRJsNK"
PAGES = {
    "status": "#facts >> text=/tcp/",
    "docs": "h1",
    f"join#/ip4/127.0.0.1/tcp/1/p2p/{SOMEBODY}": "#join-ask",
}
"""The node's other pages, and what is seen there once they have been filled."""
WIDTH = "() => document.documentElement.scrollWidth"
TITLES = "() => [...document.querySelectorAll('.card-title')].map((card) => card.textContent)"

SEE_IT_COME = """() => new MutationObserver((_, observer) => {
  const button = document.querySelector("#permission-list button");
  if (!button) return;
  observer.disconnect();
  button.dispatchEvent(new MouseEvent("click", { detail: 1, bubbles: true }));
  window.clicked = true;
}).observe(document, { childList: true, subtree: true })"""


async def test_long_and_equal_names(browser: Browser, tmp_path: Path) -> None:
    for name, manifest in NAMES.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / "manifest.json").write_text(json.dumps(manifest))
    node = start_node(tmp_path / "node", *(f"--template={tmp_path / name}" for name in NAMES))
    try:
        for width in (1200, 390):
            page = await browser.new_page(viewport={"width": width, "height": 800})
            await page.goto(f"http://home.localhost:{node.port}/")
            await page.wait_for_selector("#template-two")
            assert await page.evaluate(WIDTH) == width
            titles = await page.evaluate(TITLES)
            assert len({title.lower() for title in titles}) == len(titles)
            for path, there in PAGES.items():
                await page.goto(f"http://home.localhost:{node.port}/{path}")
                await expect(page.locator(there)).to_be_visible()
                assert await page.evaluate(WIDTH) == width, path
    finally:
        node.stop()


async def test_a_button_that_grants_takes_no_click_meant_for_another_page(
    browser: Browser, tmp_path: Path
) -> None:
    (tmp_path / "game").mkdir()
    (tmp_path / "game" / "manifest.json").write_text(json.dumps(NAMES["one"]))
    node = start_node(tmp_path / "node", f"--template={tmp_path / 'game'}")
    try:
        page = await browser.new_page()
        await page.add_init_script(f"({SEE_IT_COME})()")
        await page.goto(f"http://home.localhost:{node.port}/#template-game")
        asked = page.locator("#permission-list [data-permission]").first
        await page.wait_for_selector("#permission-list button:not([aria-disabled])")
        assert await page.evaluate("() => window.clicked")
        await expect(asked).to_have_attribute("data-granted", "")
        await asked.get_by_role("button").click()
        await expect(asked).to_have_attribute("data-granted", "home")
    finally:
        node.stop()
