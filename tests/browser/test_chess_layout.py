# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever the window and whatever the news, the whole board is seen, and stays where it is."""

from __future__ import annotations

import random
import re
from collections.abc import Awaitable, Callable
from typing import Any

from playwright.async_api import Browser, Page, expect

from tests.browser.chess_pages import Nodes, Players, grant_calls, sit_down

SIZES = [(1280, 800), (390, 844), (640, 400), (844, 390), (640, 512)]
"""A desktop, a phone, phones on their side, and 1280 x 1024 at 200 %."""
SEED = 3
OPENING = "e4 d5 exd5 Qxd5 Nc3 Qe5+ Be2 Bg4".split()
HELD = re.compile(r"\bdragging\b")
PLACE = """() => {
  const box = (id) => document.getElementById(id).getBoundingClientRect().toJSON();
  const [board, above, below] = ["board", "player-top", "player-bottom"].map(box);
  return { board, above, below, at: [scrollX, scrollY] };
}"""
LONG = "Wolfeschlegelsteinhausenbergerdorff " * 4
MUCH = {
    "opponentLabel": LONG,
    "captured": {"white": list("PPPPPPPPNNBBRRQ"), "black": list("ppppppppnnbbrrq")},
}
"""What a game may tell at most."""


async def place(page: Page) -> Any:
    """Where the board and the players are, in CSS pixels of the window."""
    return await page.evaluate(PLACE)


async def is_all_seen(page: Page, width: int, height: int) -> None:
    """The board and both players are within the window, and nothing covers a square."""
    told = await place(page)
    for name in ("board", "above", "below"):
        box = told[name]
        assert 0 <= box["left"] < box["right"] - 150 < width - 150, (name, box)
        assert 0 <= box["top"] < box["bottom"] - 20 < height - 20, (name, box)
    assert abs(told["board"]["width"] - told["board"]["height"]) < 1
    covered = await page.evaluate(
        """() => [...document.querySelectorAll("#board [data-square]")].filter((square) => {
          const { left, top, width, height } = square.getBoundingClientRect();
          const found = document.elementFromPoint(left + width / 2, top + height / 2);
          return found?.closest("[data-square]") !== square;
        }).length"""
    )
    assert covered == 0
    assert await page.evaluate("document.documentElement.scrollWidth") <= width


class News:
    """Whatever may come while somebody plays, and how each shows that it is there."""

    def __init__(self, players: Players, nodes: Nodes) -> None:
        self.white, self.black = players.pages[True], players.pages[False]
        self.nodes = nodes
        self.asking = self.waiting = 0

    async def invitation(self) -> None:
        """The other one asks for a further game."""
        self.asking += 1
        await self.black.evaluate(
            """([peer, context]) => {
              window.asked = new AbortController();
              Goop.realtime.connect(peer, { context, signal: asked.signal }).catch(() => {});
            }""",
            [self.nodes[0].peer_id, f"chess_{self.asking:016x}"],
        )
        self.waiting += 1
        await expect(self.white.locator("#incoming li")).to_have_count(self.waiting)

    async def withdrawal(self) -> None:
        """And thinks better of it."""
        await self.invitation()
        await self.black.evaluate("asked.abort()")
        self.waiting -= 1
        await expect(self.white.locator("#incoming li")).to_have_count(self.waiting)

    async def offer(self) -> None:
        """A draw is offered."""
        button = self.black.locator('[data-action="draw"]')
        if await button.is_enabled():
            await button.click()
        await expect(self.white.locator("#offer, #offer-news").first).to_be_attached()

    async def leaving(self) -> None:
        """The other page is closed, and opened again."""
        address = self.black.url
        await self.black.goto("about:blank")
        await expect(self.white.locator("#link")).to_contain_text("closed the page")
        await self.black.goto(address)
        await expect(self.white.locator("#link")).to_have_text("")

    async def words(self) -> None:
        """Something went wrong, at length."""
        await self.white.evaluate(
            "async (text) => (await import('/dom.js')).say(text, 'bad')", LONG * 3
        )
        await expect(self.white.locator("#notice")).to_be_visible()

    async def thought(self) -> None:
        """The other one has a hand at the board."""
        await self.black.evaluate(
            """async () => {
              for (const one of await Goop.realtime.channels()) one.signal({ thinking: true });
            }"""
        )

    async def call(self) -> None:
        """The other one calls, and gives it up."""
        await self.black.evaluate("(peer) => Goop.call.start(peer)", self.nodes[0].peer_id)
        await expect(self.white.get_by_role("dialog")).to_contain_text("calls you")
        await self.black.evaluate("() => Goop.call.current.end()")
        await expect(self.white.locator("#call")).to_contain_text("They gave up.")

    async def much(self) -> None:
        """The longest name, and as much as can be taken."""
        await self.told(MUCH)
        await expect(self.white.locator("#player-top")).to_contain_text("Wolfeschlegel")

    async def told(self, what: dict[str, Any]) -> None:
        """The node tells that of the game."""
        await self.white.evaluate(
            """(much) => {
              const real = window.fetch;
              window.fetch = async (path, options) => {
                const answer = await real(path, options);
                if (!/games\\/chess_\\w+$/.test(path)) return answer;
                return Response.json({ ...(await answer.json()), ...much });
              };
              void Goop.realtime.channels().then((all) => all.forEach((one) => one.onPending?.(0)));
            }""",
            what,
        )

    @property
    def kinds(self) -> list[Callable[[], Awaitable[None]]]:
        """All of them."""
        return [
            self.invitation, self.withdrawal, self.offer, self.leaving, self.words, self.thought,
            self.call, self.much,
        ]  # fmt: skip


