# SPDX-License-Identifier: MIT
"""A connection is taken from the library as a whole, or stays with it."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from noise.exceptions import NoiseMaxNonceError  # type: ignore[import-untyped]

from goop_node.p2p import muxers
from goop_node.p2p.data_path import takeover
from goop_node.p2p.data_path.muxer import DirectYamux
from goop_node.p2p.data_path.takeover import Secured, Unknown
from goop_node.p2p.guest import Guest
from goop_node.p2p.service import P2P
from goop_node.p2p.yamux_guard import GuardedYamux
from tests.node.test_network_limits import ECHO, Echoed, node


def muxed(p2p: P2P) -> list[Any]:
    """A node's connections as its library has them."""
    host: Any = p2p.network.host
    return [one.muxed_conn for one in host._host.get_network().get_connections()]


async def talk(alice: P2P, bob: P2P) -> None:
    """Bob connects with Alice, and both say much."""
    await bob.add_peer(alice.network.addrs[0])
    friend = Echoed(await bob.network.open_stream(alice.network.peer_id, [ECHO]))
    await friend.carry(b"x" * 60_000, 50)
    assert await friend.works()


async def test_the_library_cannot_use_what_was_taken(tmp_path: Path) -> None:
    async with node(tmp_path, "alice") as alice, node(tmp_path, "bob") as bob:
        await talk(alice, bob)
        for conn in muxed(alice) + muxed(bob):
            assert type(conn) is DirectYamux
            transport = conn.secured_conn.conn
            with pytest.raises(NoiseMaxNonceError):
                transport.encrypt(b"x")
            with pytest.raises(NoiseMaxNonceError):
                transport.decrypt(b"x" * 20)
            raw = transport.read_writer.read_write_closer.below
            assert raw.stream.stream.socket.fileno() == -1
            assert conn.get_remote_address()[0] == "127.0.0.1"


@contextmanager
def drift(conn: Any, path: str) -> Iterator[None]:
    """The library has another attribute there, or none."""
    *way, name = path.split(".")
    for step in way:
        conn = getattr(conn, step)
    before = getattr(conn, name)
    setattr(conn, name, object())
    try:
        yield
    finally:
        setattr(conn, name, before)


NEEDED = [
    *("conn", "conn.noise_state", "conn.noise_state.noise_protocol.cipher_state_encrypt"),
    *("conn.noise_state.noise_protocol.cipher_state_decrypt.cipher.cipher", "conn.read_writer"),
    *("conn.read_writer.read_write_closer", "buf", "conn.read_writer.read_write_closer._conn"),
    *("conn.noise_state.noise_protocol.cipher_state_encrypt.n", "conn.noise_state.noise_protocol"),
    "conn.read_writer.read_write_closer.below.stream",
    "conn.read_writer.read_write_closer.below.stream.stream",
]


async def test_what_is_not_as_known_is_not_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused: dict[str, list[str]] = {path: [] for path in NEEDED}

    class Looked(Secured):
        def __init__(self, conn: Any) -> None:
            for path, why in refused.items():
                with drift(conn, path):
                    try:
                        Secured(conn)
                    except Unknown as error:
                        why.append(str(error))
            super().__init__(conn)  # nothing has changed

    monkeypatch.setattr(muxers, "Secured", Looked)
    async with node(tmp_path, "alice") as alice, node(tmp_path, "bob") as bob:
        await talk(alice, bob)
        assert {type(one) for one in muxed(alice) + muxed(bob)} == {DirectYamux}
    assert all(refused.values()), refused


async def test_where_it_is_not_the_stock_way_is_taken_and_said_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def unlike(kind: type, one: Any) -> Any:
        raise Unknown("SecureSession has another face")

    async with node(tmp_path, "carol") as carol:  # who has it as known
        monkeypatch.setattr(takeover, "_exactly", unlike)
        with caplog.at_level(logging.WARNING):
            async with node(tmp_path, "alice") as alice, node(tmp_path, "bob") as bob:
                await talk(alice, bob)
                assert {type(one) for one in muxed(alice) + muxed(bob)} == {GuardedYamux}
                told = [one for one in caplog.messages if "SecureSession has another" in one]
                assert len(told) == 2  # one of each node
                monkeypatch.undo()
                await carol.add_peer(alice.network.addrs[0])
                friend = Echoed(await carol.network.open_stream(alice.network.peer_id, [ECHO]))
                await friend.carry(b"y" * 60_000, 50)


async def test_nothing_is_left_of_a_connection_that_has_ended(tmp_path: Path) -> None:
    async with node(tmp_path, "alice") as alice:
        host: Any = alice.network.host
        its = host._host.get_network().upgrader.muxer_multistream
        async with node(tmp_path, "bob") as bob:
            await talk(alice, bob)
            (conn,) = muxed(alice)
            stream = await bob.network.open_stream(alice.network.peer_id, [ECHO])
            ends = Echoed(stream)
            assert await ends.works()
            conn.hang_up()
            await ends.over.wait()
            assert ends.ended in ("lost", "eof", "reset")
        guest = alice.network.guest
        assert isinstance(guest, Guest)
        await guest.run(conn.event_closed.wait)
        assert (conn.streams, its.budget.held, conn.is_closed) == ({}, 0, True)
