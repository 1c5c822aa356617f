# SPDX-License-Identifier: MIT
"""A browser that keeps nothing for our pages: they work, or say in words what is missing."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, Playwright, expect

from goop_node.testing import NodeProcess
from tests.browser.conftest import CHROMIUM, FLAGS, page_url

Nodes = tuple[NodeProcess, NodeProcess]
WORDS = "cookies are blocked for this address"
KEPT_NOWHERE = "Your browser keeps nothing for this page"
NO_COOKIES = {"profile": {"default_content_setting_values": {"cookies": 2}}}
"""What Chromium writes down when a person blocks all cookies; storage and locks go with them."""
NO_STORAGE = """
const denied = () => new DOMException("denied", "SecurityError");
for (const name of ["localStorage", "sessionStorage", "indexedDB", "caches"]) {
  Object.defineProperty(window, name, { get() { throw denied(); } });
}
window.BroadcastChannel = class { constructor() { throw denied(); } };
LockManager.prototype.request = () => Promise.reject(denied());
Object.defineProperty(Navigator.prototype, "serviceWorker", { value: undefined });
"""
REFUSED = """async () => {
  const words = ({ message }) => message;
  const peers = new Promise((onError) => Goop.peers.subscribe({ onError }));
  const told = new Promise((resolve) => (Goop.realtime.onError = resolve));
  return [
    await Goop.identity.get().catch(words),
    await Goop.peers.list().catch(words),
    await peers.then(words),
    await Goop.realtime.channels().catch(words),
    await told.then(words),
  ];
}"""


@pytest_asyncio.fixture(loop_scope="session")
async def no_cookies(playwright: Playwright, tmp_path: Path) -> AsyncIterator[BrowserContext]:
    """Chromium, told to block cookies."""
    if CHROMIUM is None:
        pytest.skip("no Chromium here; install it with: apt-get install chromium")
    (tmp_path / "Default").mkdir()
    (tmp_path / "Default" / "Preferences").write_text(json.dumps(NO_COOKIES))
    context = await playwright.chromium.launch_persistent_context(
        str(tmp_path), executable_path=CHROMIUM, args=FLAGS
    )
    yield context
    await context.close()


async def test_blocked_cookies_are_named_at_home_and_in_templates(
    no_cookies: BrowserContext, nodes: Nodes
) -> None:
    page = await no_cookies.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    await page.goto(page_url(nodes[0]))
    await expect(page.locator("#banner")).to_contain_text(WORDS)
    await expect(page.locator("#network")).to_have_text("Refused")
    await page.goto(f"{page_url(nodes[0])}join#/ip4/127.0.0.1/tcp/1/p2p/{nodes[1].peer_id}")
    await expect(page.locator("#join-note")).to_contain_text(WORDS)
    await page.goto(page_url(nodes[0], "chess"))
    await expect(page.locator("#notice")).to_contain_text(WORDS)
    await page.get_by_role("button", name="Sound").click()
    await expect(page.locator("#notice")).to_contain_text(
        "Your browser keeps nothing for this page"
    )
    await page.goto(page_url(nodes[0], "blank"))
    for script in ("identity", "peers"):
        await page.add_script_tag(url=f"/sdk/goop-{script}.js")
    for words in await page.evaluate(REFUSED):
        assert WORDS in words
    assert errors == []


async def test_pages_work_where_storage_locks_and_channels_throw(
    browser: Browser, nodes: Nodes
) -> None:
    context = await browser.new_context()
    await context.add_init_script(NO_STORAGE)
    page = await context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    await page.goto(page_url(nodes[0]))
    await expect(page.locator("#people-list")).to_contain_text("bob")
    await page.goto(page_url(nodes[0], "chess"))
    await expect(page.locator(f'[data-peer="{nodes[1].peer_id}"]')).to_be_visible()
    await page.get_by_role("button", name="Sound").click()
    await expect(page.locator("#notice")).to_contain_text(
        "Your browser keeps nothing for this page"
    )
    await page.goto(page_url(nodes[0], "blank"))
    assert await page.evaluate("() => Goop.realtime.channels()") == []
    assert errors == []
    await context.close()
