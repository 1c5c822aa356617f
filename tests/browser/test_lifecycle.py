# SPDX-License-Identifier: MIT
"""A page that is put away and taken out again, frozen, reloaded: each message once, in order."""

from __future__ import annotations

from playwright.async_api import Browser

from tests.browser.channel_pages import CONNECT, LISTEN, Nodes, hears, leave, pair, say
from tests.browser.conftest import page_url


async def test_the_back_button_brings_the_page_back_where_it_was(
    chromium: Browser, nodes: Nodes
) -> None:
    a, b = await pair(chromium, nodes, "arcade_back")
    await say(b, 1)
    await hears(a, 1)
    await a.evaluate(
        "() => addEventListener('pageshow', (event) => (window.kept = event.persisted))"
    )
    await a.goto(page_url(nodes[0]))
    await b.wait_for_function("() => channel.detail.peerPage === 'none'")
    await say(b, 2, 3)
    await a.go_back(wait_until="commit")
    await a.wait_for_function("() => window.kept === true")
    await say(b, 4)
    await hears(a, 1, 2, 3, 4)
    await say(a, -1)
    await hears(b, -1)
    await leave(a, b)


async def test_a_frozen_page_goes_on_where_it_was(chromium: Browser, nodes: Nodes) -> None:
    a, b = await pair(chromium, nodes, "arcade_frozen")
    # Nothing can put a page on ice from outside while it is the visible one.
    await a.evaluate("() => document.dispatchEvent(new Event('freeze', { bubbles: true }))")
    await b.wait_for_function("() => channel.detail.peerPage === 'none'")
    await say(b, 1, 2, 3)
    await a.evaluate("() => document.dispatchEvent(new Event('resume', { bubbles: true }))")
    await hears(a, 1, 2, 3)
    await leave(a, b)


async def test_a_new_page_may_ask_for_what_the_log_holds(chromium: Browser, nodes: Nodes) -> None:
    a, b = await pair(chromium, nodes, "arcade_past")
    past = [*range(20), -1]
    await say(b, *past[:20])
    await hears(a, *past[:20])
    await say(a, -1)
    await a.reload()
    await a.evaluate(LISTEN)
    await a.evaluate(CONNECT, [nodes[1].peer_id, "arcade_past", "start"])
    await say(b, 99)
    await hears(a, *past, 99)
    rows = await a.evaluate(
        "async () => (await channel.history()).map((row) => [row.data.x, row.from])"
    )
    here, there = (node.peer_id for node in nodes)
    assert rows == [[x, here if x == -1 else there] for x in [*past, 99]]
    await leave(a, b)
