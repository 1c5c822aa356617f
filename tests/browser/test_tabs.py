# SPDX-License-Identifier: MIT
"""Many tabs of one template: a browser has six connections for all of them together."""

from __future__ import annotations

from playwright.async_api import Browser, BrowserContext, Page

from goop_node.testing import NodeProcess
from tests.browser.conftest import page_url

Nodes = tuple[NodeProcess, NodeProcess]
TABS = 8

INIT = """
window.streams = 0;
window.EventSource = class extends EventSource {
  constructor(url) { super(url); window.streams += 1; }
  close() { super.close(); window.streams -= 1; }
};
"""
WATCH = """() => {
  window.seen = new Map();
  window.snapshots = 0;
  Goop.peers.subscribe({
    onSnapshot: (rows) => {
      snapshots += 1;
      seen = new Map(rows.map((row) => [row.peerId, row.online]));
    },
    onUpdate: ({ peerId, peer }) => seen.set(peerId, peer.online),
  });
}"""
FETCH = "() => fetch('/api/peers', { cache: 'no-store' }).then(({ status }) => status)"


async def _tab(context: BrowserContext, node: NodeProcess) -> Page:
    page = await context.new_page()
    await page.add_init_script(INIT)
    await page.goto(page_url(node, "blank"))
    await page.add_script_tag(url="/sdk/goop-peers.js")
    await page.evaluate(WATCH)
    return page


async def _streams(tabs: list[Page]) -> list[int]:
    return [await page.evaluate("() => streams") for page in tabs]


async def _share(browser: Browser, nodes: Nodes) -> None:
    alice, bob = nodes
    context = await browser.new_context()
    tabs = [await _tab(context, alice) for _ in range(TABS)]
    for page in tabs:
        await page.wait_for_function("(id) => seen.get(id) === true", arg=bob.peer_id)
        assert await page.evaluate(FETCH) == 200
    assert sorted(await _streams(tabs)) == [0] * (TABS - 1) + [1]

    # Whoever has the stream goes: another takes over, and tells all that are left.
    for _ in range(2):
        leader = tabs.pop((await _streams(tabs)).index(1))
        await tabs[0].evaluate("() => { window.snapshots = 0; }")
        await leader.close()
        await tabs[0].wait_for_function("() => snapshots > 0")
        assert sorted(await _streams(tabs)) == [0] * (len(tabs) - 1) + [1]
    await context.close()


async def test_eight_tabs_share_one_stream_in_chromium(browser: Browser, nodes: Nodes) -> None:
    await _share(browser, nodes)


async def test_eight_tabs_share_one_stream_in_firefox(firefox: Browser, nodes: Nodes) -> None:
    await _share(firefox, nodes)
