# SPDX-License-Identifier: GPL-3.0-or-later
"""What the chess page is for who hears it or goes by keyboard: each thing said once, and no fault
that axe-core finds."""

from __future__ import annotations

import chess
from playwright.async_api import Browser, Page, expect

from tests.browser.axe import faults
from tests.browser.chess_pages import Nodes, sit_down

PLAYED = "e4 d5 e5 f5 exf6 Nc6 fxg7 Bf5 gxh8=N Qd6 Nf3 O-O-O Be2 Re8 O-O".split()
WORDS = [
    ("white", "Pawn e4"),
    ("black", "Pawn d5"),
    ("white", "Pawn e5"),
    ("black", "Pawn f5"),
    ("white", "Pawn takes f6 en passant"),
    ("black", "Knight c6"),
    ("white", "Pawn takes g7"),
    ("black", "Bishop f5"),
    ("white", "Pawn takes h8, promotes to knight"),
    ("black", "Queen d6"),
    ("white", "Knight f3"),
    ("black", "Castles queenside"),
    ("white", "Bishop e2"),
    ("black", "Rook e8"),
    ("white", "Castles kingside"),
]


async def heard(page: Page, lines: list[str]) -> None:
    """Wait until so much was said; exactly that must have been."""
    await expect(page.locator("#spoken p")).to_have_count(len(lines))
    assert await page.locator("#spoken p").all_text_contents() == lines


async def test_everything_is_said_once_in_words(browser: Browser, nodes: Nodes) -> None:
    players = await sit_down(browser, nodes)
    white, black = players.pages[chess.WHITE], players.pages[chess.BLACK]
    names = {page: await page.evaluate(OPPONENT) for page in (white, black)}
    await players.play(PLAYED)
    lines = {
        page: [f"{'You' if by == colour else names[page]}: {words}." for by, words in WORDS]
        for page, colour in ((white, "white"), (black, "black"))
    }
    for page in (white, black):
        await heard(page, lines[page])

    # Who comes back is not told again what was; what is new, once.
    await white.reload()
    await expect(white.locator("#moves .move")).to_have_count(len(PLAYED))
    await white.click('.actions [data-action="takeback"]')
    offer = f"{names[black]} asks to take the last move back."
    await heard(black, [*lines[black], offer])
    await black.click('#offer [data-action="accept"]')
    taken = "Taken back: Castles kingside."
    await heard(white, [taken])
    await black.click('.actions [data-action="draw"]')
    await white.click('#offer [data-action="accept"]')
    end = "Draw by agreement."
    await heard(white, [taken, f"{names[white]} offers a draw.", end])
    await heard(black, [*lines[black], offer, taken, end])
    assert await faults(white) == []


OPPONENT = """async () => {
  const game = new URLSearchParams(location.search).get("game");
  return (await (await fetch(`/api/chess/games/${game}`)).json()).opponentLabel;
}"""


SPOILED = """() => {
  document.documentElement.removeAttribute("lang");
  const [sheet] = document.styleSheets;
  const dim = "@media (prefers-color-scheme: dark) { #games-title { color: #222 !important; } }";
  sheet.insertRule(dim, sheet.cssRules.length);
}"""


async def test_axe_finds_nothing(browser: Browser, nodes: Nodes) -> None:
    players = await sit_down(browser, nodes)
    white = players.pages[chess.WHITE]
    await players.play(PLAYED[:4])
    found = {"game": await faults(white)}
    await white.click('[data-step="back"]')
    await expect(white.locator("#past")).not_to_be_empty()
    found["past position"] = await faults(white)
    await white.click("#to-lobby")
    await expect(white.locator("body")).to_have_attribute("data-state", "lobby")
    found["lobby"] = await faults(white)
    assert found == {view: [] for view in found}
    await white.evaluate(SPOILED)
    assert await faults(white) == [
        "light: html-has-lang: html",
        "dark: color-contrast: #games-title",
    ]
