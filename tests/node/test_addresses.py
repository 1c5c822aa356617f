# SPDX-License-Identifier: MIT
"""Only an address at which the friend answers is remembered."""

from __future__ import annotations

import json
import socket
from pathlib import Path

import pytest

from goop_node.types import NetworkError
from tests.node.test_network_limits import ECHO, Echoed, node


def remembered(folder: Path, name: str) -> dict[str, list[str]]:
    """What a node has in its file of friends."""
    kept: dict[str, list[str]] = json.loads((folder / name / "friends.json").read_text())
    return kept


def unused_port() -> int:
    """A port on which nothing listens."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port


async def test_a_wrong_address_of_a_connected_friend_is_told_and_forgotten(tmp_path: Path) -> None:
    async with (
        node(tmp_path, "alice") as alice,
        node(tmp_path, "bob") as bob,
        node(tmp_path, "carol") as carol,
    ):
        right = alice.network.addrs[0]
        peer_id = alice.network.peer_id
        await bob.add_peer(right)
        friend = Echoed(await bob.network.open_stream(peer_id, [ECHO]))
        nobody = f"/ip4/127.0.0.1/tcp/{unused_port()}/p2p/{peer_id}"
        carols = f"{carol.network.addrs[0].partition('/p2p/')[0]}/p2p/{peer_id}"
        for wrong, code in ((nobody, "refused"), (carols, "wrong_id")):
            with pytest.raises(NetworkError) as failure:
                await bob.add_peer(wrong)
            assert failure.value.code == code
            assert remembered(tmp_path, "bob") == {peer_id: [right]}
        assert await friend.works()


async def test_the_right_address_again_is_no_mistake(tmp_path: Path) -> None:
    async with node(tmp_path, "alice") as alice, node(tmp_path, "bob") as bob:
        right, peer_id = alice.network.addrs[0], alice.network.peer_id
        await bob.add_peer(right)
        friend = Echoed(await bob.network.open_stream(peer_id, [ECHO]))
        assert (await bob.add_peer(right)).connected
        assert remembered(tmp_path, "bob") == {peer_id: [right]}
        assert await friend.works()
