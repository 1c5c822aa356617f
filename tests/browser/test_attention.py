# SPDX-License-Identifier: GPL-3.0-or-later
"""What runs and what waits for the person: at home, in titles and icons, and as notifications."""

from __future__ import annotations

import re

import chess
import httpx
import pytest
from playwright.async_api import Browser, BrowserContext, Page, expect

from goop_node.fingerprints import fingerprint
from goop_node.testing import NodeProcess
from tests.browser.axe import faults
from tests.browser.chess_pages import Nodes, Players, sit_down
from tests.browser.conftest import page_url

LOOKED_AT = """
const state = { get: () => (window.away ? "hidden" : "visible") };
Object.defineProperty(document, "visibilityState", state);
Object.defineProperty(document, "hidden", { get: () => Boolean(window.away) });
window.told = [];
window.Notification = class extends Notification {
  constructor(title, options) {
    super(title, options);
    told.push(`${title}: ${options.body}`);
  }
};
"""
"""What a page is told by its browser when the person looks elsewhere; and what it notified."""
LOOK_AWAY = """(away) => {
  window.away = away;
  document.dispatchEvent(new Event("visibilitychange", { bubbles: true }));
}"""


async def look_away(page: Page, away: bool = True) -> None:
    """The person has the page in view no more, or again."""
    await page.evaluate(LOOK_AWAY, away)


async def at_home(context: BrowserContext, node: NodeProcess) -> Page:
    """The node's own page."""
    page = await context.new_page()
    await page.goto(page_url(node))
    return page


async def switched_on(page: Page) -> None:
    """Notifications are wanted, and the node knows it."""
    await page.click("#notify")
    await expect(page.locator("#notify")).to_have_attribute("aria-pressed", "true")


async def told(page: Page) -> list[str]:
    """What the page has notified."""
    found: list[str] = await page.evaluate("told")
    return found


async def notified(page: Page, count: int) -> None:
    """Wait until the page has shown so many."""
    await page.wait_for_function("(count) => told.length === count", arg=count)


async def alices(players: Players, nodes: Nodes) -> tuple[Page, bool]:
    """Alice's page, and whether she is White."""
    for colour, page in players.pages.items():
        if f":{nodes[0].port}/" in page.url:
            return page, bool(colour)
    raise AssertionError("she is no player")


async def test_home_lists_what_runs_as_it_changes_opens_it_and_ends_it(
    chromium: Browser, nodes: Nodes
) -> None:
    players = await sit_down(chromium, nodes)
    at_chess, is_white = await alices(players, nodes)
    home = await at_home(at_chess.context, nodes[0])
    await expect(home.locator("#due" if is_white else "#running")).to_contain_text("Chess with bob")
    await players.play(["e4"])
    due, running = home.locator("#due-list li"), home.locator("#running-list li")
    if is_white:
        await expect(running).to_contain_text("bob's move")
        await expect(home).to_have_title("alice · Goop")
        await players.play_on(["e5"], after=["e4"])
    await expect(due).to_contain_text("Your move")
    await expect(home).to_have_title("(1) alice · Goop")
    await expect(home.locator('link[rel="icon"]')).to_have_attribute("href", re.compile("^data:"))
    await expect(home.locator("#running")).to_be_hidden()
    # What is opened is the game, at the page that it belongs to.
    opens = await due.get_by_role("link", name="Open").get_attribute("href")
    assert opens is not None
    again = await at_chess.context.new_page()
    await again.goto(opens)
    await expect(again.locator("#status")).to_contain_text("Your move")
    await again.close()
    # The other one goes, and comes back.
    other = next(page for page in players.pages.values() if page is not at_chess)
    address = other.url
    await other.goto("about:blank")
    await expect(due).to_contain_text("They have no page open")
    await other.goto(address)
    await expect(due).to_contain_text("Connected")
    # Ending asks first.
    await due.get_by_role("button", name="End it…").click()
    await expect(due.get_by_role("button", name="Keep it")).to_be_focused()
    await home.keyboard.press("Enter")
    await expect(due.get_by_role("button", name="End it…")).to_be_focused()
    await home.keyboard.press("Enter")
    await due.get_by_role("button", name="End it: ").press("Enter")
    await expect(home.locator("#due")).to_be_hidden()
    await expect(home).to_have_title("alice · Goop")
    await expect(other.locator("#link")).to_contain_text("not connected")
    # A room that a program has joined is listed, too, and may be left from here.
    api, headers = f"{nodes[0].url}/api/realtime", nodes[0].headers
    async with httpx.AsyncClient(headers=headers) as program:
        (await program.post(f"{api}/join", json={"room": "lobby"})).raise_for_status()
    await expect(running).to_contain_text("“lobby” with nobody else")
    await expect(running).to_contain_text("Connected")
    await running.get_by_role("button", name="Leave…").click()
    await running.get_by_role("button", name="Leave: ").click()
    await expect(home.locator("#running")).to_be_hidden()
    for page in players.pages.values():
        await page.context.close()


