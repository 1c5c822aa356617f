# SPDX-License-Identifier: GPL-3.0-or-later
"""Firefox at one node and Chromium at the other: channels, a game of chess, a call."""

from __future__ import annotations

import pytest
from playwright.async_api import Browser, expect

from tests.browser.call_pages import call
from tests.browser.channel_pages import CONNECT, LISTEN, Nodes, hears, leave, pair, say
from tests.browser.chess_pages import finished, sit_down
from tests.browser.conftest import page_url

SCHOLARS_MATE = "e4 e5 Bc4 Nc6 Qh5 Nf6 Qxf7#".split()


@pytest.mark.parametrize("until", ["delivered", "handled"])
async def test_messages_both_ways_and_their_receipts(
    firefox: Browser, browser: Browser, nodes: Nodes, until: str
) -> None:
    a, b = await pair(firefox, nodes, "", other=browser)  # no rules: as many as there are
    await say(a, *range(100), until=until)
    await say(b, *range(200, 300), until=until)
    await hears(b, *range(100))
    await hears(a, *range(200, 300))
    await leave(a, b)


async def test_a_reloaded_page_goes_on_where_it_was(
    firefox: Browser, browser: Browser, nodes: Nodes
) -> None:
    a, b = await pair(firefox, nodes, "arcade_reloaded", other=browser)
    await say(b, 1, 2, until="handled")
    await a.reload()
    await say(b, 3)
    await a.evaluate(LISTEN)
    await a.evaluate(CONNECT, [nodes[1].peer_id, "arcade_reloaded", None])
    await say(b, 4)
    await hears(a, 3, 4)
    await say(a, -1)
    await hears(b, -1)
    await leave(a, b)


async def test_the_back_button_goes_on_with_a_fresh_page(
    firefox: Browser, browser: Browser, nodes: Nodes
) -> None:
    """Firefox does not store a page whose line is open: "back" loads it again."""
    a, b = await pair(firefox, nodes, "arcade_back_again", other=browser)
    await say(b, 1, until="handled")
    await a.goto(page_url(nodes[0]))
    await b.wait_for_function("() => channel.detail.peerPage === 'none'")
    await say(b, 2, 3)
    await a.go_back()
    await a.evaluate(LISTEN)
    await a.evaluate(CONNECT, [nodes[1].peer_id, "arcade_back_again", None])
    await say(b, 4)
    await hears(a, 2, 3, 4)
    await say(a, -1)
    await hears(b, -1)
    await leave(a, b)


async def test_chess_to_mate(firefox: Browser, browser: Browser, nodes: Nodes) -> None:
    players = await sit_down(firefox, nodes, other=browser)
    await players.play(SCHOLARS_MATE[:4])
    [ours] = [page for page in players.pages.values() if page.context.browser == firefox]
    await ours.goto(page_url(nodes[0]))
    await ours.go_back()
    await expect(ours.locator("body")).to_have_attribute("data-state", "playing")
    await players.play_on(SCHOLARS_MATE[4:])
    for page in players.pages.values():
        await expect(page.locator("#status")).to_contain_text("checkmate")
    await ours.keyboard.press("ArrowLeft")
    await expect(ours.locator("#past")).to_contain_text("Knight f6")
    await ours.go_back(wait_until="commit")
    await expect(ours.locator("body")).to_have_attribute("data-state", "lobby")
    for node in nodes:
        assert ("1-0", "checkmate", len(SCHOLARS_MATE)) in finished(node)


async def test_a_data_channel_opens(firefox: Browser, browser: Browser, nodes: Nodes) -> None:
    await call(firefox, nodes, other=browser)
