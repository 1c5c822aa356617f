# SPDX-License-Identifier: MIT
"""Pages with nothing but the SDK, a channel between them, and what they say and hear."""

from __future__ import annotations

from playwright.async_api import Browser, Page

from goop_node.testing import NodeProcess
from tests.browser.conftest import page_url

Nodes = tuple[NodeProcess, NodeProcess]

LISTEN = """() => {
  window.got = [];
  window.listen = (channel) => {
    window.channel = channel;
    channel.onMessage = ({ x }) => void got.push(x);
  };
  Goop.realtime.onIncoming = async ({ accept }) => listen(await accept());
}"""


CONNECT = """([peer, context, since]) =>
  Goop.realtime.connect(peer, { context, since }).then(listen)
"""


async def pair(
    browser: Browser, nodes: Nodes, context: str, *, other: Browser | None = None
) -> tuple[Page, Page]:
    """A page on each node, the second in the ``other`` browser, and a channel between them."""
    pages = []
    for node, at in zip(nodes, (browser, other or browser), strict=True):
        page = await (await at.new_context()).new_page()
        await page.goto(page_url(node, "blank"))
        await page.evaluate(LISTEN)
        pages.append(page)
    a, b = pages
    await a.evaluate(CONNECT, [nodes[1].peer_id, context])
    await b.wait_for_function("() => window.channel?.state === 'connected'")
    return a, b


async def leave(a: Page, b: Page) -> None:
    """Close the channel and both pages."""
    await a.evaluate("() => channel.close()")
    for page in (a, b):
        await page.context.close()


async def say(page: Page, *numbers: int, until: str = "delivered") -> None:
    """Send; returns when each message has its receipt, that the other node has it or its page."""
    await page.evaluate(
        """async ([numbers, until]) => {
          const shoot = { type: "shoot", y: 0, direction: "up" };
          const sent = numbers.map((x) => channel.send({ ...shoot, x }));
          await Promise.all(sent.map((message) => message[until]));
        }""",
        [list(numbers), until],
    )


async def hears(page: Page, *numbers: int) -> None:
    """Wait until that many messages have come; exactly these must have."""
    await page.wait_for_function("(count) => got.length >= count", arg=len(numbers))
    assert await page.evaluate("() => got") == list(numbers)
