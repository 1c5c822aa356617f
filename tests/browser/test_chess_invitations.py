# SPDX-License-Identifier: GPL-3.0-or-later
"""Invitations as people meet them: crossing, through a reload, in time, and missed."""

from __future__ import annotations

import asyncio
import re

import chess
import pytest
from playwright.async_api import Browser, Page, expect

from goop_node.fingerprints import fingerprint
from tests.browser.axe import faults
from tests.browser.chess_pages import Nodes, sit_down
from tests.browser.conftest import page_url

STATE = "data-state"
REPEATED_MS = 30_000
"""Longer than it takes until an invitation, or its answer, that was lost is said again."""


async def lobbies(browser: Browser, nodes: Nodes) -> tuple[Page, Page]:
    """Alice's and Bob's page, before a game."""
    pages = []
    for node in nodes:
        page = await (await browser.new_context()).new_page()
        await page.goto(page_url(node, "chess"))
        pages.append(page)
    return pages[0], pages[1]


async def invite(page: Page, nodes: Nodes, whom: int) -> None:
    """Pick somebody, and press the button."""
    await page.click(f'[data-peer="{nodes[whom].peer_id}"]')
    await page.click("#invite")
    await expect(page.locator("body")).to_have_attribute(STATE, "waiting")


async def later(page: Page, seconds: int) -> None:
    """For all that this browser loads from here on it is that much later."""
    await page.context.add_init_script(
        f"{{ const now = Date.now; Date.now = () => now.call(Date) + {seconds * 1000}; }}"
    )


async def same_game(*pages: Page) -> str:
    """Both are at one table, whose game it is."""
    games = set()
    for page in pages:
        await expect(page.locator("body")).to_have_attribute(STATE, "playing")
        games.add(await page.evaluate("new URLSearchParams(location.search).get('game')"))
    assert len(games) == 1
    return str(games.pop())


async def test_rematch_pressed_by_both_is_one_game_with_colours_changed(
    browser: Browser, nodes: Nodes
) -> None:
    players = await sit_down(browser, nodes)
    await players.play(["e4"])
    white, black = players.pages[chess.WHITE], players.pages[chess.BLACK]
    await black.click('.actions [data-action="abort"]')
    for page in (white, black):
        await expect(page.locator("body")).to_have_attribute(STATE, "finished")
    entries = [await page.evaluate("history.length") for page in (white, black)]
    await asyncio.gather(
        *(page.click('.actions [data-action="rematch"]') for page in (white, black))
    )
    await same_game(white, black)
    # The new game takes the address of the old one: beneath it is the lobby.
    assert [await page.evaluate("history.length") for page in (white, black)] == entries
    await expect(white.locator("#board")).to_have_attribute("data-orientation", "black")
    await expect(black.locator("#board")).to_have_attribute("data-orientation", "white")
    for page in (white, black):
        await expect(page.locator("#incoming li")).to_have_count(0)
        await page.click("#to-lobby")
        await expect(page.locator("body")).to_have_attribute(STATE, "lobby")
        await expect(page.locator("#invitations")).to_be_hidden()
        await page.close()


@pytest.mark.parametrize("both", [False, True], ids=["one accepts", "both accept"])
async def test_who_waits_sees_the_invitation_of_who_waits_for_them(
    browser: Browser, nodes: Nodes, both: bool
) -> None:
    alice, bob = await lobbies(browser, nodes)
    await asyncio.gather(invite(alice, nodes, 1), invite(bob, nodes, 0))
    for page, other in ((alice, nodes[1]), (bob, nodes[0])):
        # To compare before the first game, beside what was asked and beside the request.
        digits = fingerprint(other.peer_id)
        await expect(page.locator("#waiting-print")).to_contain_text(digits)
        await expect(page.locator("#incoming .print")).to_contain_text(digits)
    accept = '#incoming [data-action="accept"]'
    for page in (alice, bob):
        # What has just come takes no press yet.
        await expect(page.locator(accept)).to_have_css("pointer-events", "auto")
        await expect(page.locator("#waiting-reach")).to_have_text(
            "A page of theirs shows it.", timeout=REPEATED_MS
        )
    assert both or await faults(alice) == []
    # Whoever is later may find the request gone, since the other one's press has been heard of.
    press = "(accept) => document.querySelector(accept)?.click()"
    pressing = (alice, bob) if both else (bob,)
    await asyncio.gather(*(page.evaluate(press, accept) for page in pressing))
    await same_game(alice, bob)
    for page in (alice, bob):
        await expect(page.locator("#incoming li")).to_have_count(0)
        await page.close()


