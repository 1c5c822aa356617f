# SPDX-License-Identifier: MIT
"""Pages under ``goop run --dev``: they stay while the node starts anew, come again when their files
do, and read in the console what their plugin failed in."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest
from playwright.async_api import Browser, ConsoleMessage, Page, expect

from goop_node.testing import NodeProcess, start_node
from tests.browser.conftest import page_url
from tests.node.own_plugin import OwnPlugin, plant, save
from tests.node.page import wait_until_discovered

BLANK = Path(__file__).parent / "templates" / "blank"
RULE = "if len(self.notes) >= MOST:"
FAILING = (
    'if message.data["text"] == "boom":\n            raise ValueError("it went wrong")\n        '
)
Nodes = tuple[NodeProcess, NodeProcess, OwnPlugin]


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nodes]:
    """Alice under ``--dev``, with another template, and Bob, who is not."""
    folder = tmp_path_factory.mktemp("dev")
    own = plant(folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(own.site))
        bob = start_node(folder / "bob")
        alice = start_node(folder / "alice", "--dev", f"--template={BLANK}", peer=bob)
        asyncio.run(wait_until_discovered(alice, bob))
        yield alice, bob, own
        alice.stop()
        bob.stop()


async def opened(browser: Browser, node: NodeProcess, template: str) -> tuple[Page, list[str]]:
    """A page that knows whether it was loaded again, and what is written to its console."""
    page = await (await browser.new_context()).new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    await page.goto(page_url(node, template))
    await page.evaluate("() => { window.mark = true; }")
    return page, said


async def stays(page: Page) -> bool:
    return cast(bool, await page.evaluate("() => window.mark === true"))


def about(said: list[str]) -> list[str]:
    return [line for line in said if line.startswith("[goop]")]


async def write(page: Page, text: str) -> None:
    await page.get_by_label("A note").fill(text)
    await page.get_by_role("button", name="Write", exact=True).click()


def is_from_goop(message: ConsoleMessage) -> bool:
    return message.text.startswith("[goop]")


async def test_pages_stay_come_again_and_read_what_failed(either: Browser, pair: Nodes) -> None:
    alice, bob, own = pair
    a, _ = await opened(either, alice, "notes")
    other, said_to_other = await opened(either, alice, "blank")
    b, said_to_bob = await opened(either, bob, "notes")
    b.on("dialog", lambda dialog: dialog.accept())
    await a.get_by_role("button", name="Write with bob").click()
    await expect(b.get_by_role("status")).to_have_text("With alice")

    # The plugin's files: away, back, and the same pages.
    own.replace(RULE, f"{FAILING}{RULE}")
    await expect(b.get_by_role("status")).not_to_have_text("With alice")
    await expect(b.get_by_role("status")).to_have_text("With alice")
    note = f"after, in {either.browser_type.name}"  # the channel may be one of before
    await write(a, note)
    await expect(b.locator("#notes li").last).to_have_text(f"alice{note}")
    assert await stays(a)

    # What the plugin fails in: its own pages.
    async with a.expect_console_message(is_from_goop) as told:
        await write(a, "boom")
    message = await told.value
    assert message.type == "error"
    assert "plugin notes: check() of the context notes: ValueError: it went wrong" in message.text
    assert f"{own.rules}:" in message.text
    assert "Traceback" in message.text
    # What it refuses, too.
    async with a.expect_console_message(lambda one: "notes refused" in one.text) as refused:
        await a.evaluate("() => void channel.send({ type: 'other' }).catch(() => {})")
    assert "has no message 'other'" in (await refused.value).text
    assert (await refused.value).type == "warning"

    # Why it is left out, until it is mended.
    async with a.expect_console_message(lambda one: "is left out" in one.text) as left_out:
        own.replace(RULE, "if len(self.notes >= MOST:")
    assert "SyntaxError" in (await left_out.value).text
    assert f"({own.rules}:" in (await left_out.value).text
    own.replace("if len(self.notes >= MOST:", RULE)
    await expect(b.get_by_role("status")).to_have_text("With alice")
    assert await stays(a)

    # A page's files: this page comes again, the other one does not.
    async with a.expect_navigation():
        index, newer = own.page / "index.html", f"Newer, in {either.browser_type.name}"
        save(index, f"{index.read_text()}<p>{newer}</p>")
    await expect(a.get_by_text(newer)).to_be_visible()
    assert not await stays(a)
    assert await stays(other)
    assert about(said_to_other) == []

    # Without --dev: none of it.
    assert await stays(b)
    assert about(said_to_bob) == []
    assert await b.evaluate("() => document.querySelectorAll('script').length") == 3
    for page in (a, other, b):
        await page.context.close()


async def test_home_says_so(either: Browser, pair: Nodes) -> None:
    for node, words in ((pair[0], True), (pair[1], False)):
        page = await (await either.new_context()).new_page()
        await page.goto(page_url(node))
        await expect(page.locator("#version")).to_contain_text("goop-node")
        assert await page.get_by_text("This node runs with --dev").is_visible() is words
        await page.context.close()
