# SPDX-License-Identifier: MIT
"""The node's own page, and plain channels from real pages."""

from __future__ import annotations

from playwright.async_api import Browser, expect

from goop_node.testing import NodeProcess
from tests.browser.conftest import page_url

Nodes = tuple[NodeProcess, NodeProcess]


async def test_home_shows_who_is_online(browser: Browser, nodes: Nodes) -> None:
    page = await browser.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    await page.goto(page_url(nodes[0]))
    await expect(page.get_by_text("bob").first).to_be_visible()
    assert errors == []
    await page.close()


async def test_a_channel_between_two_pages(browser: Browser, nodes: Nodes) -> None:
    pages = []
    for node in nodes:
        context = await browser.new_context()
        page = await context.new_page()
        await page.goto(page_url(node))
        await page.wait_for_function("() => window.Goop && Goop.realtime")
        pages.append(page)
    a, b = pages
    await b.evaluate(
        """() => {
          window.got = [];
          Goop.realtime.onIncoming = async ({ channelId }) => {
            const channel = await Goop.realtime.accept(channelId);
            channel.onMessage = (data) => {
              window.got.push(data.n);
              channel.send({ echo: data.n });
            };
          };
        }"""
    )
    echoes = await a.evaluate(
        """async (peer) => {
          const channel = await Goop.realtime.connect(peer, {});
          const echoes = [];
          const all = new Promise((resolve) => {
            channel.onMessage = (data) => {
              echoes.push(data.echo);
              if (echoes.length === 100) resolve();
            };
          });
          let last;
          for (let n = 0; n < 100; n++) last = channel.send({ n });
          await last;
          await last.delivered;
          await last.handled;
          await all;
          await channel.close();
          return echoes;
        }""",
        nodes[1].peer_id,
    )
    assert echoes == list(range(100))
    assert await b.evaluate("() => window.got") == list(range(100))
