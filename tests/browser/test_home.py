# SPDX-License-Identifier: MIT
"""The node's own page, and plain channels from real pages."""

from __future__ import annotations

import random
import zipfile
from pathlib import Path

from playwright.async_api import Browser, expect

from goop_node.testing import NodeProcess
from tests.browser.conftest import page_url

Nodes = tuple[NodeProcess, NodeProcess]
LIFE = Path(__file__).with_name("home_life.js")
LIVES, STEPS = 20, 40


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
        await page.wait_for_function("() => window.Goop?.realtime?.onIncoming")
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


async def test_somebody_is_made_a_friend_and_blocked_and_unblocked_at_home(
    browser: Browser, nodes: Nodes
) -> None:
    page = await browser.new_page()
    await page.goto(page_url(nodes[0]))
    bob = page.locator(f'#people-list [data-peer="{nodes[1].peer_id}"]')
    choices = bob.get_by_role("button", name="Choices for bob")
    await choices.click()
    await bob.get_by_role("button", name="Make a friend").click()
    await expect(bob.get_by_text("Friend", exact=True)).to_be_visible()
    await bob.get_by_role("button", name="Block…").click()
    await expect(bob.get_by_role("button", name="Cancel")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(bob.get_by_role("button", name="Block…")).to_be_focused()
    await page.keyboard.press("Enter")
    await bob.get_by_role("button", name="Block", exact=True).click()
    await expect(bob).to_have_count(0)
    await page.get_by_text("Blocked (1)").click()
    await page.get_by_role("button", name="Unblock bob").click()
    await expect(bob.get_by_text("Friend", exact=True)).to_be_visible(timeout=30_000)
    await expect(bob.get_by_text("Online")).to_be_visible(timeout=60_000)
    await page.close()


async def test_who_may_reach_the_node_is_chosen_at_home(browser: Browser, nodes: Nodes) -> None:
    page = await browser.new_page()
    await page.goto(page_url(nodes[0]))
    for name in ("Friends only", "Everybody I can see here"):
        await page.get_by_label(name).check()
        await expect(page.get_by_text("Saved.")).to_be_visible()
        await page.reload()
        await expect(page.get_by_label(name)).to_be_checked()
    await page.close()


async def test_a_template_is_added_and_removed_at_home(
    browser: Browser, nodes: Nodes, tmp_path: Path
) -> None:
    with zipfile.ZipFile(tmp_path / "White Board.zip", "w") as archive:
        archive.writestr("board/index.html", "<!doctype html><title>here</title>")
        archive.writestr("board/manifest.json", '{"name": "Board", "permissions": ["camera"]}')
        archive.writestr("board/large.bin", random.Random(1).randbytes(400_000))
    page = await browser.new_page()
    await page.goto(page_url(nodes[0]))
    await page.get_by_label("ZIP file").set_input_files(tmp_path / "White Board.zip")
    await page.get_by_role("button", name="Look at it").click()
    asks = page.locator("#adding-what")
    await expect(asks).to_contain_text("use your camera")
    await expect(asks).to_contain_text("the template white-board")
    await page.get_by_role("button", name="Cancel").press("Enter")
    await expect(asks).to_be_hidden()
    await page.get_by_role("button", name="Look at it").click()
    await page.get_by_role("button", name="Add", exact=True).press("Enter")
    await expect(page.get_by_text("Board is there.")).to_be_visible()
    await page.get_by_role("link", name="Board").click()
    await expect(page).to_have_title("here")
    await page.go_back()
    await page.get_by_role("button", name="Remove Board").press("Enter")
    await page.get_by_label("Delete its channels and rooms, too").check()
    await page.get_by_role("button", name="Remove", exact=True).press("Enter")
    await expect(page.get_by_text("Board is removed.")).to_be_visible()
    await expect(page.get_by_role("link", name="Board")).to_have_count(0)
    await page.close()


async def test_at_rest_home_shows_what_is_so_and_nothing_has_taken_the_focus(
    browser: Browser, nodes: Nodes
) -> None:
    page = await browser.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    await page.add_init_script(path=LIFE)
    await page.goto(page_url(nodes[0]))
    await page.evaluate("still()")
    done = await page.evaluate("([lives, steps]) => live(lives, steps)", [LIVES, STEPS])
    assert min(done.values()) > LIVES, done
    # News pushes everything down: what is there then takes no press that was meant for what was.
    pressed = "() => getComputedStyle(document.getElementById('rename')).pointerEvents !== 'none'"
    await page.evaluate("still()")
    assert await page.evaluate(pressed)
    await page.evaluate("news()")
    await page.wait_for_function(f"() => !({pressed})()")
    await page.evaluate("still()")  # the time goes by
    assert await page.evaluate(pressed)
    assert errors == []
    await page.close()
