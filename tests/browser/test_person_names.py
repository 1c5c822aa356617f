# SPDX-License-Identifier: MIT
"""Names of people in any script: chosen, or refused with the reason, and set apart."""

from __future__ import annotations

from playwright.async_api import Browser, Page, expect

from goop_node.testing import NodeProcess
from tests.browser.conftest import page_url

FAMILY = "👨‍👩‍👧‍👦"
ARABIC = f"{FAMILY} می\u200cنا (3)"


SAID = """async (opponentLabel) => {
  const [{ write }, { headline }] = await Promise.all([import("/dom.js"), import("/words.js")]);
  const state = { status: "running", opponentLabel };
  write(document.getElementById("status"), headline({ state, onItsWay: [] }));
}"""


async def rename(page: Page, name: str) -> None:
    await page.get_by_role("button", name="Rename").click()
    await page.locator("#rename-input").fill(name)
    await page.locator("#rename-form button[type=submit]").click()


async def test_a_name_from_right_to_left(
    browser: Browser, nodes: tuple[NodeProcess, NodeProcess]
) -> None:
    alice, bob = nodes
    page, other = await browser.new_page(), await browser.new_page()
    await page.goto(page_url(alice))
    await other.goto(page_url(bob))
    await rename(page, "evil\u202egnp")
    await expect(page.locator("#rename-note")).to_contain_text("(U+202E) cannot be part of it")
    await expect(page.locator("#my-label")).to_have_text("alice")
    field = page.locator("#rename-input")
    await field.fill(FAMILY * 65)
    assert "at most 64 characters, and this one has 65" in await field.evaluate(
        "(field) => field.validationMessage"
    )
    await field.fill(ARABIC)
    await page.locator("#rename-form button[type=submit]").click()
    await expect(page.locator("#my-label bdi")).to_have_text(ARABIC)
    await expect(page.locator("#my-avatar")).to_have_text(FAMILY)
    row = other.locator(f'li[data-peer="{alice.peer_id}"]')
    await expect(row.locator("bdi")).to_have_text(ARABIC)
    # Its brackets have not moved into the fingerprint that stands behind it.
    last, behind = await row.locator(".who").evaluate(
        """(who) => [[...who.querySelector("bdi").getClientRects()].at(-1),
                     who.querySelector(".print").getBoundingClientRect()]"""
    )
    assert behind["left"] >= last["right"] - 1 or behind["top"] >= last["bottom"] - 2
    choices = row.get_by_role("button", name=f"Choices for {ARABIC} (")
    await choices.click()
    await other.get_by_role("button", name="Block…").click()
    await expect(other.locator(".choices p bdi")).to_have_text(ARABIC)
    lobby = await browser.new_page()
    await lobby.goto(page_url(bob, "chess"))
    await expect(lobby.locator(f'[data-peer="{alice.peer_id}"] bdi')).to_have_text(ARABIC)
    # Within a sentence of a game, too.
    await lobby.evaluate(SAID, ARABIC)
    await expect(lobby.locator("#status")).to_have_text(f"{ARABIC} to move")
    await expect(lobby.locator("#status bdi")).to_have_text(ARABIC)
