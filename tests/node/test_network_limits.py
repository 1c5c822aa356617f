# SPDX-License-Identifier: MIT
"""A peer that takes more than it was granted harms itself only."""

from __future__ import annotations

import asyncio
import resource
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from goop_node.goop2.exchanges import exchanges
from goop_node.p2p import limits
from goop_node.p2p.held import Account, Budget
from goop_node.p2p.identity import Identity
from goop_node.p2p.service import P2P
from goop_node.types import LineStream, StreamHandler
from tests.interop.driven import Driven
from tests.limits import HANG
from tests.node.census import held, largest

HOSTILE = Path(__file__).with_name("hostile.py")
DEAF = "/test/deaf"
ECHO = "/test/echo"
LISTEN = ["/ip4/127.0.0.1/tcp/0"]


def echo(stream: LineStream) -> None:
    """Give every line back."""

    def on_lines(lines: list[bytes]) -> None:
        for line in lines:
            stream.write(line)

    stream.start(on_lines, lambda code: None)


@asynccontextmanager
async def node(folder: Path, name: str, peers: Sequence[str] = ()) -> AsyncIterator[P2P]:
    """The libp2p side of a node that answers ``ECHO`` and Goop², not reading ``DEAF``."""
    p2p = P2P(
        identity=Identity.load_or_create(folder / f"{name}.key"),
        listen=LISTEN,
        peers=peers,
        label=lambda: name,
        data=folder / name,
    )
    (folder / name).mkdir(exist_ok=True)
    p2p.handle(StreamHandler(protocol=DEAF, handle=lambda stream: None))
    p2p.handle(StreamHandler(protocol=ECHO, handle=echo))
    for exchange in exchanges(lambda: name, lambda: None):
        p2p.handle(exchange)
    await p2p.start()
    try:
        yield p2p
    finally:
        await p2p.stop()


class Echoed:
    """A friend's stream that goes on through everything."""

    def __init__(self, stream: LineStream) -> None:
        self._stream = stream
        self._heard: asyncio.Queue[bytes] = asyncio.Queue()
        self.ended = ""
        self.over = asyncio.Event()
        stream.start(self._on_lines, self._on_end)

    def _on_lines(self, lines: list[bytes]) -> None:
        for line in lines:
            self._heard.put_nowait(line)

    def _on_end(self, code: str) -> None:
        self.ended = code
        self.over.set()

    async def carry(self, line: bytes, count: int) -> None:
        """Send so many lines as fast as they go, and get all of them back."""
        for _ in range(count):
            self._stream.write(line)
        async with asyncio.timeout(HANG):
            for _ in range(count):
                assert await self._heard.get() == line

    async def works(self) -> bool:
        """Whether a line still comes back."""
        self._stream.write(b"still here")
        async with asyncio.timeout(HANG):
            return await self._heard.get() == b"still here" and not self.ended


@asynccontextmanager
async def attacked(
    folder: Path, what: str, protocol: str = DEAF
) -> AsyncIterator[tuple[Driven, Echoed, P2P]]:
    """Alice with Bob's stream, and a hostile peer that has begun."""
    async with node(folder, "alice") as alice, node(folder, "bob") as bob:
        address = alice.network.addrs[0]
        await bob.add_peer(address)
        friend = Echoed(await bob.network.open_stream(alice.network.peer_id, [ECHO]))
        assert await friend.works()
        command = [sys.executable, str(HOSTILE), what, address, protocol]
        async with Driven.start(command, folder) as hostile:
            yield hostile, friend, alice


