# SPDX-License-Identifier: MIT
"""Video calls between two Chromium pages on two nodes: from the click to the first picture.

Each call is answered by the other page at once, and both have cameras made up by the browser. A
signalling message is timed from the ``send`` of one page's WebSocket to the ``message`` of the
other's: both pages read one machine's clock.
"""

from __future__ import annotations

import asyncio
import statistics
from pathlib import Path

from playwright.async_api import Browser, BrowserContext, Page, async_playwright

from benchmarks.chromium import missing as missing
from goop_node.testing import NodeProcess, start_node
from tests.browser.conftest import CHROMIUM, CONFIG, FLAGS, TEMPLATES, page_url
from tests.node.page import wait_until_discovered

BOUNDS = {
    "click to first remote picture, ms: median": 2000.0,
    "signalling, page to page, ms: p99": 100.0,
}
TIMES = """
window.times = {};
const now = () => performance.timeOrigin + performance.now();
const note = (frame) => { if (["send", "message"].includes(frame.type)) times[frame.id] = now(); };
window.WebSocket = class extends WebSocket {
  constructor(...its) {
    super(...its);
    this.addEventListener("message", ({ data }) => [JSON.parse(data)].flat().forEach(note));
  }
  send(text) { note(JSON.parse(text)); super.send(text); }
};
"""
ANSWER = "() => { Goop.call.onIncoming = ({ callId }) => Goop.call.accept(callId).then(follow); }"
CALL = """async (peer) => {
  const began = performance.now();
  begin(peer);
  const video = document.getElementById("remote");
  await new Promise((shown) => video.requestVideoFrameCallback(shown));
  return performance.now() - began;
}"""


async def measure(folder: Path, *, calls: int) -> dict[str, list[float]]:
    """Milliseconds of ``calls`` calls, and of every message of theirs."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "goop.toml").write_text(CONFIG)
    templates = [f"--template={path}" for path in sorted(TEMPLATES.iterdir())]
    alice = start_node(folder / "alice", *templates)
    bob = start_node(folder / "bob", *templates, peer=alice)
    await wait_until_discovered(alice, bob)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        taken, times = await _calls(browser, (alice, bob), calls)
        await browser.close()
    bob.stop()
    alice.stop()
    taken.sort()
    return {
        "click to first remote picture, ms: median": [statistics.median(taken)],
        "click to first remote picture, ms: p95": [taken[int(len(taken) * 0.95)]],
        "signalling, page to page, ms: median": [statistics.median(times)],
        "signalling, page to page, ms: p99": [sorted(times)[int(len(times) * 0.99)]],
    }


async def _calls(
    browser: Browser, nodes: tuple[NodeProcess, NodeProcess], count: int
) -> tuple[list[float], list[float]]:
    contexts: list[BrowserContext] = [await browser.new_context() for _ in nodes]
    pages: list[Page] = []
    for context, node in zip(contexts, nodes, strict=True):
        await context.add_init_script(TIMES)
        page = await context.new_page()
        await page.goto(page_url(node, "calls"))
        pages.append(page)
    caller, callee = pages
    await callee.evaluate(ANSWER)
    taken: list[float] = []
    for _ in range(count):
        taken.append(await caller.evaluate(CALL, nodes[1].peer_id))
        await caller.evaluate("() => call.end()")
        await callee.wait_for_function("() => call.ended")
        await asyncio.sleep(0.2)  # cameras need a moment to be let go of
    sent, came = [await page.evaluate("() => times") for page in pages]
    return taken, [abs(came[one] - sent[one]) for one in sent.keys() & came.keys()]
