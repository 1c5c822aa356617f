# SPDX-License-Identifier: MIT
"""Home where templates share its address: it says why it cannot do what home does."""

from __future__ import annotations

from pathlib import Path

from playwright.async_api import Browser, expect

from goop_node.testing import NodeProcess


async def test_home_says_why_it_is_none(browser: Browser, tmp_path: Path) -> None:
    config = tmp_path / "goop.toml"
    config.write_text(
        '[node]\nisolation = "path"\nhttp = "127.0.0.1:0"\n[plugins.realtime]\n[plugins.chess]\n',
        encoding="utf-8",
    )
    node = NodeProcess(
        tmp_path / "node", ("--config", str(config), "--listen", "/ip4/127.0.0.1/tcp/0")
    )
    try:
        page = await browser.new_page()
        await page.goto(f"http://localhost:{node.port}/")
        await expect(page.locator("#shared")).to_contain_text("needs the token of ready.json")
        await expect(page.locator(".card", has_text="Chess")).to_be_visible()
        for hidden in ("#rename", "#friend-form", "#network", "#banner", "#reach-form"):
            await expect(page.locator(hidden)).to_be_hidden()
        await page.close()
    finally:
        node.stop()
