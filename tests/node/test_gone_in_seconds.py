# SPDX-License-Identifier: MIT
"""A node that was stopped or killed does not count as online: long before its presence expires."""

from __future__ import annotations

import asyncio
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from goop_node.p2p import peers
from goop_node.testing import start_node
from goop_node.types import PeerEvent
from tests.limits import HANG
from tests.node.test_network_limits import node


@pytest.mark.parametrize("how", ["stop", "kill"])
async def test_who_was_stopped_is_offline(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    monkeypatch.setattr(peers, "EXPIRY", 10 * HANG)
    async with node(tmp_path, "alice") as alice:
        at: Any = SimpleNamespace(addrs=alice.network.addrs)
        bob = await asyncio.to_thread(start_node, tmp_path / "bob", peer=at)
        states: asyncio.Queue[bool] = asyncio.Queue()

        def look(event: PeerEvent) -> None:
            if event.peer.peer_id == bob.peer_id:
                known = alice.peers.get(bob.peer_id)
                states.put_nowait(known is not None and known.online)

        alice.peers.subscribe(look)
        try:
            async with asyncio.timeout(HANG):
                while not _is_here(alice.peers, bob.peer_id):
                    await states.get()
            await asyncio.to_thread(getattr(bob, how))
            async with asyncio.timeout(HANG):
                while await states.get():
                    pass
            assert not _is_here(alice.peers, bob.peer_id)
        finally:
            await asyncio.to_thread(bob.stop)


def _is_here(table: peers.PeerTable, peer_id: str) -> bool:
    peer = table.get(peer_id)
    return peer is not None and peer.online and peer.connected
