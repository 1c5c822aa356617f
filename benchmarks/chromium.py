# SPDX-License-Identifier: MIT
"""The same between two real pages in Chromium: over the SDK and two nodes, and over the relay.

Two pages have two clocks, so latency is half of a round trip.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from playwright.async_api import Browser, Page, async_playwright

from benchmarks.load import PER_SECOND, Figures, middle_and_p99
from benchmarks.processes import nodes, relays
from benchmarks.rows import CONTEXT, Run
from tests.browser.conftest import CHROMIUM, FLAGS, page_url

SCRIPT = Path(__file__).with_name("page_load.js")
# The relay serves no pages, and a blank page may otherwise not reach this machine's own ports.
ALLOW = "--disable-features=LocalNetworkAccessChecks,LocalNetworkAccessChecksWebSockets"
ACCEPT = """() => {
  Goop.realtime.onIncoming = async ({ accept }) => answer(channelWire(await accept()));
}"""
CONNECT = """async ([peer, context]) => {
  window.wire = channelWire(await Goop.realtime.connect(peer, { context }));
}"""


def missing() -> str | None:
    """Why there is no browser to measure with, or ``None``."""
    if CHROMIUM is None:
        return "no Chromium here; install it with: apt-get install chromium"
    return None


async def relay(run: Run) -> Figures:
    """Two pages over the bare relay, by plain WebSockets."""
    async with relays() as [(first, _), (second, _)], _browser() as browser:
        pages = []
        for _ in range(2):
            page = await browser.new_page()
            await _ready(page, "about:blank")
            pages.append(page)
        a, b = pages
        await b.evaluate(
            "async (port) => answer(await plainWire(`ws://127.0.0.1:${port}/`))", second
        )
        await a.evaluate(
            "async (port) => { window.wire = await plainWire(`ws://127.0.0.1:${port}/`); }", first
        )
        return await _measure(a, run)


async def node(run: Run) -> Figures:
    """Two pages with the SDK on two nodes, journal and all."""
    async with nodes(run.folder) as (alice, bob), _browser() as browser:
        a, b = [await (await browser.new_context()).new_page() for _ in range(2)]
        for page, its_node in ((a, alice), (b, bob)):
            await _ready(page, page_url(its_node, "blank"))
        await b.evaluate(ACCEPT)
        await a.evaluate(CONNECT, [bob.peer_id, CONTEXT])
        return await _measure(a, run)


ROWS: dict[str, tuple[str, Callable[[Run], Awaitable[Figures]]]] = {
    "relay": ("bare relay", relay),
    "node": ("SDK, node, NORMAL", node),
}


@asynccontextmanager
async def _browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=[*FLAGS, ALLOW])
        yield browser
        await browser.close()


async def _ready(page: Page, url: str) -> None:
    await page.goto(url)
    # Every part becomes a global of the page, which its policy would not let a script tag do.
    await page.evaluate(
        f"() => {{ {SCRIPT.read_text(encoding='utf-8')}\n"
        "Object.assign(window, { answer, latency, through, plainWire, channelWire }); }"
    )


async def _measure(a: Page, run: Run) -> Figures:
    await a.evaluate("(count) => through(wire, count)", _whole(run.count // 4))
    count = max(2, int(run.seconds * PER_SECOND))
    taken: list[float] = await a.evaluate("(count) => latency(wire, count)", count)
    count = _whole(run.count)
    took: float = await a.evaluate("(count) => through(wire, count)", count)
    return Figures(*middle_and_p99(taken), rate=count / took, cpu_us={})


def _whole(count: int) -> int:
    """A number of messages that ends with a confirmation (see the script)."""
    return max(100, count // 100 * 100)
