# SPDX-License-Identifier: MIT
"""A page whose WebSockets are broken talks all the same, and goes back to them once they work."""

from __future__ import annotations

import pytest
from playwright.async_api import Browser, Page

from goop_node.testing import NodeProcess
from tests.browser.conftest import page_url

Nodes = tuple[NodeProcess, NodeProcess]

BROKEN = {
    "none": "constructor() { throw new Error('no WebSockets here'); }",
    "cut": "constructor(url) { super(url); this.addEventListener('open', () => this.close()); }",
}
# What the page's SDK uses is counted beside what it is given.
INIT = """
window.RealWebSocket = WebSocket;
window.opened = 0;
window.WebSocket = class extends RealWebSocket { %s };
window.repair = () => {
  window.WebSocket = class extends RealWebSocket {
    constructor(url) {
      super(url);
      this.addEventListener("message", () => (window.opened += 1));
    }
  };
  dispatchEvent(new Event("online"));
};
"""
ECHO = """() => {
  window.got = [];
  Goop.realtime.onIncoming = async ({ accept }) => {
    const channel = await accept();
    channel.onMessage = (data) => {
      window.got.push(data.n);
      channel.send({ echo: data.n });
    };
  };
}"""
TALK = """async (peer) => {
  window.channel = await Goop.realtime.connect(peer);
  window.echoes = [];
  channel.onMessage = (data) => echoes.push(data.echo);
  window.sent = 0;
  window.say = (count) => {
    let last;
    for (let n = 0; n < count; n++) last = channel.send({ n: sent++ });
    return last.handled.then(() => true);
  };
  return say(50);
}"""


async def _open(browser: Browser, node: NodeProcess, broken: str = "") -> Page:
    context = await browser.new_context()
    page = await context.new_page()
    if broken:
        await page.add_init_script(INIT % BROKEN[broken])
    await page.goto(page_url(node, "blank"))
    return page


@pytest.mark.parametrize("broken", BROKEN)
async def test_a_channel_without_websockets_and_back(
    browser: Browser, nodes: Nodes, broken: str
) -> None:
    a = await _open(browser, nodes[0], broken)
    b = await _open(browser, nodes[1])
    posts: list[str] = []
    a.on("request", lambda request: posts.append(request.url) if request.method == "POST" else None)
    await b.evaluate(ECHO)
    assert await a.evaluate(TALK, nodes[1].peer_id)
    await a.wait_for_function("() => echoes.length === 50")
    assert any(url.endswith("/api/realtime/frames") for url in posts)
    assert await a.evaluate("() => opened") == 0

    # Repaired in the middle of a conversation: nothing is lost, doubled or out of order.
    await a.evaluate("() => { window.talk = say(100); repair(); }")
    await a.wait_for_function("() => opened > 0")
    assert await a.evaluate("() => Promise.all([talk, say(100)])") == [True, True]
    await a.wait_for_function("() => echoes.length === 250")
    assert await a.evaluate("() => echoes") == list(range(250))
    assert await b.evaluate("() => got") == list(range(250))
    del posts[:]
    await a.evaluate("() => say(1)")
    assert posts == []
    for page in (a, b):
        await page.context.close()
