# SPDX-License-Identifier: MIT
"""People on two machines call each other: over a bad network, and through a relay."""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, Playwright

from goop_node.testing import NodeProcess
from goop_node.testing.forked import fork
from tests.browser.call_people import FRAMES, ended, frames, open_page, talk
from tests.browser.conftest import SHELL, TEMPLATES, launch, leave_pages
from tests.browser.turn_server import PORT, turn_server
from tests.faults.circumstances import Circumstances
from tests.faults.namespaces import inside, launcher
from tests.node.page import wait_for_somebody
from tests.rooms.switch import Switch, switch

HERE, THERE, RELAY = range(3)
"""Machines."""
NODES = {"alice": HERE, "bob": THERE, "carol": HERE}
DELAY, LOSS = 0.1, 0.05
SECRET = "what coturn shares with nodes"
CONFIG = """
[plugins.realtime]
[templates.calls]
allow = ["context:video_call", "camera", "microphone"]
[plugins.video_call]
turn_secret = "{secret}"
ice_servers = [{{ urls = ["turn:{relay}:{port}?transport=tcp"] }}]
relay_only = {relay_only}
"""
NOBODY = {"0.0.0.0", "127.0.0.1"}
"""What browsers put where an address has to stand."""
SAID = """async (peer) => {
  const channel = (await Goop.realtime.channels()).find(({ peerId }) => peerId === peer);
  const said = [];
  for (const { from, data } of await channel.history()) if (from === peer) said.push(data);
  return said.some(({ type, candidate }) => type === "ice_candidate" && candidate === null)
    && JSON.stringify(said, null, 1);
}"""
"""All that the peer has said, once its candidates have come to an end."""


class Far:
    """Alice, Bob, and Carol, who goes through relays alone; she is at Alice's machine."""

    def __init__(self, net: Switch, nodes: dict[str, NodeProcess], browsers: list[Browser]) -> None:
        self.net = net
        self.nodes = nodes
        self.browsers = browsers

    @asynccontextmanager
    async def call(self, caller: str) -> AsyncIterator[tuple[Page, Page]]:
        """The caller's page and Bob's, who see each other until the caller hangs up."""
        pages = []
        for name in (caller, "bob"):
            browser, node = self.browsers[NODES[name]], self.nodes[name]
            pages.append(await open_page(browser, node, "camera", "microphone"))
        await talk(pages[0], pages[1], self.nodes["bob"])
        for page in pages:
            await page.wait_for_function(FRAMES, arg=await frames(page))
        yield pages[0], pages[1]
        await pages[0].evaluate("() => call.end()")
        assert (await ended(pages[1]))["byPeer"]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def _far(
    playwright: Playwright, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Far]:
    folder = tmp_path_factory.mktemp("far")
    async with AsyncExitStack() as stack:
        net = stack.enter_context(switch(f"goop-{os.getpid()}", 3, seed=1))
        relay = turn_server(net.names[RELAY], net.address(RELAY), SECRET, folder)
        await stack.enter_async_context(relay)
        nodes: dict[str, NodeProcess] = {}
        for name in NODES:
            known = [address for node in nodes.values() for address in ("--peer", node.addrs[0])]
            nodes[name] = await asyncio.to_thread(_start, net, folder / name, known)
            stack.callback(nodes[name].kill)
        for name, node in nodes.items():
            seeing = partial(asyncio.run, wait_for_somebody(node))
            await asyncio.to_thread(inside, net.names[NODES[name]], seeing)
        browsers = []
        for machine in (HERE, THERE):
            name = net.names[machine]
            program = SHELL and str(launcher(name, SHELL, folder / name))
            browsers.append(await launch(playwright, program))
            stack.push_async_callback(browsers[-1].close)
        yield Far(net, nodes, browsers)


def _start(net: Switch, folder: Path, known: list[str]) -> NodeProcess:
    """A node in its folder, at its machine."""
    folder.mkdir()
    relay_only = str(folder.name == "carol").lower()
    config = CONFIG.format(
        secret=SECRET, relay=net.address(RELAY), port=PORT, relay_only=relay_only
    )
    (folder / "goop.toml").write_text(config, encoding="utf-8")
    machine = NODES[folder.name]
    arguments = [
        *("--http", "127.0.0.1:0", "--label", folder.name, "--template", str(TEMPLATES / "calls")),
        *("--listen", f"/ip4/{net.address(machine)}/tcp/0", *known),
    ]
    place = partial(fork, before=Circumstances(net.names[machine]))
    return NodeProcess(folder / "data", tuple(arguments), launch=place)


@pytest_asyncio.fixture(loop_scope="session")
async def far(_far: Far) -> AsyncIterator[Far]:
    """They all, on a good network."""
    yield _far
    for browser in _far.browsers:
        await leave_pages(browser)
    _far.net.delay, _far.net.loss, _far.net.udp = 0.0, 0.0, True
    _far.net.datagrams.clear()


async def test_far_away_where_packets_are_lost(far: Far) -> None:
    far.net.delay, far.net.loss = DELAY, LOSS
    async with far.call("alice") as pages:
        for page in pages:
            assert (await page.evaluate("() => call.stats()"))["roundTrip"] >= 2 * DELAY
        assert far.net.datagrams >= {(HERE, THERE), (THERE, HERE)}


async def test_where_no_datagram_gets_through_a_relay_does(far: Far) -> None:
    far.net.udp = False
    async with far.call("alice") as pages:
        for page in pages:
            assert (await page.evaluate("() => call.stats()"))["path"] == "relay"
        assert not far.net.datagrams


async def test_who_goes_through_relays_alone_tells_no_address(far: Far) -> None:
    async with far.call("carol") as (_, bob):
        said = await bob.wait_for_function(SAID, arg=far.nodes["carol"].peer_id)
        told = str(await said.json_value())
        assert set(re.findall(r" typ (\w+)", told)) == {"relay"}
        assert set(re.findall(r"\d+\.\d+\.\d+\.\d+", told)) <= {far.net.address(RELAY), *NOBODY}
        assert ".local" not in told
        assert not far.net.datagrams & {(HERE, THERE), (THERE, HERE)}
