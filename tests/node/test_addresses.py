# SPDX-License-Identifier: MIT
"""Which addresses are remembered: those at which a peer answers, or that it tells itself."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from goop_node.p2p import names
from goop_node.testing import start_node
from goop_node.testing.ports import free_port
from goop_node.types import NetworkError
from tests.limits import HANG
from tests.node.page import wait_until_discovered
from tests.node.test_network_limits import ECHO, Echoed, node
from tests.unit.name_server import name_server


def remembered(folder: Path, name: str) -> dict[str, list[str]]:
    """What a node has in its file of friends."""
    kept: dict[str, list[str]] = json.loads((folder / name / "friends.json").read_text())
    return kept


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
        nobody = f"/ip4/127.0.0.1/tcp/{free_port()}/p2p/{peer_id}"
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


@pytest.mark.parametrize("kind", ["dns4", "dns", "dnsaddr"])
async def test_a_friend_is_found_by_name(
    tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By what a person pastes at home, and by what the next start knows of it."""
    async with node(tmp_path, "alice") as alice:
        peer_id, port = alice.network.peer_id, alice.network.addrs[0].split("/")[4]
        records = {"_dnsaddr.friend.test": [f"dnsaddr={alice.network.addrs[0]}"]}
        place = "friend.test" if kind == "dnsaddr" else f"localhost/tcp/{port}"
        address = f"/{kind}/{place}/p2p/{peer_id}"
        with name_server(records) as asking:
            monkeypatch.setattr(names, "resolver", lambda: asking)
            async with node(tmp_path, "bob") as bob:
                assert (await bob.add_peer(address)).connected
            assert remembered(tmp_path, "bob") == {peer_id: [address]}
            async with node(tmp_path, "bob") as bob:
                friend = Echoed(await bob.network.open_stream(peer_id, [ECHO]))
                assert await friend.works()
            async with node(tmp_path, "carol", [address]) as carol:
                assert await Echoed(await carol.network.open_stream(peer_id, [ECHO])).works()


@pytest.mark.parametrize("mover", ["alice", "bob"])
async def test_who_came_back_elsewhere_is_found_again(tmp_path: Path, mover: str) -> None:
    """Bob names Alice; each tells the other where it is, so that either may move."""
    alice = await asyncio.to_thread(start_node, tmp_path / "alice")
    bob = await asyncio.to_thread(start_node, tmp_path / "bob", peer=alice)
    try:
        await wait_until_discovered(alice, bob)
        moved = alice if mover == "alice" else bob
        async with asyncio.timeout(HANG):
            while not (tmp_path / mover / "seen.json").exists():  # noqa: ASYNC110 - a file
                await asyncio.sleep(0.1)
        await asyncio.to_thread(moved.stop)
        before = moved.addrs
        moved.listen_at(f"/ip4/127.0.0.1/tcp/{free_port()}")
        await asyncio.to_thread(moved.start)
        assert moved.addrs != before
        await wait_until_discovered(alice, bob)
    finally:
        await asyncio.to_thread(bob.stop)
        await asyncio.to_thread(alice.stop)


async def test_a_peer_is_met_where_another_one_says_it_is(tmp_path: Path) -> None:
    async with node(tmp_path, "alice") as alice, node(tmp_path, "bob") as bob:
        peer_id = alice.network.peer_id
        nobody = [f"/ip4/127.0.0.1/tcp/{free_port()}", "/dns4/localhost/tcp/80", "?"]
        with pytest.raises(NetworkError) as failure:
            await bob.network.meet(peer_id, nobody, told_by="carol")
        assert failure.value.code == "refused"
        await bob.network.meet(peer_id, [*nobody, alice.network.addrs[0]], told_by="dave")
        found = bob.peers.get(peer_id)
        assert found is not None
        assert found.connected
        assert remembered_or_none(tmp_path, "bob") == {}, "nobody has named it"
        assert await Echoed(await bob.network.open_stream(peer_id, [ECHO])).works()


def remembered_or_none(folder: Path, name: str) -> dict[str, list[str]]:
    """What a node has in its file of friends, if it has one."""
    return remembered(folder, name) if (folder / name / "friends.json").exists() else {}
