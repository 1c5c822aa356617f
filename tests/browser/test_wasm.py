# SPDX-License-Identifier: MIT
"""WebAssembly runs in the pages of a template that was given it, and in no others."""

from __future__ import annotations

import asyncio
from pathlib import Path

from playwright.async_api import Browser, expect

from goop_node.testing import start_node
from tests.browser.conftest import page_url

PAGE = '<!doctype html><title>Wasm</title><p id="found"></p><script src="page.js"></script>'
SCRIPT = """
const bytes = new Uint8Array([
  0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 127, 3, 2, 1, 0,
  7, 5, 1, 1, 102, 0, 0, 10, 6, 1, 4, 0, 65, 42, 11,
]);
const found = document.getElementById("found");
WebAssembly.instantiate(bytes).then(
  ({ instance }) => (found.textContent = instance.exports.f()),
  (error) => (found.textContent = error.name),
);
try {
  new Function("document.title = 'evaluated'")();
} catch {}
"""
CONFIG = '[plugins.realtime]\n[templates.fast]\nallow = ["wasm"]\n'


async def test_wasm_needs_to_be_given(browser: Browser, tmp_path: Path) -> None:
    (tmp_path / "goop.toml").write_text(CONFIG)
    for name in ("fast", "other"):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "index.html").write_text(PAGE)
        (folder / "page.js").write_text(SCRIPT)
        (folder / "manifest.json").write_text('{"permissions": ["wasm"]}')
    templates = [f"--template={tmp_path / name}" for name in ("fast", "other")]
    node = await asyncio.to_thread(start_node, tmp_path / "node", *templates)
    try:
        page = await (await browser.new_context()).new_page()
        for name, found in (("fast", "42"), ("other", "CompileError")):
            await page.goto(page_url(node, name))
            await expect(page.locator("#found")).to_have_text(found)
            await expect(page).to_have_title("Wasm")
    finally:
        await asyncio.to_thread(node.stop)
