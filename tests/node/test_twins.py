# SPDX-License-Identifier: MIT
"""A data folder was copied: both nodes say so, the later one goes, and a restart is no copy."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from goop_node.p2p import P2P
from goop_node.types import NetworkError
from tests.hostile.stranger import stranger
from tests.node.test_network_limits import ECHO, Echoed, node
from tests.node.test_presence_again import online, until


def copied(folder: Path) -> Path:
    """A folder in which Alice's identity is used a second time."""
    (folder / "copy").mkdir()
    shutil.copy(folder / "alice.key", folder / "copy" / "alice.key")
    return folder / "copy"


def introduced(one: P2P, other: P2P) -> bool:
    """Whether ``one`` has heard which run of the other this is."""
    return other.network.peer_id in one._twins._witness


async def test_the_copy_goes_and_both_know_why(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with node(tmp_path, "bob") as bob, node(tmp_path, "alice") as alice:
        await alice.add_peer(bob.network.addrs[0])
        stream = Echoed(await bob.network.open_stream(alice.network.peer_id, [ECHO]))
        assert await stream.works()
        async with node(copied(tmp_path), "alice", peers=[bob.network.addrs[0]]) as copy:
            await until(lambda: copy.state == "offline" and copy.network.host is None)
            await until(lambda: alice.notice is not None)
            assert copy.error is not None
            assert "earlier" in copy.error
            assert "later" in str(alice.notice)
            assert alice.network.peer_id in caplog.text
            assert bob.notice is None
            with pytest.raises(NetworkError, match="not running"):
                await copy.network.open_stream(bob.network.peer_id, [ECHO])
            assert not [peer for peer in copy.peers.all() if peer.connected]
            assert alice.state == "online"
            assert await stream.works()
            await until(lambda: not bob.twice)


async def test_a_restart_and_a_second_connection_are_no_copy(tmp_path: Path) -> None:
    async with node(tmp_path, "bob") as bob:
        for _ in range(3):
            async with node(tmp_path, "alice", peers=[bob.network.addrs[0]]) as alice:
                await bob.add_peer(alice.network.addrs[0])
                await online(alice, bob)
                await until(lambda: introduced(bob, alice))
                assert alice.notice is alice.error is None
                assert not bob.twice


async def test_what_a_witness_may_not_say(tmp_path: Path) -> None:
    async with node(tmp_path, "alice") as alice, stranger(alice.network.addrs[0]) as one:
        stream = await one.open("/goop-node/twin/1.0.0")
        await one.write(stream, b'{"type":"other","run":"' + b"a" * 32 + b'"}\n')
        await until(lambda: one.peer_id not in alice._twins._witness)
        assert alice.state == "online"
