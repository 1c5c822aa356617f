# SPDX-License-Identifier: MIT
"""The page of calls, with the element that every page can have."""

from __future__ import annotations

import re

from playwright.async_api import Browser, Page, expect

from goop_node.testing import NodeProcess
from tests.browser.axe import faults
from tests.browser.chess_pages import grant_calls, sit_down
from tests.browser.conftest import page_url

PLAYS = """() => {
  const video = document.querySelector("goop-call").shadowRoot.querySelector(".remote");
  return video && video.videoWidth > 0 && video.currentTime > 0.2;
}"""


REACHED = """() => new Promise((resolve) => {
  Goop.realtime.invitations(({ sent }) => sent.some(({ reach }) => reach === "node") && resolve());
})"""
"""Until their node has the call, though no page of theirs shows it."""


async def open_page(browser: Browser, node: NodeProcess) -> Page:
    """The page of calls of a node."""
    page = await (await browser.new_context(viewport={"width": 900, "height": 900})).new_page()
    await page.goto(page_url(node, "video-call"))
    return page


async def test_a_call_from_the_first_ring_to_the_last_word(
    browser: Browser, nodes: tuple[NodeProcess, NodeProcess]
) -> None:
    alice, bob = [await open_page(browser, node) for node in nodes]
    await alice.get_by_role("button", name=re.compile("Video call: bob")).click()
    await expect(alice.get_by_text("Ringing…")).to_be_visible()

    card = bob.get_by_role("dialog", name=re.compile("alice .* calls you"))
    await expect(card).to_be_focused()
    await expect(card.get_by_text(re.compile(r"Fingerprint \d{5} "))).to_be_visible()
    bell = card.get_by_role("button", name="Ring tone")
    await bell.click()
    await expect(bell).to_have_attribute("aria-pressed", "false")
    assert await faults(bob) == []
    await card.get_by_role("button", name="Accept without camera").click()
    await expect(card).to_have_count(0)

    await bob.wait_for_function(PLAYS)
    await expect(alice.get_by_text("Their camera is off")).to_be_visible()
    mute = alice.get_by_role("button", name="Mute")
    await mute.click()
    await expect(mute).to_have_attribute("aria-pressed", "true")
    await bob.get_by_role("button", name="Camera").click()
    await alice.wait_for_function(PLAYS)
    await expect(alice.get_by_text(re.compile("^0?0:0"))).to_be_visible()
    await expect(alice.get_by_text("Good connection")).to_be_visible()

    mine = alice.get_by_role("group", name=re.compile("Your picture"))
    await mine.press("ArrowLeft")
    await expect(mine).to_have_attribute("data-inline", "start")
    await alice.get_by_title("Devices").click()
    await expect(alice.get_by_label("Microphone")).to_be_visible()
    await alice.keyboard.press("Escape")
    assert await faults(alice) == []

    await bob.get_by_role("button", name="Hang up").click()
    await expect(alice.get_by_text("They hung up.")).to_be_visible()
    await expect(bob.get_by_text("You hung up.")).to_be_visible()


async def test_home_rings_too_and_leads_into_the_call(
    browser: Browser, nodes: tuple[NodeProcess, NodeProcess]
) -> None:
    alice = await open_page(browser, nodes[0])
    home = await (await browser.new_context()).new_page()
    await home.goto(page_url(nodes[1]))
    await alice.get_by_role("button", name=re.compile("Voice call: bob")).click()
    row = home.get_by_role("group", name=re.compile("alice .* invites you to Video call"))
    await expect(home.get_by_text("With sound.", exact=True)).to_be_visible()
    place = home.get_by_label("Open it in")
    if await place.count():
        await place.select_option("video-call")
    await row.get_by_role("button", name="Accept").click()
    await home.wait_for_url(re.compile("video-call"))
    card = home.get_by_role("dialog", name=re.compile("how would you like to join"))
    await card.get_by_role("button", name="Accept without camera").click()
    await expect(home.get_by_text("Good connection")).to_be_visible()
    await home.get_by_role("button", name="Hang up").click()
    await expect(alice.get_by_text("They hung up.")).to_be_visible()


async def test_a_camera_that_is_refused_is_explained(
    browser: Browser, nodes: tuple[NodeProcess, NodeProcess]
) -> None:
    alice, bob = [await open_page(browser, node) for node in nodes]
    await alice.evaluate(
        "() => { navigator.mediaDevices.getUserMedia = async () => "
        "{ throw new DOMException('no', 'NotAllowedError') } }"
    )
    await alice.get_by_role("button", name=re.compile("Video call: bob")).click()
    await expect(alice.get_by_role("alert")).to_contain_text("did not give this page the camera")
    await bob.get_by_role("button", name="Decline").click()
    await expect(alice.get_by_text("They cannot talk now.")).to_be_visible()


async def test_a_missed_call_is_told(
    browser: Browser, nodes: tuple[NodeProcess, NodeProcess]
) -> None:
    alice, bob = [await open_page(browser, node) for node in nodes]
    await alice.get_by_role("button", name=re.compile("Video call: bob")).click()
    await expect(bob.get_by_role("button", name="Decline")).to_be_visible()
    await alice.get_by_role("button", name="Hang up").click()
    await expect(bob.get_by_role("button", name="Decline")).to_have_count(0)
    await expect(bob.get_by_role("heading", name="Missed calls")).to_be_visible()
    await bob.get_by_role("button", name=re.compile("Dismiss: alice")).click()
    await expect(bob.get_by_role("heading", name="Missed calls")).to_be_hidden()
    # Also where nobody was there, once the person is back.
    place = bob.url
    await bob.goto("about:blank")
    await alice.get_by_role("button", name=re.compile("Video call: bob")).click()
    await alice.evaluate(REACHED)
    await alice.get_by_role("button", name="Hang up").click()
    await bob.goto(place)
    await expect(bob.get_by_role("heading", name="Missed calls")).to_be_visible()


async def test_players_talk_beside_the_board_for_as_long_as_they_sit_at_it(
    browser: Browser, nodes: tuple[NodeProcess, NodeProcess]
) -> None:
    players = await sit_down(browser, nodes)
    await expect(players.pages[True].locator("#call-other")).to_be_hidden()
    grant_calls(nodes)
    white, black = [players.pages[colour] for colour in (True, False)]
    for page in (white, black):
        await page.reload()
    await black.click("#chat-tab")
    await black.locator("#chat-text").press_sequentially("Hel")
    box = await black.locator("#board").bounding_box()

    await white.get_by_role("button", name=re.compile(r"Call \S+ \(…")).click()
    card = black.get_by_role("dialog", name=re.compile("calls you"))
    await expect(card).to_be_visible()
    await expect(black.get_by_role("alert").filter(has_text="calls you")).to_be_attached()
    await black.keyboard.type("lo")
    await expect(black.locator("#chat-text")).to_have_value("Hello")
    await card.get_by_role("button", name="Accept with camera").click()
    for page in (white, black):
        await page.wait_for_function(PLAYS)
        await expect(page.locator("#call-other")).to_be_hidden()
    await players.play(["e4"])
    assert await black.locator("#board").bounding_box() == box
    assert await faults(black) == []

    await white.locator("#to-lobby").click()
    await expect(black.get_by_text("They hung up.")).to_be_visible()
    await expect(black.locator("#call-other")).to_be_visible()
