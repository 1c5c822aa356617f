# SPDX-License-Identifier: MIT
"""Real browsers on two real nodes: Chromium, and Firefox as Debian has it."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Playwright, async_playwright, expect
from pytest_asyncio import is_async_test

from goop_node.testing import NodeProcess, start_node
from tests.limits import HANG_MS
from tests.node.page import wait_until_discovered

expect.set_options(timeout=HANG_MS)

FOLDER = Path(__file__).parent
TEMPLATES = FOLDER / "templates"
CONFIG = """
[plugins.realtime]
[plugins.chess]
[plugins.video_call]
[plugins.arcade_rooms]
[templates.blank]
allow = ["context:arcade", "context:video_call"]
[templates.video-call]
allow = ["camera", "microphone"]
[templates.calls]
allow = ["context:video_call", "camera", "microphone"]
[templates.own-chess]
allow = ["context:chess"]
"""
"""What the nodes are told: pages of an author's own use contexts that were granted to them."""
CHROMIUMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
CHROMIUM = next(filter(None, map(shutil.which, CHROMIUMS)), None)
SHELL = shutil.which("chromium-headless-shell") or CHROMIUM
FIREFOX = shutil.which("firefox-esr")
FLAGS = [
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--use-fake-device-for-media-stream=fps=5",
    "--use-fake-ui-for-media-stream",
]
# WebRTC on loopback, where there is no other interface and nobody to resolve mDNS names.
PREFERENCES = {
    "media.peerconnection.ice.loopback": True,
    "media.peerconnection.ice.obfuscate_host_addresses": False,
    "media.navigator.streams.fake": True,
    "media.navigator.permission.disabled": True,
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


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All browser tests of a process run in one event loop: they share the browsers."""
    for item in items:
        if FOLDER in item.path.parents and is_async_test(item):
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def playwright() -> AsyncIterator[Playwright]:
    """What drives the browsers."""
    async with async_playwright() as playwright:
        yield playwright


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def _shell(playwright: Playwright) -> AsyncIterator[Browser]:
    browser = await launch(playwright, SHELL)
    yield browser
    await browser.close()


@pytest_asyncio.fixture(loop_scope="session")
async def browser(_shell: Browser) -> AsyncIterator[Browser]:
    """Chromium's engine without the window around it, which takes half of the work."""
    yield _shell
    await leave_pages(_shell)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def _chromium(playwright: Playwright) -> AsyncIterator[Browser]:
    browser = await launch(playwright, CHROMIUM)
    yield browser
    await browser.close()


@pytest_asyncio.fixture(loop_scope="session")
async def chromium(_chromium: Browser) -> AsyncIterator[Browser]:
    """Chromium as people have it."""
    yield _chromium
    await leave_pages(_chromium)


async def launch(playwright: Playwright, program: str | None) -> Browser:
    """A Chromium with its back/forward cache, which playwright turns off."""
    if program is None:
        pytest.skip("no Chromium here; install it with: apt-get install chromium")
    return await playwright.chromium.launch(
        executable_path=program,
        args=FLAGS,
        ignore_default_args=["--disable-back-forward-cache"],
    )


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def _firefox(playwright: Playwright) -> AsyncIterator[Browser]:
    if FIREFOX is None:
        pytest.skip("no Firefox here; install it with: apt-get install firefox-esr")
    browser = await playwright.firefox.launch(
        channel="moz-firefox", executable_path=FIREFOX, firefox_user_prefs=PREFERENCES
    )
    yield browser
    await browser.close()


@pytest_asyncio.fixture(loop_scope="session")
async def firefox(_firefox: Browser) -> AsyncIterator[Browser]:
    """Firefox, driven over WebDriver BiDi: playwright's own protocol needs its patched build."""
    yield _firefox
    await leave_pages(_firefox)


@pytest.fixture(params=["chromium", "firefox"])
def either(request: pytest.FixtureRequest) -> Browser:
    """Each of the two."""
    browser: Browser = request.getfixturevalue(request.param)
    return browser


async def leave_pages(browser: Browser) -> None:
    """Close what a test has opened."""
    for context in browser.contexts:
        await context.close()


def page_url(node: NodeProcess, template: str = "") -> str:
    """Where a template's pages (or the node's own) are."""
    return f"http://{template or 'home'}.localhost:{node.port}/"
