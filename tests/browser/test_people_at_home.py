# SPDX-License-Identifier: MIT
"""People at home, and the links that bring them there."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import quote

import httpx
from playwright.async_api import Browser, Locator, Page, expect

from goop_node.testing import NodeProcess, start_node
from tests.browser.axe import faults
from tests.browser.conftest import page_url

Nodes = tuple[NodeProcess, NodeProcess]
PHONE = {"width": 390, "height": 844}
SOMEBODY = "12D3KooWRBy97UB99e3J6hiPesre1MZeuNQvfan4gBziswrRJsNK"


def link_of(node: NodeProcess, port: int) -> str:
    """The invite link of a node, as it leads to whoever has that port."""
    return f"http://localhost:{port}/join#{quote(node.addrs[0], safe='')}"


def row_of(page: Page, node: NodeProcess) -> Locator:
    """Somebody's row in the list of people."""
    return page.locator(f'#people-list [data-peer="{node.peer_id}"]')


def label(node: NodeProcess, name: str) -> None:
    """Rename a node."""
    answer = httpx.post(f"{node.url}/api/self", json={"label": name}, headers=node.headers)
    assert answer.status_code == 200


async def test_a_template_is_opened_with_somebody_chosen(browser: Browser, nodes: Nodes) -> None:
    alice, bob = nodes
    page = await browser.new_page()
    await page.goto(page_url(alice))
    await row_of(page, bob).get_by_role("button", name="Play… with bob").click()
    links = row_of(page, bob).get_by_role("link")
    for title in ("blank", "Chess", "own-chess"):
        await expect(links.filter(has_text=re.compile(f"^{title}$"))).to_have_count(1)
    await expect(links.first).to_be_focused()
    assert await faults(page) == []
    await links.get_by_text("Chess", exact=True).click()
    await expect(page.locator(f'input[value="{bob.peer_id}"]')).to_be_checked()
    await expect(page.locator("#invite")).to_be_enabled()
    # Nobody is chosen in the place of who is not there.
    await page.goto(f"{page_url(alice, 'chess')}?peer={SOMEBODY}")
    await expect(page.locator("#away")).to_contain_text("is not online just now")
    await expect(page.locator("#peers :checked")).to_have_count(0)
    await expect(page.locator("#invite")).to_be_disabled()
    await page.click(f'[data-peer="{bob.peer_id}"]')
    await expect(page.locator("#away")).to_be_empty()
    await expect(page.locator("#invite")).to_be_enabled()
    await page.close()


async def test_a_block_can_be_undone_at_once_and_a_friend_forgotten(
    browser: Browser, nodes: Nodes
) -> None:
    alice, bob = nodes
    page = await browser.new_page()
    await page.goto(page_url(alice))
    row = row_of(page, bob)
    await row.get_by_role("button", name="Choices for bob").click()
    await row.get_by_role("button", name="Make a friend").click()
    await expect(row.get_by_text("Friend", exact=True)).to_be_visible()
    port = bob.addrs[0].split("/")[4]
    await expect(row.locator(".facts")).to_contain_text(f"127.0.0.1, port {port}")
    await row.get_by_role("button", name="Block…").click()
    await row.get_by_role("button", name="Block", exact=True).click()
    await expect(page.get_by_role("button", name="Undo")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(row.get_by_text("Friend", exact=True)).to_be_visible(timeout=30_000)
    await expect(page.get_by_role("button", name="Undo")).to_be_hidden()
    if not await row.locator(".choices").is_visible():
        await row.get_by_role("button", name="Choices for bob").click()
    await row.get_by_role("button", name="Forget").click()
    await expect(page.locator("#reach-note")).to_contain_text("is forgotten")
    await expect(row.get_by_text("Friend", exact=True)).to_have_count(0)
    await page.close()


async def test_the_fingerprint_is_the_same_at_both_ends_and_no_name_hides_it(
    browser: Browser, nodes: Nodes
) -> None:
    alice, bob = nodes
    context = await browser.new_context(viewport=PHONE)  # type: ignore[arg-type]
    a, b = await context.new_page(), await context.new_page()
    label(bob, "W" * 64)
    try:
        await b.goto(page_url(bob))
        mine = b.locator("#my-fingerprint")
        await expect(mine).not_to_have_text("…")
        words = await mine.inner_text()
        assert len(words.replace(" ", "")) == 20
        await a.goto(page_url(alice))
        await expect(row_of(a, bob)).to_contain_text("WWWW")
        await expect(row_of(a, bob).locator("[data-print]")).to_have_text(words)
        # Somebody who asks, and whom nobody has called a friend yet.
        await b.evaluate(
            "(peer) => void Goop.realtime.connect(peer, { context: 'chess_1' }).catch(() => {})",
            alice.peer_id,
        )
        asked = a.locator("#request-list [data-print]")
        await expect(asked).to_have_text(words)
        for line in (asked, row_of(a, bob).locator("[data-print]")):
            box = await line.bounding_box()
            assert box is not None
            assert 0 <= box["x"] <= box["x"] + box["width"] <= PHONE["width"]
        await a.locator("#request-list [data-action=decline]").click()
        await b.goto(link_of(alice, bob.port))
        await expect(b.locator("#join-my-fingerprint")).to_have_text(words)
        await a.goto(link_of(bob, alice.port))
        await expect(a.locator("#join-fingerprint")).to_have_text(words)
    finally:
        label(bob, "bob")
    await context.close()


async def test_a_link_says_whose_node_it_came_to(browser: Browser, nodes: Nodes) -> None:
    alice, bob = nodes
    page = await browser.new_page()
    # Alice's link, at a computer where Bob's node has the port that hers has on hers.
    await page.goto(link_of(alice, bob.port))
    await expect(page.get_by_text("this is the node of bob")).to_be_visible()
    await expect(page.get_by_text("You are not bob?")).to_be_visible()
    assert await faults(page) == []
    await page.goto(link_of(bob, bob.port))
    await expect(page.get_by_role("heading", name="This is your own link")).to_be_visible()
    await expect(page.get_by_role("button", name="Connect")).to_be_hidden()
    assert await faults(page) == []
    for broken in ("", "#", "#%", "#/ip4/1.2.3.4", "#nonsense"):
        await page.goto("about:blank")
        await page.goto(f"{page_url(bob)}join{broken}")
        await expect(page.get_by_role("heading", name="This link is incomplete")).to_be_visible()
        await expect(page.locator("#join-note")).to_contain_text("Ask for it again")
    await page.close()


async def test_a_node_that_is_alone_says_so_and_for_whom_its_link_is(
    browser: Browser, tmp_path: Path
) -> None:
    node = start_node(tmp_path / "alone")
    try:
        page = await browser.new_page()
        await page.goto(page_url(node))
        await expect(page.locator("#network")).to_have_text("Nobody else here")
        await expect(page.locator("#invite-note")).to_contain_text("on this computer alone")
        assert "Start your own node" in await page.locator("#invite-text").input_value()
        for path in ("", "api/status", "docs", "nothing"):
            await page.goto(page_url(node) + path)
            await expect(page.get_by_role("heading", level=1)).to_be_attached()
            assert await faults(page) == []
        await page.close()
    finally:
        node.stop()
