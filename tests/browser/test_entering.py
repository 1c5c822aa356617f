# SPDX-License-Identifier: MIT
"""From a request at home into a template's page; and what is granted at home."""

from __future__ import annotations

import httpx
from playwright.async_api import Browser, Page, expect

from goop_node.testing import NodeProcess
from tests.browser.conftest import page_url

Nodes = tuple[NodeProcess, NodeProcess]
TALK = """() => {
  window.got = [];
  Goop.realtime.onIncoming = async ({ accept, accepted }) => {
    window.accepted = accepted;
    window.channel = await accept();
    channel.onMessage = (data) => void got.push(data);
  };
}"""


async def open_page(browser: Browser, node: NodeProcess, template: str = "") -> Page:
    """A page in a browser of its own; nothing in it may fail unseen."""
    page = await (await browser.new_context()).new_page()
    page.on("pageerror", lambda error: print(f"{template}: {error}"))
    await page.goto(page_url(node, template))
    return page


async def asked_by_a_program(nodes: Nodes, **body: str) -> str:
    """A program at Alice's node asks Bob; the channel's id."""
    async with httpx.AsyncClient(base_url=nodes[0].url, headers=nodes[0].headers) as http:
        asked = {"peerId": nodes[1].peer_id, **body}
        answer = await http.post("/api/realtime/request", json=asked)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["channelId"])


async def test_accepting_at_home_leads_into_the_template_that_asks(
    browser: Browser, nodes: Nodes
) -> None:
    alice = await open_page(browser, nodes[0], "blank")
    bob = await open_page(browser, nodes[1])
    other = await open_page(browser, nodes[1], "asking")
    await other.evaluate(TALK)
    await alice.evaluate(
        "(peer) => { Goop.realtime.connect(peer).then((one) => (window.channel = one)); }",
        nodes[1].peer_id,
    )
    request = bob.locator("#request-list li")
    await expect(request).to_contain_text("invites you to blank")
    await expect(request.locator("select")).to_have_count(0)
    await request.get_by_role("button", name="Accept").click()
    await bob.wait_for_url(f"http://blank.localhost:{nodes[1].port}/?channel=rt-*")
    await alice.wait_for_function("() => window.channel?.state === 'connected'")
    await alice.evaluate("() => channel.send('into your hand').delivered")
    await bob.evaluate(TALK)
    await bob.wait_for_function("() => window.got?.length === 1")
    assert await bob.evaluate("() => [got, accepted]") == [["into your hand"], True]
    ids = "() => Goop.realtime.channels().then((all) => all.map(({ id }) => id))"
    channel = await alice.evaluate("() => channel.id")
    assert channel in await bob.evaluate(ids)
    # A template of another name neither saw the request nor has the channel.
    assert await other.evaluate("() => window.channel") is None
    assert channel not in await other.evaluate(ids)
    await alice.evaluate("() => channel.close()")
    for page in (alice, bob, other):
        await page.context.close()


async def test_where_nobody_says_which_the_person_picks_the_template(
    browser: Browser, nodes: Nodes
) -> None:
    bob = await open_page(browser, nodes[1])
    for more, words in (
        ({}, "wants to open a channel with you"),
        ({"app": "elsewhere"}, "a page called “elsewhere”, which you do not have"),
    ):
        channel = await asked_by_a_program(nodes, **more)
        request = bob.locator(f'[data-channel="{channel}"]')
        await expect(request).to_contain_text(words)
        await request.get_by_label("Open it in").select_option("blank")
        await request.get_by_role("button", name="Accept").press("Enter")
        await bob.wait_for_url(f"http://blank.localhost:{nodes[1].port}/?channel={channel}")
        await bob.evaluate(TALK)
        await bob.wait_for_function("() => window.channel?.state === 'connected'")
        await bob.evaluate("() => channel.close()")
        await bob.goto(page_url(nodes[1]))
    await bob.context.close()


async def test_what_is_granted_at_home_holds_at_once_and_until_it_is_taken_back(
    browser: Browser, nodes: Nodes
) -> None:
    page = await open_page(browser, nodes[0], "asking")
    connect = """(peer) => Goop.realtime.connect(peer, { context: "arcade_granted" }).then(
      (one) => { window.channel = one; return null; },
      ({ code, permission, home }) => [code, permission, home])"""
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    code, permission, address = await page.evaluate(connect, nodes[1].peer_id)
    assert (code, permission) == ("permission_needed", "context:arcade")
    assert any(address in text for text in said)

    home = await (await browser.new_context()).new_page()
    await home.goto(address)
    asked = home.locator("#template-asking")
    await expect(asked).to_be_focused()
    await home.keyboard.press("Tab")
    await home.keyboard.press("Tab")
    arcade = asked.locator('[data-permission="context:arcade"]')
    await expect(arcade.get_by_role("button", name="Allow, Asking")).to_be_focused()
    await home.keyboard.press("Enter")
    await expect(arcade).to_have_attribute("data-granted", "home")
    await expect(arcade.get_by_role("button", name="Take back, Asking")).to_be_focused()

    bob = await open_page(browser, nodes[1], "blank")
    await bob.evaluate(TALK)
    assert await page.evaluate(connect, nodes[1].peer_id) is None
    # A button that has just come takes nothing that was meant for what was there before.
    await expect(arcade.locator("button:not([aria-disabled])")).to_be_focused()
    await home.keyboard.press("Enter")
    await expect(arcade).to_have_attribute("data-granted", "")
    await page.wait_for_function("() => channel.detail.code === 'permission_needed'")
    assert await page.evaluate("() => [channel.state, channel.detail.suspended]") == [
        "disconnected",
        True,
    ]
    shoot = """() => channel.send({ type: "shoot", x: 1, y: 1, direction: "up" })
      .then(() => null, ({ code }) => code)"""
    assert await page.evaluate(shoot) == "permission_needed"
    # What is in no log has no answer of its own: that it was refused is told all the same.
    position = """() => new Promise((told) => {
      channel.onError = ({ code }) => told(code);
      void channel.send({ type: "position", x: 1, y: 1 });
    })"""
    assert await page.evaluate(position) == "permission_needed"
    assert await bob.evaluate("() => channel.state") == "connected"
    await home.keyboard.press("Enter")
    await page.wait_for_function("() => channel.state === 'connected'")
    assert await page.evaluate(shoot) is None
    await page.evaluate("() => channel.close()")
    await expect(arcade.get_by_role("button", name="Take back, Asking")).to_be_focused()
    await home.keyboard.press("Enter")
    await expect(arcade).to_have_attribute("data-granted", "")
    for one in (page, home, bob):
        await one.context.close()
