# SPDX-License-Identifier: MIT
"""A context's ``on_commit`` runs at least once per message, whenever the node is killed."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from goop_node.testing import NodeProcess, start_node
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
        patch.setenv("PYTHONPATH", str(PLUGINS), prepend=":")
        patch.setenv("LEDGERS", str(tmp_path / "ledgers"))
        alice = start_node(tmp_path / "alice", config)
        bob = start_node(tmp_path / "bob", config, peer=alice)
        asyncio.run(wait_until_discovered(alice, bob))
        yield alice, bob
        bob.stop()
        alice.stop()


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
        (folder / "kill").touch()
        sender = b if victim == "alice" else a
        await sender.send(channel, {"type": "entry", "n": 2})
        await asyncio.to_thread(killed.process.wait, 20)
        assert (folder / "ledger").read_text().splitlines() == ["1 1"]
        await asyncio.to_thread(killed.start)
        # Before anybody is told: the page of the restarted node comes after it.
        assert set((folder / "ledger").read_text().splitlines()) == {"1 1", "2 2"}
        await sender.frame("receipt", channel=channel, stage="delivered")
        others = tmp_path / "ledgers" / ("bob" if victim == "alice" else "alice")
        assert set((others / "ledger").read_text().splitlines()) == {"1 1", "2 2"}
