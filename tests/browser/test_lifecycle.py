# SPDX-License-Identifier: MIT
"""A page that is put away and taken out again, frozen, reloaded: each message once, in order."""

from __future__ import annotations

from playwright.async_api import Browser

from goop_node.client import Client
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


async def test_a_program_talks_with_a_page_that_is_loaded_anew(
    chromium: Browser, nodes: Nodes
) -> None:
    page = await (await chromium.new_context()).new_page()
    await page.goto(page_url(nodes[0], "blank"))
    await page.evaluate(LISTEN)
    async with Client.from_data(nodes[1].data) as program:
        channel = await program.connect(nodes[0].peer_id, context="arcade_program")
        heard = aiter(channel)
        shoot = {"type": "shoot", "y": 0, "direction": "up"}
        await channel.send({**shoot, "x": 1}).handled
        await say(page, 5)
        assert (await anext(heard)).data == {**shoot, "x": 5}
        await page.reload()
        sent = channel.send({**shoot, "x": 2})
        await sent.delivered
        assert not sent.handled.done()
        await page.evaluate(LISTEN)
        await page.evaluate(
            """async () => {
              const channels = await Goop.realtime.channels();
              listen(channels.find(({ context }) => context === "arcade_program"));
            }"""
        )
        await sent.handled
        await hears(page, 2)
        await say(page, 6)
        assert (await anext(heard)).data == {**shoot, "x": 6}
        await channel.close()
        await page.wait_for_function("() => channel.detail.code === 'closed'")
    await page.context.close()