async def test_no_news_moves_the_board_or_takes_the_piece_out_of_the_hand(
    browser: Browser, nodes: Nodes
) -> None:
    chance = random.Random(SEED)
    grant_calls(nodes)
    players = await sit_down(browser, nodes)
    await players.play(OPENING)
    page = players.pages[True]
    news = News(players, nodes)
    kinds = news.kinds
    chance.shuffle(kinds)
    sizes = [*chance.sample(SIZES, 2), (390, 844)]
    for at, (width, height) in enumerate(sizes):
        await page.set_viewport_size({"width": width, "height": height})
        before = await place(page)
        g1 = before["board"]["width"] / 8
        x, y = before["board"]["left"] + 6.5 * g1, before["board"]["top"] + 7.5 * g1
        await page.mouse.move(x, y)
        await page.mouse.down()
        await page.mouse.move(x, y - g1, steps=3)
        for kind in kinds[at :: len(sizes)]:
            await kind()
            assert await place(page) == before, (kind.__name__, width, height)
            square = page.locator('#board [data-square="g1"]')
            await expect(square).to_have_class(HELD)
        await page.mouse.move(x, y)
        await page.mouse.up()
    await page.mouse.down()
    await page.mouse.move(x - g1, y - 2 * g1, steps=3)
    await page.mouse.up()
    await expect(page.locator("#moves")).to_contain_text("Nf3")
    for each in players.pages.values():
        await each.context.close()


CONTRAST = """() => {
  const parts = (text) => text.match(/[\\d.]+/g).slice(0, 3).map((part) => part / 255);
  const linear = (part) => (part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
  const light = (colour) => {
    const [r, g, b] = parts(colour).map(linear);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const contrast = (one, other) => {
    const [dark, bright] = [light(one), light(other)].sort((a, b) => a - b);
    return (bright + 0.05) / (dark + 0.05);
  };
  const told = { squares: new Set(), least: Infinity, alike: 0 };
  for (const square of document.querySelectorAll("#board [data-square]")) {
    const ground = getComputedStyle(square).backgroundColor;
    told.squares.add(ground);
    const path = square.querySelector(".piece .fill");
    if (!path) continue;
    const { fill, stroke } = getComputedStyle(path);
    told.least = Math.min(told.least, Math.max(contrast(fill, ground), contrast(stroke, ground)));
    const other = path.closest(".piece").classList.contains("white") ? "black" : "white";
    const theirs = getComputedStyle(document.querySelector(`#board .piece.${other} .fill`)).fill;
    told.alike += contrast(fill, theirs) < 3;
  }
  const marks = (name) => {
    const style = getComputedStyle(document.querySelector(name));
    return [style.backgroundColor, style.backgroundImage, style.boxShadow].join();
  };
  const plain = new Set([marks("#board [data-square=a3]"), marks("#board [data-square=b3]")]);
  const named = [".selected", ".target", ".last"];
  const unmarked = named.filter((name) => plain.has(marks(`#board ${name}`)));
  return { squares: told.squares.size, least: told.least, alike: told.alike, unmarked };
}"""
"""How pieces stand out from their squares and from each other, and which marks do not show."""


