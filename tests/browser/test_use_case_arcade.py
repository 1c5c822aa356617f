# SPDX-License-Identifier: MIT
"""A game of an author's own, with the plain API only, plays in a room of two nodes' pages."""

from __future__ import annotations

from playwright.async_api import Browser

from goop_node.testing import NodeProcess
from tests.browser.conftest import page_url


async def test_an_authors_own_arcade_plays(
    browser: Browser, nodes: tuple[NodeProcess, NodeProcess]
) -> None:
    pages, errors = [], []
    for node in nodes:
        page = await (await browser.new_context()).new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        await page.goto(page_url(node, "own-arcade"))
        await page.evaluate("join('7')")
        pages.append(page)
    alice, bob = pages
    ids = [node.peer_id for node in nodes]
    for page, other in ((alice, ids[1]), (bob, ids[0])):
        await page.wait_for_function("id => players.has(id)", arg=other)
        assert await page.evaluate("room.members.map(({ peerId }) => peerId)") == ids

    # Both move and shoot; each sees where the other has come to, and every shot once and in order.
    for page in pages:
        await page.evaluate("play()")
    await alice.evaluate("() => { player.x = 40; for (const way of ['up', 'left']) shoot(way); }")
    await bob.evaluate("() => { player.x = 80; player.y = 3; shoot('up'); }")
    seen = "([id, x, shots]) => players.get(id).x === x && bullets.length === shots"
    await bob.wait_for_function(seen, arg=[ids[0], 40, 2])
    await alice.wait_for_function(seen, arg=[ids[1], 80, 1])
    assert await bob.evaluate("bullets.map(({ direction }) => direction)") == ["up", "left"]

    # A page that is loaded anew in the middle of it is in the game again.
    await bob.reload()
    await bob.evaluate("join('7')")
    await bob.wait_for_function("id => players.get(id)?.x === 40", arg=ids[0])

    # The one who made the room goes; the game goes on.
    await alice.evaluate("() => { looping = false; return room.leave(); }")
    await bob.wait_for_function("id => !players.has(id) && room.host === room.self", arg=ids[0])
    await bob.evaluate("async () => { await room.send({ type: 'position', x: 1, y: 1 }); }")
    assert errors == []
    for page in pages:
        await page.context.close()
