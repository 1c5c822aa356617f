# SPDX-License-Identifier: MIT
"""A chess page of an author's own, with the plain API only, plays between two nodes."""

from __future__ import annotations

import httpx
from playwright.async_api import Browser, expect

from goop_node.testing import NodeProcess
from tests.browser.conftest import page_url

GAME = [
    *("e2e4", "d7d5", "e4d5", "c7c6", "d5c6", "b8d7", "c6b7", "d8c7"),
    *("b7a8q", "g8f6"),
]


async def test_an_authors_own_page_plays_chess(
    browser: Browser, nodes: tuple[NodeProcess, NodeProcess]
) -> None:
    pages, errors = [], []
    for node in nodes:
        page = await (await browser.new_context()).new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        await page.goto(page_url(node, "own-chess"))
        pages.append(page)
    alice, bob = pages
    await alice.evaluate("(peer) => startGame(peer)", nodes[1].peer_id)
    await bob.wait_for_function("() => channel?.state === 'connected'")

    # Who opened the channel plays White.
    for n, move in enumerate(GAME):
        mover, other = pages[n % 2], pages[1 - n % 2]
        await mover.evaluate(
            "([from, to, promotion]) => makeMove(from, to, promotion)",
            [move[:2], move[2:4], move[4:] or None] if move[4:] else [move[:2], move[2:4]],
        )
        await expect(other.locator("#moves li").last).to_have_text(move)
    assert await bob.evaluate("() => moves") == GAME[::2]
    assert await alice.evaluate("() => moves") == GAME[1::2]
    assert len(await alice.evaluate("() => saved")) == 5

    # What the context makes of the log is what each page has heard.
    for page in pages:
        told = await page.wait_for_function(
            "n => channel.snapshot().then((told) => told.position[1] === n && told)",
            arg=len(GAME),
        )
        assert (await told.json_value())["state"]["moves"] == GAME

    # A move that chess does not know is refused with a word in the console; the page plays on.
    async with alice.expect_console_message(lambda m: m.type == "error") as refused:
        await alice.evaluate("() => makeMove('a1', 'h8')")
    assert "chess_42" in (await refused.value).text
    async with httpx.AsyncClient(base_url=nodes[1].url, headers=nodes[1].headers) as http:
        rows = (await http.get("/api/chess/games")).json()
    assert ("chess_42", len(GAME)) in [(row["context"], row["moves"]) for row in rows]

    await alice.evaluate("() => void channel.send({ type: 'resign' })")
    await expect(bob.locator("#message")).to_have_text("Opponent resigned")
    await alice.evaluate("() => void channel.close()")
    await expect(bob.locator("#message")).to_have_text("Opponent is gone")
    assert errors == []
    for page in pages:
        await page.context.close()
