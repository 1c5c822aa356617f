# SPDX-License-Identifier: MIT
"""A page that is put away and taken out again, frozen, reloaded: each message once, in order."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, Page, async_playwright

from goop_node.testing import NodeProcess
from tests.browser.conftest import CHROMIUM, FLAGS, page_url

Nodes = tuple[NodeProcess, NodeProcess]

LISTEN = """() => {
  window.got = [];
  window.listen = (channel) => {
    window.channel = channel;
    channel.onMessage = ({ x }) => void got.push(x);
  };
  Goop.realtime.onIncoming = async ({ accept }) => listen(await accept());
}"""


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    """Chromium with its back/forward cache, which playwright turns off."""
    if CHROMIUM is None:
        pytest.skip("no Chromium here; install it with: apt-get install chromium")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=FLAGS,
            ignore_default_args=["--disable-back-forward-cache"],
        )
        yield browser
        await browser.close()


CONNECT = """([peer, context, since]) =>
  Goop.realtime.connect(peer, { context, since }).then(listen)
"""


async def _pair(browser: Browser, nodes: Nodes, context: str) -> tuple[Page, Page]:
    """A page on each node, and a channel between them."""
    pages = []
    for node in nodes:
        page = await (await browser.new_context()).new_page()
        await page.goto(page_url(node, "blank"))
        await page.evaluate(LISTEN)
        pages.append(page)
    a, b = pages
    await a.evaluate(CONNECT, [nodes[1].peer_id, context])
    await b.wait_for_function("() => window.channel?.state === 'connected'")
    return a, b


async def _leave(a: Page, b: Page) -> None:
    await a.evaluate("() => channel.close()")
    for page in (a, b):
        await page.context.close()


async def _say(page: Page, *numbers: int) -> None:
    """Send; returns when the other node has it all."""
    await page.evaluate(
        """async (numbers) => {
          const sent = numbers.map((x) => channel.send({ type: "position", x, y: 0 }));
          await sent.at(-1).delivered;
        }""",
        list(numbers),
    )


async def _hears(page: Page, *numbers: int) -> None:
    """Wait until that many messages have come; exactly these must have."""
    await page.wait_for_function("(count) => got.length >= count", arg=len(numbers))
    assert await page.evaluate("() => got") == list(numbers)


async def test_the_back_button_brings_the_page_back_where_it_was(
    browser: Browser, nodes: Nodes
) -> None:
    a, b = await _pair(browser, nodes, "arcade_back")
    await _say(b, 1)
    await _hears(a, 1)
    await a.evaluate(
        "() => addEventListener('pageshow', (event) => (window.kept = event.persisted))"
    )
    await a.goto(page_url(nodes[0]))
    await b.wait_for_function("() => channel.detail.peerPage === 'none'")
    await _say(b, 2, 3)
    await a.go_back(wait_until="commit")
    await a.wait_for_function("() => window.kept === true")
    await _say(b, 4)
    await _hears(a, 1, 2, 3, 4)
    await _say(a, -1)
    await _hears(b, -1)
    await _leave(a, b)


async def test_a_frozen_page_goes_on_where_it_was(browser: Browser, nodes: Nodes) -> None:
    a, b = await _pair(browser, nodes, "arcade_frozen")
    # Nothing can put a page on ice from outside while it is the visible one.
    await a.evaluate("() => document.dispatchEvent(new Event('freeze', { bubbles: true }))")
    await b.wait_for_function("() => channel.detail.peerPage === 'none'")
    await _say(b, 1, 2, 3)
    await a.evaluate("() => document.dispatchEvent(new Event('resume', { bubbles: true }))")
    await _hears(a, 1, 2, 3)
    await _leave(a, b)


async def test_a_new_page_may_ask_for_what_the_log_holds(browser: Browser, nodes: Nodes) -> None:
    a, b = await _pair(browser, nodes, "arcade_past")
    past = [*range(20), -1]
    await _say(b, *past[:20])
    await _hears(a, *past[:20])
    await _say(a, -1)
    await a.reload()
    await a.evaluate(LISTEN)
    await a.evaluate(CONNECT, [nodes[1].peer_id, "arcade_past", "start"])
    await _say(b, 99)
    await _hears(a, *past, 99)
    rows = await a.evaluate(
        "async () => (await channel.history()).map((row) => [row.data.x, row.from])"
    )
    here, there = (node.peer_id for node in nodes)
    assert rows == [[x, here if x == -1 else there] for x in [*past, 99]]
    await _leave(a, b)
