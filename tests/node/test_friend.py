# SPDX-License-Identifier: MIT
"""A friend is added through the page alone, by two people on two machines.

The machines are network namespaces with one cable between them: each has its own loopback,
its own node and its own Chromium, and nothing reaches a real interface.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, async_playwright, expect

from goop_node.p2p import Identity
from goop_node.testing import NodeProcess
from tests.browser.conftest import FLAGS, SHELL
from tests.faults.namespaces import launcher

HTTP_PORT = 18787
"""The same on both machines, as everywhere: an invite link leads to the friend's own node."""
VISIBLE_MS = 30_000


@dataclass(frozen=True)
class Machine:
    """A namespace with a node and a browser's launcher in it."""

    namespace: str
    address: str
    node: NodeProcess
    chromium: Path

    @property
    def home(self) -> str:
        """The node's own page."""
        return f"http://home.localhost:{HTTP_PORT}/"


def ip(*arguments: str) -> None:
    """Run ``ip``."""
    subprocess.run(["ip", *arguments], check=True, capture_output=True, text=True)


@pytest.fixture(scope="module")
def namespaces() -> Iterator[tuple[str, str]]:
    """Two namespaces with a cable: 10.213.0.1 and 10.213.0.2."""
    if os.name != "posix" or os.geteuid() != 0 or shutil.which("ip") is None:
        pytest.skip("network namespaces need root and iproute2: apt-get install iproute2")
    names = (f"goop-a-{os.getpid()}", f"goop-b-{os.getpid()}")
    made = []
    try:
        try:
            for name in names:
                ip("netns", "add", name)
                made.append(name)
            ip(
                *("link", "add", "cable", "netns", names[0], "type", "veth"),
                *("peer", "name", "cable", "netns", names[1]),
            )
        except subprocess.CalledProcessError as error:
            pytest.skip(
                "no network namespaces here, as in a container without --privileged: "
                f"{error.stderr.strip()}"
            )
        for number, name in enumerate(names, 1):
            ip("-n", name, "addr", "add", f"10.213.0.{number}/24", "dev", "cable")
            ip("-n", name, "link", "set", "lo", "up")
            ip("-n", name, "link", "set", "cable", "up")
        yield names
    finally:
        for name in made:
            ip("netns", "del", name)


@pytest.fixture
def machines(namespaces: tuple[str, str], tmp_path: Path) -> Iterator[tuple[Machine, Machine]]:
    """Alice's and Bob's; they have never heard of each other."""
    if SHELL is None:
        pytest.skip("no Chromium here; install it with: apt-get install chromium")
    found: list[Machine] = []
    try:
        for number, (namespace, name) in enumerate(
            zip(namespaces, ("Alice", "Bob"), strict=True), 1
        ):
            address = f"10.213.0.{number}"
            enter = ("ip", "netns", "exec", namespace)
            chromium = launcher(namespace, SHELL, tmp_path / f"chromium-{name}")
            arguments = (
                *("--http", f"127.0.0.1:{HTTP_PORT}", "--listen", "/ip4/0.0.0.0/tcp/0"),
                *("--label", name),
            )
            node = NodeProcess(tmp_path / name, arguments, under=enter)
            found.append(Machine(namespace, address, node, chromium))
        alice, bob = found
        yield alice, bob
    finally:
        for machine in found:
            machine.node.stop()


@asynccontextmanager
async def browsers(*machines: Machine) -> AsyncIterator[list[Page]]:
    """The home page on each machine, in a browser of its own."""
    async with async_playwright() as playwright:
        pages: list[Page] = []
        opened: list[Browser] = []
        try:
            for machine in machines:
                browser = await playwright.chromium.launch(
                    executable_path=machine.chromium, args=FLAGS
                )
                opened.append(browser)
                context = await browser.new_context(
                    permissions=["clipboard-read", "clipboard-write"]
                )
                page = await context.new_page()
                await page.goto(machine.home)
                pages.append(page)
            yield pages
        finally:
            for browser in opened:
                await browser.close()


async def is_online(page: Page, name: str) -> None:
    """Wait until the page lists somebody of that name as online."""
    row = page.locator("#people-list").get_by_text(name)
    await expect(row.first).to_be_visible(timeout=VISIBLE_MS)


async def test_every_failure_is_said_in_words(
    machines: tuple[Machine, Machine], tmp_path: Path
) -> None:
    alice, bob = machines
    stranger = Identity.load_or_create(tmp_path / "stranger.key").peer_id
    theirs = alice.node.addrs[0]
    # Whoever has that address is there, and answers nothing at all: a firewall.
    silent = ("10.213.0.77", "lladdr", "02:00:00:00:00:77", "dev", "cable", "nud", "permanent")
    ip("-n", bob.namespace, "neigh", "add", *silent)
    failures = {
        f"/ip4/{alice.address}/tcp/9/p2p/{alice.node.peer_id}": "Nobody answers",
        f"/ip4/10.213.0.77/tcp/9/p2p/{alice.node.peer_id}": "firewall",
        theirs.replace(alice.node.peer_id, stranger): "Somebody else answers",
        f"/ip4/127.0.0.1/tcp/{HTTP_PORT}/p2p/{alice.node.peer_id}": "is the port right",
        bob.node.addrs[0]: "your own address",
        f"/ip4/192.0.2.1/tcp/9/p2p/{alice.node.peer_id}": "No way leads",
        "nonsense": "/p2p/",
    }
    async with browsers(bob) as (page,):
        for address, words in failures.items():
            await page.get_by_label("Or paste theirs").fill(address)
            await page.get_by_role("button", name="Connect", exact=True).click()
            note = page.locator("#friend-note")
            await expect(note).to_contain_text(words, timeout=VISIBLE_MS)
            # What was typed is still there to be mended.
            await expect(page.get_by_label("Or paste theirs")).to_have_value(address)
        await expect(page.locator("#people-empty")).to_be_visible()


async def test_a_link_copied_on_one_page_and_pasted_on_the_other(
    machines: tuple[Machine, Machine],
) -> None:
    alice, bob = machines
    async with browsers(alice, bob) as (a, b):
        await a.get_by_role("button", name="Copy invitation").click()
        invitation = await a.evaluate("navigator.clipboard.readText()")
        link = invitation.split()[-1]
        assert link.startswith(f"http://localhost:{HTTP_PORT}/join#")
        assert alice.node.peer_id in link

        await b.get_by_label("Or paste theirs").fill(invitation)
        await b.get_by_role("button", name="Connect", exact=True).click()
        await expect(b.locator("#friend-note")).to_contain_text("Connected")
        await is_online(a, "Bob")
        await is_online(b, "Alice")

        # The same link, opened: it leads to Bob's own node, which asks first.
        await b.goto(link)
        await expect(b.get_by_role("heading", name="Connect to a friend?")).to_be_visible()
        await b.get_by_role("button", name="Connect", exact=True).click()
        await expect(b.get_by_role("heading", name="Connected")).to_be_visible(timeout=VISIBLE_MS)

    # Both remember, whoever comes back first.
    for machine in machines:
        assert machine.node.stop() == 0
    for machine in machines:
        machine.node.start()
    async with browsers(alice, bob) as (a, b):
        await is_online(a, "Bob")
        await is_online(b, "Alice")
