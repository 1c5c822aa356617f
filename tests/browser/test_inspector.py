# SPDX-License-Identifier: MIT
"""The Inspector as a person uses it: live, by keyboard, and where something is wrong."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from playwright.async_api import Browser, Page, Route, ViewportSize, expect

from goop_node.testing import NodeProcess
from tests.browser.axe import faults
from tests.browser.conftest import page_url
from tests.node.page import Page as Program

Nodes = tuple[NodeProcess, NodeProcess]
HOSTILE = "<img src=x onerror=window.hit=1>\u202egnirts"
SIZES: list[ViewportSize] = [
    {"width": 1280, "height": 800},
    {"width": 390, "height": 844},
    {"width": 640, "height": 400},
]


@asynccontextmanager
async def inspector(browser: Browser, node: NodeProcess, place: str = "") -> AsyncIterator[Page]:
    """The page; whatever goes wrong in it is an error."""
    context = await browser.new_context(accept_downloads=True)
    page = await context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    await page.goto(f"{page_url(node)}home/inspector/{place}")
    yield page
    assert errors == []
    await context.close()


async def test_a_log_is_chosen_replayed_and_saved_by_keyboard(
    either: Browser, nodes: Nodes
) -> None:
    async with Program.open(nodes[0]) as a, Program.open(nodes[1]) as b:
        channel = await a.ask(b)
        for n in range(3):
            await a.send(channel, {"n": n, "text": HOSTILE})
        await b.received(channel, 3)
        async with inspector(either, nodes[0]) as page:
            await page.get_by_label("Find a name, id, plugin or code").fill(channel)
            row = page.locator("#log-list button", has_text=channel)
            await expect(row).to_contain_text("3 entries")
            await row.press("Enter")
            await expect(page.locator("#replay-title")).to_be_focused()
            words = page.locator("#step-words")
            await expect(words).to_have_text("Entry 3 of 3")
            said = page.get_by_label("What was said")
            await expect(said).to_contain_text("<img src=x onerror=window.hit=1>\\u202egnirts")
            await page.keyboard.press("ArrowLeft")
            await expect(words).to_have_text("Entry 2 of 3")
            await page.keyboard.press("Home")
            await expect(words).to_have_text("The beginning: nothing has been said")
            await page.keyboard.press("ArrowRight")
            await expect(said).to_contain_text('"n": 0')
            await page.get_by_role("slider", name="Entry").fill("2")
            await expect(said).to_contain_text('"n": 1')
            assert page.url.endswith(f"#{channel}@2")
            await page.reload()
            await expect(words).to_have_text("Entry 2 of 3")
            await page.locator("#replay-title").press("End")
            await expect(words).to_have_text("Entry 3 of 3")
            # Who is at the end sees what is said next, and how it ends.
            await a.send(channel, {"n": 3})
            await expect(words).to_have_text("Entry 4 of 4")
            await page.get_by_role("button", name="Save as a test").click()
            await expect(page.locator("#save-note")).to_contain_text("it has no context")
            await b.post("close", channelId=channel)
            await expect(page.locator("#replay-about")).to_contain_text("ended (closed")
            await expect(page.locator("#entry-facts")).to_contain_text("closed")
            assert await page.evaluate("() => window.hit") is None


async def test_a_game_is_saved_as_a_test_and_its_refusals_are_found(
    browser: Browser, nodes: Nodes
) -> None:
    async with Program.open(nodes[0]) as a, Program.open(nodes[1]) as b:
        channel = await a.ask(b, context="chess", new=True)
        await a.send(channel, {"type": "move", "from": "e2", "to": "e4"})
        await b.received(channel, 1)
        async with inspector(browser, nodes[0], f"#{channel}") as page:
            await expect(page.locator("#state [data-change='+']")).to_contain_text('"e2e4"')
            async with page.expect_download() as saved:
                await page.get_by_role("button", name="Save as a test").click()
            name = f"test_replay_{channel.replace('-', '_')}.py"
            assert (await saved.value).suggested_filename == name
            await page.get_by_role("button", name="Chosen log only").click()
            decisions = page.locator("#decision-list")
            await expect(decisions).to_contain_text("state_connected")
            await a.send(channel, {"type": "move", "from": "d2", "to": "d4"}, id="wrong-1")
            await expect(decisions.locator("li").first).to_contain_text("not_your_turn")
            await expect(decisions.locator("li").first).to_contain_text("message wrong-1")
            await page.get_by_label("Code", exact=True).select_option("not_your_turn")
            await expect(decisions.locator("li")).to_have_count(1)
            await page.get_by_label("Words").fill("nobody said this")
            await expect(decisions.locator("li")).to_have_count(0)
            await page.get_by_role("button", name="Show all", exact=True).click()
            await expect(decisions).to_contain_text("state_connected")
            for size in SIZES:
                await page.set_viewport_size(size)
                wide = "() => document.documentElement.scrollWidth - innerWidth"
                assert await page.evaluate(wide) <= 0, size
                assert await faults(page) == [], size


async def test_what_is_in_no_log_goes_by_among_the_decisions(either: Browser, nodes: Nodes) -> None:
    async with Program.open(nodes[0]) as a, Program.open(nodes[1]) as b:
        channel = await a.ask(b, context="arcade_seen", new=True)
        async with inspector(either, nodes[1], f"#{channel}") as page:
            await page.get_by_role("button", name="Chosen log only").click()
            passed = page.locator("#decision-list li", has_text="not in the log")
            for n in (1, 2):
                await a.send(channel, {"type": "position", "x": n, "y": 0})
                await expect(passed).to_have_count(1)
                await expect(passed).to_contain_text("latest")
                await expect(passed).to_contain_text("type position")
                await expect(passed).to_contain_text("2 messages" if n == 2 else "1 message so far")
            await a.emit({"type": "signal", "channel": channel, "data": HOSTILE})
            await expect(passed).to_have_count(2)
            await expect(passed.first).to_contain_text("signal")
            await expect(passed.first).to_contain_text("fleeting, without a type")
            await expect(page.locator("#step-words")).to_contain_text("nothing has been said")


def row(n: int, **more: Any) -> dict[str, Any]:
    """A channel as the node lists it."""
    return {
        "id": f"rt-{n:016x}",
        "kind": "channel",
        "context": "tally",
        "version": "1.0",
        "plugin": "tally",
        "phase": "open",
        "state": "connected",
        "ended": False,
        "peers": [{"peerId": f"peer-{n}", "peerLabel": HOSTILE}],
        "host": "peer",
        "delivery": "log",
        "entries": 50_000,
        "bytes": 1_000_000,
        "first": 1,
        "last": 50_000,
        "waiting": 0,
        "at": n,
        **more,
    }


def replayed(at: int, count: int, broken: int) -> dict[str, Any]:
    """A portion of a log of 50,000 entries whose plugin fails at one of them."""
    first, steps = max(at, 1), []
    for seq in range(first, min(first + count, 50_001)):
        step: dict[str, Any] = {"epoch": 1, "seq": seq, "kind": "msg", "from": "peer-1"}
        step |= {"sentAt": 1, "data": seq}
        if seq < broken:
            step["state"] = {"n": seq}
        elif seq == broken:
            step["refusal"] = {"code": "plugin_error", "reason": f"apply() failed {HOSTILE}"}
        steps.append(step)
    found: dict[str, Any] = {
        "channel": "rt-0000000000000001",
        "context": "tally",
        "version": "1.0",
        "plugin": "tally",
        "rules": True,
        "start": {"epoch": 0, "seq": 0},
        "last": {"epoch": 1, "seq": 50_000},
        "before": {"state": {"n": first - 1}} if first <= broken else {},
        "steps": steps,
        "next": None,
    }
    if first + count > broken:
        found["stopped"] = {
            "code": "plugin_error",
            "reason": "apply() failed",
            "place": "rules.py:7",
        }
    return found


async def test_thousands_of_channels_a_long_log_a_broken_plugin_and_a_full_trace(
    browser: Browser, nodes: Nodes
) -> None:
    gone = False

    async def answer(route: Route) -> None:
        what = route.request.url.partition("/inspector/")[2].partition("?")[0]
        query = dict(part.split("=") for part in route.request.url.partition("?")[2].split("&"))
        if what == "logs":
            rows = [row(n) for n in range(1, 5_001)]
            if query.get("text"):
                rows = [] if gone else [one for one in rows if one["id"] == query["text"]]
            limit = int(query["limit"])
            body = {"self": "me", "rows": rows[:limit], "total": len(rows), "all": 5_000}
        elif what == "decisions":
            noted = {"n": 1_300, "at": 1, "hop": "peer", "code": "forged", "detail": HOSTILE}
            after = int(query.get("after", 0))
            body = {"run": 1, "rows": [noted] if after < 1_300 else [], "next": None}
            body |= {
                "count": 1_300,
                "kept": 1_000,
                "dropped": 300,
                "hops": ["peer"],
                "codes": ["forged"],
            }
            body |= {"plugins": []}
        else:
            body = replayed(int(query.get("at", 0)), int(query["count"]), broken=40_000)
        await route.fulfill(status=200, content_type="application/json", body=json.dumps(body))

    async with inspector(browser, nodes[0]) as page:
        await page.route("**/api/realtime/inspector/**", answer)
        await page.reload()
        await expect(page.locator("#logs-count")).to_have_text("5000")
        await expect(page.locator("#log-list li")).to_have_count(50)
        await page.get_by_role("button", name="Show more (4,950 others)").click()
        await expect(page.locator("#log-list li")).to_have_count(100)
        words = page.locator("#decisions-words")
        await expect(words).to_contain_text("300 older ones made room")
        await page.locator("#log-list button").first.click()
        step = page.locator("#step-words")
        await expect(step).to_have_text("Entry 50,000 of 50,000")
        await expect(page.locator("#state-note")).to_have_text("There is no state here.")
        await expect(page.locator("#replay-stopped")).to_contain_text("cannot be folded to its end")
        await page.get_by_role("slider", name="Entry").fill("40000")
        await expect(step).to_have_text("Entry 40,000 of 50,000")
        refused = page.locator("#entry-refusal")
        await expect(refused).to_contain_text("plugin_error: apply() failed <img src=x")
        await expect(page.locator("#replay-stopped")).to_contain_text("(rules.py:7)")
        await page.get_by_role("button", name="Previous").click()
        await expect(page.locator("#state [data-change]")).to_have_text('+   "n": 39999')
        assert await faults(page) == []
        gone = True
        await expect(page.locator("#replay-gone")).to_contain_text("does not remember this log")
        await expect(step).to_have_text("Entry 39,999 of 50,000")
        assert await page.evaluate("() => window.hit") is None


async def test_home_leads_to_it_and_it_says_that_the_node_is_away(
    either: Browser, nodes: Nodes
) -> None:
    async with inspector(either, nodes[0]) as page:
        await page.goto(page_url(nodes[0]))
        await page.get_by_role("link", name="Inspector").click()
        await expect(page.get_by_role("heading", name="Inspector")).to_be_visible()
        await page.route("**/api/realtime/inspector/**", lambda route: route.abort())
        await expect(page.get_by_role("alert")).to_contain_text("does not answer")
        await page.unroute("**/api/realtime/inspector/**")
        await expect(page.get_by_role("alert")).to_be_hidden()


@pytest.mark.parametrize("colours", ["active", "none"])
async def test_what_has_changed_is_marked_without_colour(
    browser: Browser, nodes: Nodes, colours: Any
) -> None:
    async with Program.open(nodes[0]) as a, Program.open(nodes[1]) as b:
        channel = await a.ask(b, context="chess", new=True)
        await a.send(channel, {"type": "move", "from": "e2", "to": "e4"})
        await b.received(channel, 1)
        async with inspector(browser, nodes[0], f"#{channel}") as page:
            await page.emulate_media(forced_colors=colours)
            marked = page.locator("#state [data-change]")
            await expect(marked.first).to_contain_text("+ ")
            await expect(page.locator("#state-note")).to_contain_text("+ new, − gone")
