# SPDX-License-Identifier: MIT
"""Many tabs of one template: a browser has six connections for all of them together."""

from __future__ import annotations

import asyncio

import pytest
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
GATHER = """() => {
  window.got = [];
  Goop.realtime.onIncoming = async ({ accept }) => {
    const channel = await accept();
    channel.onMessage = (data) => void got.push(data);
  };
}"""
SEND = """async (tab) => {
  window.refused = [];
  const sent = [];
  const note = ({ code }) => refused.push(code);
  for (let n = 0; n < 500; n++) sent.push(channel.send([tab, n]).catch(note));
  await Promise.all(sent);
}"""
FIND = """async (id) => {
  window.channel = (await Goop.realtime.channels()).find((one) => one.id === id);
}"""
NO_SOCKETS = "window.WebSocket = class { constructor() { throw new Error(); } };"
READY = "() => Goop.realtime.channels().then(() => 'ready', ({ code }) => code)"
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


async def test_without_websockets_every_tab_has_its_answers(browser: Browser, nodes: Nodes) -> None:
    context = await browser.new_context()
    await context.add_init_script(NO_SOCKETS)
    tabs = [await _tab(context, nodes[0]) for _ in range(TABS)]
    said = [await page.evaluate(READY) for page in tabs]
    assert said == ["ready"] * 4 + ["too_many_tabs"] * 4
    for page in tabs:
        await page.wait_for_function("(id) => seen.get(id) === true", arg=nodes[1].peer_id)
        assert await page.evaluate(FETCH) == 200
    await context.close()


async def test_two_tabs_that_send_all_at_once_have_it_all_arrive(
    browser: Browser, nodes: Nodes
) -> None:
    """Both use up what the node takes of one person; nothing is refused, lost or out of order."""
    alice, bob = nodes
    ours, theirs = await browser.new_context(), await browser.new_context()
    b = await theirs.new_page()
    await b.goto(page_url(bob, "blank"))
    await b.evaluate(GATHER)
    tabs = [await ours.new_page() for _ in range(2)]
    for page in tabs:
        await page.goto(page_url(alice, "blank"))
    channel = await tabs[0].evaluate(
        "(peer) => Goop.realtime.connect(peer).then((one) => (window.channel = one).id)",
        bob.peer_id,
    )
    await tabs[1].evaluate(FIND, channel)
    await asyncio.gather(*(page.evaluate(SEND, n) for n, page in enumerate(tabs)))
    await b.wait_for_function("() => got.length === 1000")
    got = await b.evaluate("() => got")
    for n in range(2):
        assert [at for tab, at in got if tab == n] == list(range(500))
    assert [await page.evaluate("() => refused") for page in tabs] == [[], []]
    for context in (ours, theirs):
        await context.close()


async def test_eight_tabs_share_one_stream_in_chromium(browser: Browser, nodes: Nodes) -> None:
    await _share(browser, nodes)


@pytest.mark.soak
async def test_eight_tabs_share_one_stream_in_firefox(firefox: Browser, nodes: Nodes) -> None:
    await _share(firefox, nodes)
