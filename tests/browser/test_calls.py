# SPDX-License-Identifier: MIT
"""Two people call each other, with cameras and microphones that browsers make up."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest_asyncio
from playwright.async_api import Browser, Page

from goop_node.testing import NodeProcess
from tests.browser.conftest import page_url

Nodes = tuple[NodeProcess, NodeProcess]


async def open_page(browser: Browser, node: NodeProcess) -> Page:
    """A page that calls and can be called."""
    page = await (await browser.new_context()).new_page()
    await page.goto(page_url(node, "calls"))
    await page.wait_for_function("() => window.Goop?.call")
    return page


async def until(page: Page, condition: str, argument: Any = None) -> None:
    """Wait until something is true in a page."""
    await page.wait_for_function(f"() => {condition}", arg=argument)


async def talk(caller: Page, callee: Page, node: NodeProcess) -> None:
    """Call, accept, and see each other."""
    await caller.evaluate("(peer) => begin(peer)", node.peer_id)
    await until(callee, "rings.length > 0")
    await callee.evaluate("() => accept()")
    for page in (caller, callee):
        await page.evaluate("() => moving()")
        assert await page.evaluate("() => call.state") == "connected"


@pytest_asyncio.fixture(loop_scope="session")
async def pages(chromium: Browser, nodes: Nodes) -> AsyncIterator[tuple[Page, Page]]:
    """Alice's page and Bob's, each of which heard no error."""
    errors: list[str] = []
    found = [await open_page(chromium, node) for node in nodes]
    for page in found:
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda told: told.type == "error" and errors.append(told.text))
    yield found[0], found[1]
    for page in found:
        await page.evaluate("() => call?.end()")
    assert errors == []


async def test_two_people_see_and_hear_each_other(pages: tuple[Page, Page], nodes: Nodes) -> None:
    alice, bob = pages
    await talk(alice, bob, nodes[1])
    for page in pages:
        before = (await page.evaluate("() => call.stats()"))["framesDecoded"]
        await page.wait_for_function(
            "async (before) => { const now = await call.stats();"
            " return now.framesDecoded > before && now.audioLevel > 0 }",
            arg=before,
        )
        found = await page.evaluate("() => call.receives")
        assert found == {"audio": True, "video": True, "screen": False}

    await alice.evaluate("() => call.mute()")
    await until(bob, "!call.receives.audio")
    assert await alice.evaluate("() => call.unmute()")
    await until(bob, "call.receives.audio")
    await alice.evaluate("() => call.camera(false)")
    await until(bob, "!call.receives.video")
    assert await alice.evaluate("() => call.localStream.getVideoTracks().length") == 0
    assert await alice.evaluate("() => call.camera(true)")
    await until(bob, "call.receives.video")
    await bob.evaluate("() => moving()")

    await bob.evaluate("() => call.end('bye')")
    await until(alice, "ends.length > 0")
    for page, by_peer in ((alice, True), (bob, False)):
        end = (await page.evaluate("() => ends"))[0]
        assert (end["code"], end["reason"], end["byPeer"]) == ("ended", "bye", by_peer)
        assert await page.evaluate("() => call.localStream.getTracks().length") == 0
