# SPDX-License-Identifier: MIT
"""Firefox and Chromium call each other."""

from __future__ import annotations

import pytest
from playwright.async_api import Browser

from goop_node.testing import NodeProcess
from tests.browser.call_people import FRAMES, HEARD, ended, frames, open_page, talk


@pytest.mark.parametrize("firefox_calls", [True, False])
async def test_firefox_and_chromium_see_and_hear_each_other(
    chromium: Browser,
    firefox: Browser,
    nodes: tuple[NodeProcess, NodeProcess],
    firefox_calls: bool,
) -> None:
    browsers = (firefox, chromium) if firefox_calls else (chromium, firefox)
    caller, callee = [
        await open_page(browser, node) for browser, node in zip(browsers, nodes, strict=True)
    ]
    await talk(caller, callee, nodes[1])
    for page in (caller, callee):
        await page.wait_for_function(FRAMES, arg=await frames(page))
        await page.wait_for_function(HEARD)
    await caller.evaluate("() => call.end()")
    assert (await ended(callee))["byPeer"]
