# SPDX-License-Identifier: MIT
"""Two pages signal a WebRTC connection over the context video_call, and talk over it."""

from __future__ import annotations

from playwright.async_api import Browser

from goop_node.testing import NodeProcess
from tests.browser.call_pages import call


async def test_a_data_channel_opens(
    chromium: Browser, nodes: tuple[NodeProcess, NodeProcess]
) -> None:
    await call(chromium, nodes)
