# SPDX-License-Identifier: MIT
"""Of peers that came, did what peers do, and went, nothing is left in any collection."""

from __future__ import annotations

import asyncio
from pathlib import Path

from goop_node.p2p.presence import EXPIRY
from tests.hostile.stranger import stranger
from tests.limits import HANG
from tests.node.census import mentions
from tests.node.test_network_limits import ECHO, node

PEERS = 12


async def test_nothing_is_left_of_who_has_gone(tmp_path: Path) -> None:
    async with node(tmp_path, "alice") as alice:
        address = alice.network.addrs[0]

        async def come_and_go() -> str:
            async with stranger(address) as one:
                await one.says(content="here")
                await one.says(type="update", content="still here")
                stream = await one.open(ECHO)
                await one.write(stream, b"a line\nand the beginning of anoth")
                await one.open_bare()
                async with asyncio.timeout(HANG):
                    while not alice.peers.is_discovered(one.peer_id):  # noqa: ASYNC110
                        await asyncio.sleep(0.01)
                assert len(mentions({one.peer_id}, *alice.network.running())) > 5
                return one.peer_id

        names = set(await asyncio.gather(*(come_and_go() for _ in range(PEERS))))
        _, host = alice.network.running()
        left = ["not looked yet"]
        for _ in range(200):
            last = max((peer.last_seen_ms for peer in alice.peers.all()), default=0) / 1000
            if not any(peer.connected for peer in alice.peers.all()):
                alice.peers.expire(last + EXPIRY + 1)
                alice.peers.expire(last + EXPIRY + 2)
            left = mentions(names, host, alice)
            if not left:
                break
            await asyncio.sleep(0.1)
        assert left == []