async def test_one_page_notifies_and_none_while_one_is_seen(
    chromium: Browser, nodes: Nodes
) -> None:
    players = await sit_down(chromium, nodes)
    at_chess, is_white = await alices(players, nodes)
    bob = players.pages[not is_white]
    context = at_chess.context
    for name in ("chess", ""):
        await context.grant_permissions(["notifications"], origin=page_url(nodes[0], name))
    await context.add_init_script(LOOKED_AT)
    await at_chess.reload()
    await expect(at_chess.locator("body")).to_have_attribute("data-state", "playing")
    home = await at_home(context, nodes[0])
    for page in (at_chess, home):
        await switched_on(page)
        await look_away(page)
    moves = iter("e4 e5 Nf3 Nc6 Bc4 Bc5 c3 Nf6 d3 d6".split())
    players.board = chess.Board()

    async def turn() -> None:
        """Alice moves, if it is her turn; then Bob does."""
        if (players.board.turn == chess.WHITE) == is_white:
            await players.play_on([next(moves)])
        await players.play_on([next(moves)])

    await turn()
    await expect(home).to_have_title("(1) alice · Goop")
    await notified(at_chess, 1)
    assert (await told(at_chess), await told(home)) == (["Chess with bob: Your move"], [])
    # One of them is seen: the person needs nothing else.
    await look_away(home, False)
    await turn()
    await expect(at_chess).to_have_title(re.compile(r"\(1\) Your move"))
    assert (len(await told(at_chess)), await told(home)) == (1, [])
    await look_away(home)
    # No chess page is open any more: home does it.
    await turn()
    await notified(at_chess, 2)
    await at_chess.goto("about:blank")
    await bob.click('.actions [data-action="draw"]')
    await notified(home, 1)
    assert await told(home) == ["Chess with bob: bob offers a draw"]
    await expect(home.locator("#due-list li")).to_contain_text("bob offers a draw")
    await expect(home.locator("#due-list .said bdi bdi")).to_have_text("bob")  # set apart in it
    # The end of it, too; and that it was there is not forgotten when the channel goes.
    await bob.click('.actions [data-action="resign"]')
    await bob.click('[data-confirm="yes"]')
    await notified(home, 2)
    assert (await told(home))[1] == "Chess with bob: Game over: you won by resignation"
    await bob.click("#to-lobby")
    await expect(home).to_have_title("(1) alice · Goop")
    await look_away(home, False)
    await expect(home).to_have_title("alice · Goop")
    over = home.locator("#due-list li")
    await expect(over).to_contain_text("Ended")
    await expect(over).to_contain_text("you won by resignation")
    await over.get_by_role("button", name="Dismiss").click()
    await expect(home.locator("#due")).to_be_hidden()
    # An invitation.
    await look_away(home)
    asked = await bob.context.new_page()
    await asked.goto(page_url(nodes[1], "chess"))
    await asked.click(f'[data-peer="{nodes[0].peer_id}"]')
    await asked.click("#invite")
    await notified(home, 3)
    assert (await told(home))[2] == "Chess: bob invites you to Chess"
    await expect(home).to_have_title("(1) alice · Goop")
    await expect(home.locator("#request-list .terms")).to_contain_text("Without clocks.")
    assert await faults(home) == []
    await asked.click('#waiting [data-action="cancel"]')
    await expect(home).to_have_title("alice · Goop")
    prints = home.locator("#missed-list .print-line")
    await expect(prints).to_have_text(f"Fingerprint {fingerprint(nodes[1].peer_id)}")
    for page in (at_chess, bob):
        await page.context.close()


@pytest.mark.parametrize("answers", [True, False])
@pytest.mark.parametrize("template", ["", "chess"])
async def test_refused_notifications_are_explained(
    chromium: Browser, nodes: Nodes, template: str, answers: bool
) -> None:
    """A button that is seen does what it says, though the node has not answered yet."""
    context = await chromium.new_context()
    if not answers:
        await context.route("**/api/**", lambda route: None)
    await context.add_init_script(
        "Object.defineProperty(Notification, 'permission', { get: () => 'denied' })"
    )
    page = await context.new_page()
    await page.goto(page_url(nodes[0], template))
    words = page.locator("#notify-words")
    await expect(words).to_be_hidden()
    await page.click("#notify")
    await expect(words).to_contain_text("Your browser blocks notifications from this page")
    await expect(page.locator("#notify")).to_have_attribute("aria-pressed", "false")
    await page.click("#notify")
    await expect(words).to_be_hidden()
    await context.close()