async def test_a_waiting_invitation_survives_a_reload_and_a_closed_page(
    browser: Browser, nodes: Nodes
) -> None:
    alice, bob = await lobbies(browser, nodes)
    await invite(alice, nodes, 1)
    await expect(alice.locator("#waiting-left")).to_have_text(re.compile(r"^4:\d\d left$"))
    await later(alice, 60)
    await alice.reload()
    await expect(alice.locator("body")).to_have_attribute(STATE, "waiting")
    await expect(alice.locator("#waiting-left")).to_have_text(re.compile(r"^(4:00|3:\d\d) left$"))
    await alice.click('#waiting [data-action="cancel"]')
    await expect(alice.locator("body")).to_have_attribute(STATE, "lobby")
    await expect(bob.locator("#incoming li")).to_have_count(0)

    await invite(alice, nodes, 1)
    await expect(bob.locator("#incoming li")).to_have_count(1)
    again = await alice.context.new_page()
    await alice.close()
    await again.goto(page_url(nodes[0], "chess"))
    row = again.locator("#sent li")
    await expect(row).to_contain_text(re.compile(r"(4:00|3:\d\d) left"))
    await expect(row).to_contain_text("A page of theirs shows it.", timeout=REPEATED_MS)
    await bob.click('#incoming [data-action="accept"]')
    await same_game(again, bob)
    await again.close()
    await bob.close()


async def test_a_missed_invitation_is_found_and_answered_by_inviting_back(
    browser: Browser, nodes: Nodes
) -> None:
    alice = await (await browser.new_context()).new_page()
    await alice.goto(page_url(nodes[0], "chess"))
    for _ in range(2):
        await invite(alice, nodes, 1)
        await expect(alice.locator("#waiting-reach")).to_contain_text(
            "Their node has it", timeout=REPEATED_MS
        )
        await alice.click('#waiting [data-action="cancel"]')
        await expect(alice.locator("body")).to_have_attribute(STATE, "lobby")
    bob = await (await browser.new_context()).new_page()
    home = await bob.context.new_page()
    await later(bob, 5 * 60)
    await home.goto(page_url(nodes[1]))
    await expect(home.locator("#missed-list li")).to_contain_text("alice")
    await expect(home.locator("#missed-list li")).to_contain_text(
        "invited you to Chess, 5 minutes ago"
    )
    await bob.goto(page_url(nodes[1], "chess"))
    row = bob.locator("#missed li")
    await expect(row).to_have_count(1)
    await expect(row).to_contain_text("invited you, 5 minutes ago")
    for page in (home, bob):
        assert await faults(page) == []
    await row.locator('[data-action="back"]').click()
    await alice.click('#incoming [data-action="accept"]')
    await same_game(alice, bob)
    await expect(bob.locator("#board")).to_have_attribute("data-orientation", "black")
    await expect(home.locator("#missed")).to_be_hidden()

    await alice.click("#to-lobby")
    await invite(alice, nodes, 1)
    await alice.click("#to-lobby")
    await alice.click('#sent [data-action="withdraw"]')
    await home.click('#missed-list [data-action="dismiss"]')
    await expect(home.locator("#missed")).to_be_hidden()
    await bob.click("#to-lobby")
    await expect(bob.locator("#invitations")).to_be_hidden()
    for page in (alice, bob, home):
        await page.close()
