# SPDX-License-Identifier: MIT
"""A template's pages leave nothing behind that acts for the next template of its name."""

from __future__ import annotations

from pathlib import Path

from playwright.async_api import Browser

from goop_node.testing import start_node

REGISTER = """() => navigator.serviceWorker.register("/worker.js").then(
  () => "registered", (error) => error.name)"""


async def test_no_service_worker_stays(browser: Browser, tmp_path: Path) -> None:
    folder = tmp_path / "game"
    folder.mkdir()
    (folder / "index.html").write_text("<!doctype html><title>t</title>")
    (folder / "worker.js").write_text("onfetch = (event) => event.respondWith(new Response(''));")
    node = start_node(tmp_path / "node", f"--template={folder}")
    try:
        for host in ("game", "home"):
            page = await browser.new_page()
            await page.goto(f"http://{host}.localhost:{node.port}/")
            assert await page.evaluate(REGISTER) != "registered"
            found = "() => navigator.serviceWorker.getRegistrations().then((all) => all.length)"
            assert await page.evaluate(found) == 0
    finally:
        node.stop()
