# SPDX-License-Identifier: MIT
"""A context's ``on_commit`` runs at least once per message, whenever the node is killed."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from goop_node.testing import NodeProcess, start_node
from goop_node.testing.forked import fork
from tests.faults.circumstances import Circumstances
from tests.node.page import Page, wait_until_discovered

PLUGINS = Path(__file__).with_name("plugins")


@pytest.fixture
def ledgers(tmp_path: Path) -> Iterator[tuple[NodeProcess, NodeProcess]]:
    """Alice and Bob, each with a ledger in a folder of its own."""
    (tmp_path / "goop.toml").write_text("[plugins.realtime]\n[plugins.ledger]\n")
    config = f"--config={tmp_path / 'goop.toml'}"
    for name in ("alice", "bob"):
        (tmp_path / "ledgers" / name).mkdir(parents=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LEDGERS", str(tmp_path / "ledgers"))
        launch = partial(fork, before=Circumstances(plugins=str(PLUGINS)))
        alice = start_node(tmp_path / "alice", config, launch=launch)
        bob = start_node(tmp_path / "bob", config, peer=alice, launch=launch)
        asyncio.run(wait_until_discovered(alice, bob))
        yield alice, bob
        bob.stop()
        alice.stop()


async def follows(page: Page, channel: str) -> None:
    """It is told the state, and where it stands, by frames as by the endpoint."""
    await page.emit({"type": "snapshot", "channel": channel, "watch": True})
    pushed = await page.frame("snapshot", channel=channel)
    await page.emit({"type": "snapshot", "channel": channel, "ref": "now"})
    asked = await page.frame("snapshot", channel=channel, ref="now")
    assert asked == {**pushed, "ref": "now"}
    assert (asked["state"], asked["position"][1]) == (1, 1)
    said = (await page.http.get(f"/api/realtime/snapshot?channel={channel}")).json()
    assert said == {"state": 1, "position": asked["position"]}
    unknown = await page.http.get("/api/realtime/snapshot?channel=room-0123456789abcdef")
    assert (unknown.status_code, unknown.json()["code"]) == (404, "unknown_channel")


async def newest(a: Page, b: Page, channel: str) -> None:
    """What is in no log goes from node to node, too, and takes no place in it."""
    for n in (1, 2, 3):
        for page in (a, b):
            await page.send(channel, {"type": "mark", "of": "it", "n": n})
    for page, other in ((a, b), (b, a)):
        told = await page.frame(
            "latest", channel=channel, data={"type": "mark", "of": "it", "n": 3}
        )
        assert (told["from"], told["key"]) == (other.node.peer_id, '"it"')
    await b.send(channel, {"type": "wink"})
    assert (await a.frame("volatile", channel=channel))["from"] == b.node.peer_id


@pytest.mark.parametrize("victim", ["alice", "bob"])
async def test_a_kill_between_commit_and_on_commit(
    ledgers: tuple[NodeProcess, NodeProcess], tmp_path: Path, victim: str
) -> None:
    alice, bob = ledgers
    folder = tmp_path / "ledgers" / victim
    killed = alice if victim == "alice" else bob
    async with Page.open(alice, ack=True) as a, Page.open(bob, ack=True) as b:
        channel = await a.ask(b, context="ledger")
        await a.send(channel, {"type": "entry", "n": 1})
        assert await b.received(channel, 1) == [{"type": "entry", "n": 1}]
        await a.frame("receipt", channel=channel, stage="delivered")
        await follows(b, channel)
        await newest(a, b, channel)
        (folder / "kill").touch()
        sender = b if victim == "alice" else a
        await sender.send(channel, {"type": "entry", "n": 2})
        await asyncio.to_thread(killed.process.wait, 20)
        assert (folder / "ledger").read_text().splitlines() == ["1 1"]
        await asyncio.to_thread(killed.start)
        # Before anybody is told: the page of the restarted node comes after it.
        assert set((folder / "ledger").read_text().splitlines()) == {"1 1", "2 2"}
        await sender.frame("receipt", channel=channel, stage="delivered")
        for page in (a, b) if sender is a else (b, a):
            told = await page.http.get(f"/api/realtime/snapshot?channel={channel}")
            assert (told.json()["state"], told.json()["position"][1]) == (3, 2)
        async with Page.open(killed) as again:
            told = await again.frame("latest", channel=channel)
            assert (told["from"], told["data"]["n"]) == (sender.node.peer_id, 3)
        others = tmp_path / "ledgers" / ("bob" if victim == "alice" else "alice")
        assert set((others / "ledger").read_text().splitlines()) == {"1 1", "2 2"}