TOUCHING = """() => {
  const box = (one, root) => {
    const range = document.createRange();
    range.selectNodeContents(one);
    const seen = (one.matches ? one : range).getBoundingClientRect().toJSON();
    // What an element cuts off behind an ellipsis, or scrolls, is not seen.
    for (let each = one.parentElement; each !== root; each = each.parentElement) {
      if (getComputedStyle(each).overflow === "visible") continue;
      const cut = each.getBoundingClientRect();
      for (const side of ["left", "top"]) seen[side] = Math.max(seen[side], cut[side]);
      for (const side of ["right", "bottom"]) seen[side] = Math.min(seen[side], cut[side]);
    }
    return { words: one.data ?? one.tagName, ...seen };
  };
  const wrong = [];
  for (const root of document.querySelectorAll(".player, #chat-panel")) {
    const around = root.getBoundingClientRect();
    const walk = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
    const texts = [];
    while (walk.nextNode()) texts.push(walk.currentNode);
    const shown = texts.filter((text) => !text.parentElement.closest(".sr"));
    const inputs = root.querySelectorAll("input");
    const boxes = [...shown, ...inputs].map((one) => box(one, root));
    const there = ({ left, right, top, bottom }) => right - left > 1 && bottom - top > 1;
    const seen = boxes.filter(there);
    for (const [n, one] of seen.entries()) {
      const inside = one.left > around.left - 1 && one.right < around.right + 1;
      if (!inside) wrong.push(`cut: ${one.words}`);
      for (const other of seen.slice(n + 1)) {
        const across = Math.min(one.right, other.right) - Math.max(one.left, other.left);
        const down = Math.min(one.bottom, other.bottom) - Math.max(one.top, other.top);
        if (across > 1 && down > 3) wrong.push(`${one.words} touches ${other.words}`);
      }
    }
  }
  return wrong;
}"""
"""What stands over something else in the players' bars and in the chat, or beside its place."""


SHOWN = """() => {
  const wrong = [];
  for (const bar of document.querySelectorAll(".player")) {
    const taken = bar.querySelector(".captured").getBoundingClientRect();
    for (const piece of bar.querySelectorAll(".captured .piece")) {
      const { left, right } = piece.getBoundingClientRect();
      if (left < taken.left - 0.5 || right > taken.right + 0.5) wrong.push("a piece is cut off");
    }
    const name = bar.querySelector(".name bdi");
    if (!name) continue;
    const range = document.createRange();
    range.selectNodeContents(name);
    const over = range.getBoundingClientRect().width - name.getBoundingClientRect().width;
    if (over > 0) wrong.push(`${over} px of the name are cut off`);
  }
  return wrong;
}"""
"""What is cut off of a short name and of what was taken."""


AT_END = """() => {
  const list = document.getElementById("chat-lines");
  return list.scrollTop + list.clientHeight > list.scrollHeight - 2;
}"""
"""Whether the end of the newest line is in sight."""


async def test_bars_and_chat_have_their_room_at_every_size(browser: Browser, nodes: Nodes) -> None:
    players = await sit_down(browser, nodes)
    page, other = players.pages[True], players.pages[False]
    await players.play(["e4", "d5", "exd5", "Qxd5", "Nc3"])
    await page.click("#chat-tab")
    await page.fill("#chat-text", "Good luck! What a nice opening you have played today.")
    await page.click("#chat-submit")
    await expect(page.locator("#chat-lines li")).to_have_count(1)
    await News(players, nodes).told({"captured": MUCH["captured"]})
    await expect(page.locator("#player-top .captured .piece")).to_have_count(15)
    for width, height in SIZES:
        await page.set_viewport_size({"width": width, "height": height})
        await other.hover('[data-square="a7"]')
        await other.hover('[data-square="b7"]')
        await expect(page.locator("#player-top .thinking")).to_be_visible()
        assert await page.evaluate(TOUCHING) == [], (width, height)
        assert await page.evaluate(SHOWN) == [], (width, height)
        assert await page.evaluate(AT_END), (width, height)
    for each in players.pages.values():
        await each.context.close()


async def test_the_whole_board_is_seen_at_every_size_and_in_forced_colours(
    browser: Browser, nodes: Nodes
) -> None:
    players = await sit_down(browser, nodes)
    await players.play(["e4", "d5"])
    page = players.pages[True]
    await page.click('#board [data-square="d2"]')
    for much in (False, True):
        if much:
            await News(players, nodes).much()
        for width, height in SIZES:
            await page.set_viewport_size({"width": width, "height": height})
            await is_all_seen(page, width, height)
    # However long the name: who it is, is told by the end of the id.
    bar = page.locator("#player-top")
    tail = nodes[1].peer_id[-4:]
    ends = await bar.locator(".name > span").first.evaluate(
        """(name, tail) => {
          const text = name.lastChild;
          const range = document.createRange();
          range.selectNodeContents(text);
          return [text.textContent.includes(tail), range.getBoundingClientRect().right, innerWidth];
        }""",
        tail,
    )
    assert ends[0]
    assert ends[1] < ends[2]
    for scheme in ("light", "dark"):
        for forced in ("none", "active"):
            await page.emulate_media(color_scheme=scheme, forced_colors=forced)
            told = await page.evaluate(CONTRAST)
            assert told["squares"] >= 2, (scheme, forced, told)
            assert told["least"] >= 3, (scheme, forced, told)
            assert told["alike"] == 0, (scheme, forced, told)
            assert told["unmarked"] == [], (scheme, forced, told)
    for each in players.pages.values():
        await each.context.close()
