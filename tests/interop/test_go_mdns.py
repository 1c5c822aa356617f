# SPDX-License-Identifier: MIT
"""Peers on go-libp2p and our nodes in one network find each other, with nobody told of anybody."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from goop_node.testing import NodeProcess
from tests.interop.driven import Driven
from tests.limits import HANG, promised
from tests.mdns.lan import Lan, Machine, lan
from tests.mdns.test_lan import people

pytestmark = pytest.mark.timeout(600)  # the very first build of the Go peer takes a while

SERVICES = {"goop": "goop-mdns", "libp2p": "_p2p._udp"}


@asynccontextmanager
async def gopher(
    command: Sequence[str], machine: Machine, folder: Path, service: str
) -> AsyncIterator[Driven]:
    """A Go peer on that machine."""
    inside = ("ip", "netns", "exec", machine.name, *command)
    options = ("-listen", "/ip4/0.0.0.0/tcp/0", "-heartbeat", "1s", "-mdns", service)
    async with Driven.start([*inside, *options], folder) as peer:
        yield peer


def node(net: Lan, folder: Path, mode: str) -> NodeProcess:
    """Our node on the first machine."""
    folder.mkdir()
    (folder / "goop.toml").write_text(f'[node]\nmdns = "{mode}"\n', encoding="utf-8")
    return net.machines[0].node(folder / "alice")


async def discovered(alice: NodeProcess, machine: Machine, peer_id: str) -> None:
    """Wait until our node counts the peer as discovered."""
    async with asyncio.timeout(HANG):
        while True:
            rows = {row["peerId"]: row["standing"] for row in await people(alice, machine)}
            if rows.get(peer_id) == "discovered":
                return
            await asyncio.sleep(0.02)


@pytest.mark.parametrize("mode", ["goop", "libp2p"])
async def test_whoever_comes_last_is_found(go_peer: list[str], tmp_path: Path, mode: str) -> None:
    """A Go peer comes to our node, and the other way round: both within two seconds."""
    with lan(2) as net:
        ours, theirs = net.machines
        alice = node(net, tmp_path / "ours", mode)
        try:
            async with gopher(go_peer, theirs, tmp_path, SERVICES[mode]) as peer:
                with promised(2.0, alice.process.pid, peer.process.pid):
                    await peer.event("found", peer=alice.peer_id)
                    await peer.event("reached", peer=alice.peer_id)
                    await discovered(alice, ours, peer.peer_id)
                # It dials an instance once: a new start has to be a new one.
                assert alice.stop() == 0
                alice.start()
                with promised(2.0, alice.process.pid, peer.process.pid):
                    await peer.event("found", peer=alice.peer_id)
                    await peer.event("reached", peer=alice.peer_id)
                    await discovered(alice, ours, peer.peer_id)
                # And one that was killed says no goodbye.
                alice.kill()
                alice.start()
                await peer.event("found", peer=alice.peer_id)
                await peer.event("reached", peer=alice.peer_id)
        finally:
            alice.stop()


async def test_both_kinds_are_found(go_peer: list[str], tmp_path: Path) -> None:
    with lan(3) as net:
        alice = node(net, tmp_path / "ours", "both")
        try:
            async with (
                gopher(go_peer, net.machines[1], tmp_path, SERVICES["goop"]) as one,
                gopher(go_peer, net.machines[2], tmp_path, SERVICES["libp2p"]) as other,
            ):
                for peer in (one, other):
                    await peer.event("reached", peer=alice.peer_id)
                    await discovered(alice, net.machines[0], peer.peer_id)
        finally:
            alice.stop()
