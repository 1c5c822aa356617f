# SPDX-License-Identifier: MIT
"""The arcade's page: a game is made, joined, played, left, and goes on without who made it."""

from __future__ import annotations

import asyncio
from typing import Any

from playwright.async_api import Browser, Page, expect

from goop_node.testing import NodeProcess
from tests.browser.arcade_pages import UNSEEN, opened
from tests.browser.axe import faults
from tests.limits import HANG

LONGER = """async (name) => {
  const room = await Goop.realtime.joinRoom(`arcade_${name}`);
  for (let n = 1; n <= 1_200; n++) {
    const sent = room.send({ type: "ready", ready: true });
    if (n % 200 === 0) await sent.delivered;
  }
}"""
"""Says what changes nothing in a round, until the log begins behind where the round did."""
BEGINS = """async (name) => {
  const room = await Goop.realtime.joinRoom(`arcade_${name}`);
  return (await room.history()).some(({ data }) => data.type === "start");
}"""


def score(page: Page, whose: int) -> Any:
    """The points of a ship, as a page shows them."""
    return page.locator(f"#people [data-slot='{whose}'] .score")


async def same_score(whose: int, *pages: Page, least: int = 1) -> int:
    """The points of a ship, once all pages show the same: shots may still be on their way."""
    async with asyncio.timeout(HANG):
        while True:
            seen = {await score(page, whose).text_content() or "0" for page in pages}
            if len(seen) == 1 and (points := int(seen.pop())) >= least:
                return points
            await asyncio.sleep(0.05)


async def test_a_game_for_two(browser: Browser, nodes: tuple[NodeProcess, NodeProcess]) -> None:
    errors: list[str] = []
    alice = await opened(browser, nodes[0], errors)
    bob = await opened(browser, nodes[1], errors, viewport={"width": 390, "height": 780})
    await alice.get_by_role("button", name="Make a game").click()
    await expect(alice.locator("#game-name")).not_to_be_empty()
    name = await alice.locator("#game-name").text_content()

    # Bob sees it in his list, and joins from there.
    await bob.get_by_role("button", name=f"Join {name}").click()
    await expect(bob.locator("#people li")).to_have_count(2)
    for page in (alice, bob):
        await page.get_by_role("button", name="I am ready").click()
    await expect(alice.locator("#status")).to_contain_text("you can start")
    await alice.get_by_label("Against each other").check()
    await alice.get_by_role("button", name="Start").click()
    for page in (alice, bob):
        await expect(page.locator("#status")).to_have_text("Wave 1")

    # The screen takes the colours that the person wants, whenever they do.
    sky = """(red) => {
      const screen = document.getElementById("screen");
      return screen.getContext("2d").getImageData(0, screen.height - 1, 1, 1).data[0] === red;
    }"""
    await alice.emulate_media(forced_colors="active")
    await alice.wait_for_function(sky, arg=255)
    await alice.emulate_media(forced_colors="none")
    await alice.wait_for_function(sky, arg=5)

    # Both shoot; both pages show the same points of both.
    for page, way in ((alice, "ArrowLeft"), (bob, "ArrowRight")):
        await page.locator("#screen").focus()
        await page.keyboard.down("Space")
        await page.keyboard.down(way)
    for whose in (1, 2):
        await expect(score(alice, whose)).not_to_have_text("0")
    for page in (alice, bob):
        for key in ("Space", "ArrowLeft", "ArrowRight"):
            await page.keyboard.up(key)
    points = [await same_score(whose, alice, bob) for whose in (1, 2)][1]

    # The log is trimmed, and Bob's page is loaded anew: his ship and points are as they were.
    await alice.evaluate(LONGER, name)
    assert await bob.evaluate(BEGINS, name) is False
    await bob.reload()
    points = await same_score(2, alice, bob, least=points)
    await expect(bob.locator("#people li")).to_have_count(2)

    # Nobody looks at Alice's page any more: it is the referee all the same.
    await alice.evaluate(f"() => {{ {UNSEEN} }}")
    await bob.locator("#screen").focus()
    await bob.keyboard.down("Space")
    points = await same_score(2, alice, bob, least=points + 10)

    # Who made the game goes. It goes on: Bob's page decides what he hits.
    await alice.get_by_role("button", name="Leave the game").click()
    await expect(bob.locator("#people")).to_contain_text("has left")
    await same_score(2, bob, least=points + 10)
    await expect(alice.locator("#open")).to_contain_text(name or "")
    assert [await faults(page) for page in (alice, bob)] == [[], []]
    assert errors == []