def peak() -> int:
    """The most memory this process ever held, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


async def test_who_keeps_to_the_window_is_never_cut(tmp_path: Path) -> None:
    async with node(tmp_path, "alice") as alice, node(tmp_path, "bob") as bob:
        await bob.add_peer(alice.network.addrs[0])
        friend = Echoed(await bob.network.open_stream(alice.network.peer_id, [ECHO]))
        await friend.carry(b"x" * 100_000, 320)
        assert await friend.works()


async def test_a_flood_beyond_the_window_ends_its_connection(tmp_path: Path) -> None:
    async with attacked(tmp_path, "flood") as (hostile, friend, _):
        before = peak()
        cut = await hostile.event("cut")
        assert cut["sent"] < 32 * 1024 * 1024
        assert await friend.works()
        assert peak() - before < 64


async def test_what_is_left_on_closed_streams_is_bounded(tmp_path: Path) -> None:
    async with attacked(tmp_path, "leftovers") as (hostile, friend, _):
        before = peak()
        await hostile.event("cut")
        assert await friend.works()
        assert peak() - before < 96


async def test_streams_beyond_the_limit_are_refused(tmp_path: Path) -> None:
    async with attacked(tmp_path, "streams") as (hostile, friend, _):
        opened = await hostile.event("opened")
        assert 0 < opened["streams"] <= limits.MAX_STREAMS
        assert await friend.works()


async def test_connections_beyond_the_limit_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "INBOUND", 6)
    async with attacked(tmp_path, "connections") as (hostile, friend, alice):
        connected = await hostile.event("connected")
        assert connected["hosts"] == 5  # Bob's is the sixth
        assert await friend.works()
        async with node(tmp_path, "carol") as carol:
            carols = await alice.add_peer(carol.network.addrs[0])
            assert carols.connected


async def test_gossip_is_neither_kept_nor_passed_on_beyond_its_bounds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "GOSSIP_RATE", 2**24)  # the bounds, not the pace
    async with (
        attacked(tmp_path, "gossip") as (hostile, friend, alice),
        node(tmp_path, "carol", [alice.network.addrs[0]]) as carol,
    ):
        hosts = [one.network.host for one in (alice, carol)]
        before = [held(one) for one in hosts]
        assert (await hostile.event("done"))["connected"]
        assert await friend.works()
        for host, was in zip(hosts, before, strict=True):
            assert held(host) - was < 6 * 1024 * 1024, largest(host)
        assert alice.network.host is hosts[0], "its side of libp2p never ended"


def budget(p2p: P2P) -> Budget:
    """What the node itself accounts."""
    host: Any = p2p.network.host
    found: Budget = host._host.get_network().upgrader.muxer_multistream.budget
    return found


async def test_lines_without_an_end_have_one_budget_for_all_connections(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "HELD_EACH", 3_000_000)
    monkeypatch.setattr(limits, "HELD_ALL", 5_000_000)
    most = 0
    change = Account._change

    def watched(account: Account, stream: int, size: int) -> None:
        nonlocal most
        most = max(most, account._budget.held)
        change(account, stream, size)

    monkeypatch.setattr(Account, "_change", watched)
    async with attacked(tmp_path, "unfinished", ECHO) as (hostile, friend, alice):
        assert (await hostile.event("sent"))["sent"] > 10_000_000
        assert await friend.works()
        assert 2_000_000 < most <= limits.HELD_ALL + limits.MAX_WINDOW
        account = budget(alice)
        assert account.held <= limits.HELD_ALL
    assert account.held == 0


@pytest.mark.soak
async def test_ten_strangers_with_unfinished_lines_take_no_more_memory_than_one_budget(
    tmp_path: Path,
) -> None:
    async with attacked(tmp_path, "unfinished_by_ten", ECHO) as (hostile, friend, alice):
        before = peak()
        async with asyncio.timeout(300):
            await hostile.event("sent")
        assert await friend.works()
        assert budget(alice).held <= limits.HELD_ALL
        assert peak() - before < 2 * limits.HELD_ALL // 2**20


async def test_what_a_negotiation_announces_is_not_gathered(tmp_path: Path) -> None:
    async with attacked(tmp_path, "announced") as (hostile, friend, alice):
        before = held(alice.network.host)
        await hostile.event("sent")
        assert await friend.works()
        assert held(alice.network.host) - before < 3 * 1024 * 1024


async def test_a_stream_has_its_first_line_soon(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "FIRST_LINE_SECONDS", 0.3)
    monkeypatch.setattr(limits, "LINE_SECONDS", 0.6)
    ends: asyncio.Queue[str] = asyncio.Queue()
    async with node(tmp_path, "alice") as alice, node(tmp_path, "bob") as bob:
        await bob.add_peer(alice.network.addrs[0])
        for beginning in (None, b"a line", b"a line\nand the beginning of another"):
            stream: Any = await bob.network.open_stream(alice.network.peer_id, [ECHO])
            if beginning is not None:
                stream._core.write(beginning)
            stream.start(lambda lines: None, ends.put_nowait)
            async with asyncio.timeout(HANG):
                assert await ends.get() in ("reset", "eof")
        silent = Echoed(await bob.network.open_stream(alice.network.peer_id, [ECHO]))
        assert await silent.works()
        await asyncio.sleep(1.0)  # between lines there is all the time in the world
        assert await silent.works()
