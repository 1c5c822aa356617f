# SPDX-License-Identifier: MIT
"""Video calls between two Chromium pages on two nodes: from the click to the first picture.

Each call is answered by the other page at once, and both have cameras made up by the browser. A
signalling message is timed from the ``send`` of one page's WebSocket to the ``message`` of the
other's: both pages read one machine's clock. The nodes have other work meanwhile, and by turns
with each call there is one through PeerJS.
"""

from __future__ import annotations

import asyncio
import statistics
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path

from playwright.async_api import Browser, Page, async_playwright

from benchmarks import chromium, peerjs_calls
from benchmarks.chess_games import keep_playing
from benchmarks.room_pages import Page as Member
from benchmarks.room_pages import members_of
from goop_node.testing import NodeProcess, start_node
from goop_node.testing.forked import fork
from tests.browser.conftest import CHROMIUM, CONFIG, FLAGS, TEMPLATES, page_url
from tests.faults.circumstances import Circumstances
from tests.node.page import wait_until_discovered
from tests.rooms.crowd import PLUGINS

MOVE_SECONDS, SAY_SECONDS = 0.1, 0.05
"""Beside the calls: from one move of a game of chess to the next; from what each member of a room
says, and where it is, to the next."""
REST_SECONDS = 0.3
"""Cameras need a moment to be let go of."""
CLICK, P95 = [f"click to first remote picture, ms: {figure}" for figure in ("median", "p95")]
SIGNAL, P99 = [f"signalling, page to page, ms: {figure}" for figure in ("median", "p99")]
THEIRS = "PeerJS: click to first remote picture, ms: median"
TIMES_THEIRS = "click to first remote picture, × PeerJS"
BOUNDS = {CLICK: 2000.0, P99: 100.0, TIMES_THEIRS: 1.1}
"""At most."""
TIMES = """
window.times = {};
const now = () => performance.timeOrigin + performance.now();
const note = (frame) => { if (["send", "message"].includes(frame.type)) times[frame.id] = now(); };
window.WebSocket = class extends WebSocket {
  constructor(...its) {
    super(...its);
    this.addEventListener("message", ({ data }) => [JSON.parse(data)].flat().forEach(note));
  }
  send(text) { note(JSON.parse(text)); super.send(text); }
};
"""
ANSWER = "() => { Goop.call.onIncoming = ({ callId }) => Goop.call.accept(callId).then(follow); }"
CALL = """async (peer) => {
  const began = performance.now();
  begin(peer);
  const video = document.getElementById("remote");
  await new Promise((shown) => video.requestVideoFrameCallback(shown));
  return performance.now() - began;
}"""


def missing() -> str | None:
    """Why it cannot be measured; installs PeerJS where it is not there yet."""
    return chromium.missing() or peerjs_calls.missing()


async def measure(folder: Path, *, calls: int) -> dict[str, list[float]]:
    """Milliseconds of ``calls`` calls each, and of every message of ours."""
    async with AsyncExitStack() as stack:
        nodes = await stack.enter_async_context(_nodes(folder))
        playwright = await stack.enter_async_context(async_playwright())
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        stack.push_async_callback(browser.close)
        theirs = await stack.enter_async_context(peerjs_calls.pair(browser))
        ours = await Pair.of(browser, nodes)
        await stack.enter_async_context(_busy(nodes))
        taken = []
        for _ in range(calls):
            taken.append((await ours.call(), await theirs.call()))
            await asyncio.sleep(REST_SECONDS)
        times = await ours.signals()
    mine = sorted(one for one, _ in taken)
    return {
        CLICK: [statistics.median(mine)],
        P95: [mine[int(len(mine) * 0.95)]],
        THEIRS: [statistics.median(other for _, other in taken)],
        TIMES_THEIRS: [one / other for one, other in taken],
        SIGNAL: [statistics.median(times)],
        P99: [sorted(times)[int(len(times) * 0.99)]],
    }


class Pair:
    """Two pages on two nodes."""

    def __init__(self, caller: Page, callee: Page, called: NodeProcess) -> None:
        self._caller = caller
        self._callee = callee
        self._called = called

    @classmethod
    async def of(cls, browser: Browser, nodes: Sequence[NodeProcess]) -> Pair:
        """Open them; the second answers."""
        pages = []
        for node in nodes:
            context = await browser.new_context()
            await context.add_init_script(TIMES)
            page = await context.new_page()
            await page.goto(page_url(node, "calls"))
            pages.append(page)
        await pages[1].evaluate(ANSWER)
        return cls(*pages, nodes[1])

    async def call(self) -> float:
        """Milliseconds from the click to the other's first picture."""
        taken: float = await self._caller.evaluate(CALL, self._called.peer_id)
        await self._caller.evaluate("() => call.end()")
        await self._callee.wait_for_function("() => call.ended")
        return taken

    async def signals(self) -> list[float]:
        """Milliseconds of each message."""
        sent, came = [await page.evaluate("() => times") for page in (self._caller, self._callee)]
        return [abs(came[one] - sent[one]) for one in sent.keys() & came.keys()]


@asynccontextmanager
async def _nodes(folder: Path) -> AsyncIterator[tuple[NodeProcess, NodeProcess]]:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "goop.toml").write_text(f"{CONFIG}[plugins.field]\n", encoding="utf-8")
    templates = [f"--template={path}" for path in sorted(TEMPLATES.iterdir())]
    launch = partial(fork, before=Circumstances(plugins=PLUGINS))
    alice = start_node(folder / "alice", *templates, launch=launch)
    try:
        bob = start_node(folder / "bob", *templates, peer=alice, launch=launch)
        try:
            await wait_until_discovered(alice, bob)
            yield alice, bob
        finally:
            bob.stop()
    finally:
        alice.stop()


@asynccontextmanager
async def _busy(nodes: tuple[NodeProcess, NodeProcess]) -> AsyncIterator[None]:
    """A game of chess between them, and a room in which both talk and move about."""
    async with members_of(nodes) as members, asyncio.TaskGroup() as group:
        tasks = [
            group.create_task(keep_playing(*nodes, pause=MOVE_SECONDS)),
            *(group.create_task(_be_busy(member)) for member in members),
        ]
        yield
        for task in tasks:
            task.cancel()


async def _be_busy(member: Member) -> None:
    while True:
        await member.say()
        await member.move()
        await asyncio.sleep(SAY_SECONDS)
