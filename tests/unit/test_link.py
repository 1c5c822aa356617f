# SPDX-License-Identifier: MIT
"""Packets and the socket below them: in one piece and in order, and never more than one waits."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Iterator

import pytest
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from hypothesis import given
from hypothesis import strategies as st

from goop_node.p2p.data_path import link as links
from goop_node.p2p.data_path.link import Link
from goop_node.p2p.data_path.packets import MAX_PLAIN, Packets, Unreadable
from tests.limits import HANG

KEY, OTHER = ChaCha20Poly1305(bytes(32)), ChaCha20Poly1305(bytes([1]) * 32)


def ends(sent: int = 0) -> tuple[Packets, Packets]:
    """Both ends of one connection, of which ``sent`` packets have gone there."""
    return (
        Packets(KEY.encrypt, sent, OTHER.decrypt, 0),
        Packets(OTHER.encrypt, 0, KEY.decrypt, sent),
    )


@given(
    st.lists(st.sampled_from([0, 1, 100, MAX_PLAIN]), max_size=5),
    st.lists(st.integers(1, 70_000), max_size=20),
    st.integers(0, 2**40),
)
def test_packets_are_read_however_they_are_cut(
    sizes: list[int], cuts: list[int], sent: int
) -> None:
    here, there = ends(sent)
    plain = [bytes([n]) * size for n, size in enumerate(sizes)]
    wire = b"".join(map(here.sealed, plain))
    got = b""
    while wire:
        size = cuts.pop() if cuts else len(wire)
        got += there.opened(wire[:size])
        wire = wire[size:]
    assert got == b"".join(plain)


@given(st.integers(0, 200), st.booleans())
def test_what_was_touched_or_comes_twice_is_not_read(at: int, twice: bool) -> None:
    here, there = ends()
    packet = bytearray(here.sealed(b"x" * 190))
    if twice:
        there.opened(bytes(packet))
    else:
        at = 2 + at % (len(packet) - 2)
        packet[at] ^= 1
    with pytest.raises(Unreadable):
        there.opened(bytes(packet))


@given(st.binary(max_size=200))
def test_what_nobody_has_encrypted_is_not_read(data: bytes) -> None:
    _, there = ends()
    with contextlib.suppress(Unreadable):
        assert there.opened(data) == b""  # a packet that has not come whole


class Owner:
    """Has this to send, and keeps what comes."""

    def __init__(self, to_send: bytes = b"") -> None:
        self.to_send = to_send
        self.came = bytearray()
        self.why = ""
        self.changed = asyncio.Event()

    def received(self, data: bytes) -> None:
        self.came += data
        self.changed.set()

    def take(self, room: int) -> bytes:
        data, self.to_send = self.to_send[:room], self.to_send[room:]
        return data

    def lost(self, why: str) -> None:
        assert not self.why
        self.why = why
        self.changed.set()


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    """Two connected sockets; the second one is the test's."""
    listening = socket.create_server(("127.0.0.1", 0))
    theirs = socket.create_connection(listening.getsockname())
    ours, _ = listening.accept()
    ours.setblocking(False)
    listening.close()
    theirs.settimeout(HANG)
    yield ours, theirs
    theirs.close()
    ours.close()


def linked(sock: socket.socket, owner: Owner) -> tuple[Link, Packets]:
    """A link, and the packets of its other end."""
    here, there = ends()
    return Link(asyncio.get_running_loop(), sock, here, bytearray(4096), owner), there


async def until_lost(owner: Owner) -> str:
    async with asyncio.timeout(HANG):
        while not owner.why:
            owner.changed.clear()
            await owner.changed.wait()
    return owner.why


async def test_what_was_read_ahead_comes_first(pair: tuple[socket.socket, socket.socket]) -> None:
    ours, theirs = pair
    owner = Owner()
    link, there = linked(ours, owner)
    first, second = there.sealed(b"first, "), there.sealed(b"second")
    theirs.sendall(first[9:] + second)
    link.begin(first[:9])
    async with asyncio.timeout(HANG):
        while owner.came != b"first, second":
            owner.changed.clear()
            await owner.changed.wait()
    link.close("enough")


async def test_one_packet_waits_for_a_socket_that_takes_nothing(
    pair: tuple[socket.socket, socket.socket],
) -> None:
    ours, theirs = pair
    owner = Owner(bytes(64 * 1024 * 1024))
    link, there = linked(ours, owner)
    link.begin(b"")
    link.flush()
    assert 0 < len(link._unsent) <= 2 + MAX_PLAIN + 16
    left = len(owner.to_send)
    link.flush()
    link.wake()
    await asyncio.sleep(0)
    assert len(owner.to_send) == left

    def read_all() -> int:
        size = 0
        while size < 64 * 1024 * 1024:
            size += len(there.opened(theirs.recv(1024 * 1024)))
        return size

    assert await asyncio.to_thread(read_all) == 64 * 1024 * 1024
    assert not link.closed
    link.close("enough")


async def test_a_peer_that_takes_nothing_is_given_up(
    pair: tuple[socket.socket, socket.socket], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(links, "WRITE_SECONDS", 0.0)
    owner = Owner(bytes(64 * 1024 * 1024))
    link, _ = linked(pair[0], owner)
    link.begin(b"")
    link.wake()
    assert await until_lost(owner) == "the peer takes nothing"


async def test_what_a_peer_said_before_it_went_is_heard(
    pair: tuple[socket.socket, socket.socket],
) -> None:
    ours, theirs = pair
    owner = Owner()
    link, there = linked(ours, owner)
    for n in range(5):
        theirs.sendall(there.sealed(bytes([n]) * 3000))
    theirs.close()
    link.begin(b"")
    while not link.closed:  # until the socket knows
        owner.to_send = b"to nobody"
        link.flush()
    assert len(owner.came) == 15_000


@pytest.mark.parametrize("says", [b"", b"\0\x20" + bytes(32)], ids=["the end", "rubbish"])
async def test_the_end_is_told_once(pair: tuple[socket.socket, socket.socket], says: bytes) -> None:
    ours, theirs = pair
    owner = Owner()
    link, _ = linked(ours, owner)
    link.begin(b"")
    theirs.sendall(says)
    if not says:
        theirs.close()
    await until_lost(owner)
    link.close("again")
    link.wake()
    link.flush()
    assert ours.fileno() == -1
