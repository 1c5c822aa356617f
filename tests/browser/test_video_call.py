# SPDX-License-Identifier: MIT
"""Two pages of authors' own signal a WebRTC connection over the context video_call, by hand."""

from __future__ import annotations

from playwright.async_api import Browser

from goop_node.testing import NodeProcess
from tests.browser.call_pages import call


async def test_what_is_signalled_by_hand_connects(
    chromium: Browser, nodes: tuple[NodeProcess, NodeProcess]
) -> None:
    await call(chromium, nodes)
