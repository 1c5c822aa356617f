# SPDX-License-Identifier: MIT
"""Real browsers on two real nodes: Chromium, and Firefox as Debian has it."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, async_playwright

from goop_node.testing import NodeProcess, start_node
from tests.node.page import wait_until_discovered

TEMPLATES = Path(__file__).parent / "templates"
CONFIG = """
[plugins.realtime]
[plugins.chess]
[plugins.video_call]
[plugins.arcade_rooms]
[templates.blank]
allow = ["context:arcade", "context:video_call"]
[templates.own-chess]
allow = ["context:chess"]
"""
"""What the nodes are told: pages of an author's own use contexts that were granted to them."""
CHROMIUMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
CHROMIUM = next(filter(None, map(shutil.which, CHROMIUMS)), None)
FIREFOX = shutil.which("firefox-esr")
FLAGS = [
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
]
# WebRTC on loopback, where there is no other interface and nobody to resolve mDNS names.
PREFERENCES = {
    "media.peerconnection.ice.loopback": True,
    "media.peerconnection.ice.obfuscate_host_addresses": False,
}


@pytest.fixture(scope="module")
def nodes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[NodeProcess, NodeProcess]]:
    """Alice and Bob, who see each other. Both serve the folders of ``templates``."""
    folder: Path = tmp_path_factory.mktemp("nodes")
    (folder / "goop.toml").write_text(CONFIG)
    templates = [f"--template={path}" for path in sorted(TEMPLATES.iterdir())]
    alice = start_node(folder / "alice", *templates)
    bob = start_node(folder / "bob", *templates, peer=alice)
    asyncio.run(wait_until_discovered(alice, bob))
    yield alice, bob
    bob.stop()
    alice.stop()


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    """Chromium."""
    if CHROMIUM is None:
        pytest.skip("no Chromium here; install it with: apt-get install chromium")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        await browser.close()


@pytest.fixture
async def firefox() -> AsyncIterator[Browser]:
    """Firefox, driven over WebDriver BiDi: playwright's own protocol needs its patched build."""
    if FIREFOX is None:
        pytest.skip("no Firefox here; install it with: apt-get install firefox-esr")
    async with async_playwright() as playwright:
        browser = await playwright.firefox.launch(
            channel="moz-firefox", executable_path=FIREFOX, firefox_user_prefs=PREFERENCES
        )
        yield browser
        await browser.close()


def page_url(node: NodeProcess, template: str = "") -> str:
    """Where a template's pages (or the node's own) are."""
    return f"http://{template or 'home'}.localhost:{node.port}/"
