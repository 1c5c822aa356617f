# SPDX-License-Identifier: MIT
"""Home's own origin: the way there from the plain names, and what other programs leave behind."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.async_api import Browser, BrowserContext

from goop_node.testing import NodeProcess, start_node
from tests.browser.conftest import TEMPLATES, page_url

ADDRESS = "/ip4/192.0.2.1/tcp/1/p2p/12D3KooWRfvz7kQBZKN7NPLonXoKEitVxp2forDCDi8ogsApKTso"
OPEN_SOCKET = """() => new Promise((resolve) => {
  const socket = new WebSocket(`ws://${location.host}/api/realtime/connect`);
  socket.onopen = () => resolve("open");
  socket.onclose = ({ code }) => resolve(code);
})"""


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NodeProcess]:
    """A node that serves the folder ``blank``."""
    node = start_node(tmp_path_factory.mktemp("home") / "node", f"--template={TEMPLATES / 'blank'}")
    yield node
    node.stop()


async def _led_home(browser: Browser, node: NodeProcess) -> None:
    context = await browser.new_context()
    page = await context.new_page()
    for host in ("localhost", "127.0.0.1"):
        await page.goto(f"http://{host}:{node.port}/join?a=1#{ADDRESS}")
        assert page.url == f"{page_url(node)}join?a=1#{ADDRESS}"
        assert await page.text_content("#join-address") == ADDRESS
    assert {cookie["domain"] for cookie in await context.cookies()} == {"home.localhost"}
    await context.close()


async def test_plain_names_lead_home_with_the_fragment(browser: Browser, node: NodeProcess) -> None:
    await _led_home(browser, node)


async def test_plain_names_lead_home_in_firefox(firefox: Browser, node: NodeProcess) -> None:
    await _led_home(firefox, node)


async def _leave_cookies(context: BrowserContext, values: list[str], host: str) -> None:
    cookies = [
        {"name": f"c{number}", "value": value, "domain": host, "path": "/"}
        for number, value in enumerate(values)
    ]
    await context.add_cookies(cookies)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "values",
    [
        ['{"theme":"dark"}', "a=(direct)|b=(not set)", 'a"b"', "Zürich", "x" * 3_900],
        ["y" * 4_000] * 170,
    ],
    ids=["odd", "as many as there can be"],
)
async def test_cookies_of_other_programs_shut_nobody_out(
    browser: Browser, node: NodeProcess, values: list[str]
) -> None:
    context = await browser.new_context()
    page = await context.new_page()
    missing: list[str] = []
    page.on("response", lambda answer: missing.append(answer.url) if not answer.ok else None)
    for url in (page_url(node), page_url(node, "blank")):
        await _leave_cookies(context, values, url.split("/")[2].split(":")[0])
        await page.goto(url)
        assert await page.evaluate(OPEN_SOCKET) == "open"
        assert await page.evaluate("() => fetch('/api/self').then(({ status }) => status)") == 200
    assert missing == []
    await context.close()
