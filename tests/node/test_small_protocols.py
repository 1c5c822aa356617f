# SPDX-License-Identifier: MIT
"""One request and one answer on a stream of its own: who gets it, and what it may take."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from libp2p.network.stream.exceptions import StreamError

from goop_node.exchange import Exchange
from goop_node.goop2.exchanges import exchanges
from goop_node.p2p import P2P, limits
from goop_node.p2p.identity import Identity
from goop_node.p2p.proposing import proposal
from tests.hostile.attacks import OWN_FAULTS
from tests.hostile.stranger import Stranger, stranger
from tests.limits import HANG
from tests.node.test_network_limits import LISTEN

CONTENT = "/goop/content/1.0.0"
DOCS = "/goop/docs/1.0.0"
BIG = "/test/big"
FAILING = "/test/failing"
LARGE = b"x" * limits.ANSWER_BURST


ASKED = asyncio.Event()


def large(request: bytes) -> bytes:
    """As much as a peer may ask for at once."""
    ASKED.set()
    return LARGE


def fail(request: bytes) -> bytes:
    """As an answer with a mistake in it."""
    raise ValueError("a mistake")


@asynccontextmanager
async def asked(
    folder: Path, *, label: str = "Alice", friends_only: bool = False
) -> AsyncIterator[tuple[P2P, Stranger]]:
    """The libp2p side of a node, and a stranger who is connected with it."""
    p2p = P2P(
        identity=Identity.load_or_create(folder / "alice.key"),
        listen=LISTEN,
        peers=(),
        label=lambda: label,
        data=folder,
        reachable_by="friends" if friends_only else None,
    )
    for one in exchanges(lambda: label, lambda: None):
        p2p.handle(one)
    p2p.handle(Exchange(protocol=BIG, answer=large))
    p2p.handle(Exchange(protocol=FAILING, answer=fail))
    await p2p.start()
    try:
        async with stranger(p2p.network.addrs[0]) as one:
            yield p2p, one
    finally:
        await p2p.stop()


async def answer(one: Stranger, protocol: str, said: bytes = b"", *, ends: bool = False) -> bytes:
    """What comes back until the node ends its side, or breaks off."""
    stream = await one.open(protocol)
    if said:
        await one.write(stream, said)
    if ends:
        await one.do(stream.close_write)
    try:
        return await rest(one, stream)
    finally:
        await one.end(stream)


async def rest(one: Stranger, stream: Any) -> bytes:
    """All that is still to come on a stream, until its end, or until it is broken off."""
    heard = b""
    with contextlib.suppress(StreamError):
        while piece := await one.do(stream.read, 1024):
            heard += piece
    return heard


async def begun(one: Stranger, protocol: str) -> Any:
    """A stream on which the protocol is proposed, without waiting for an answer."""
    stream = await one.open_bare()
    await one.write(stream, proposal(protocol))
    return stream


async def refused(one: Stranger, protocol: str, said: bytes = b"") -> bool:
    """Whether nothing comes back: the node breaks off, maybe with the connection."""
    try:
        return not await answer(one, protocol, said)
    except OWN_FAULTS:
        raise
    except Exception:
        return True


async def test_who_asks_is_told_our_name_and_the_end(tmp_path: Path) -> None:
    async with asked(tmp_path, label="Ünsal 🎲") as (_, one):
        for _ in range(3):
            assert await answer(one, CONTENT) == "Ünsal 🎲\n".encode()


async def test_who_only_looks_whether_we_are_there_may_go_without_reading(tmp_path: Path) -> None:
    async with asked(tmp_path) as (p2p, one):
        for turn in range(4 * limits.EXCHANGES):
            stream = await one.open(CONTENT)
            await one.end(stream, reset=turn % 2 == 1)
        assert await answer(one, CONTENT) == b"Alice\n"
        await no_streams(p2p)


@pytest.mark.parametrize("ends", [True, False])
async def test_a_request_ends_with_its_line_or_with_its_side(tmp_path: Path, ends: bool) -> None:
    request = b'{"op":"list","group_id":"00ff"}' + (b"" if ends else b"\n")
    async with asked(tmp_path) as (_, one):
        heard = await answer(one, DOCS, request, ends=ends)
        assert heard == b'{"ok":false,"error":"group not found"}\n'
        assert await answer(one, "/goop/listen/1.0.0", b"LISTEN x\n") == b"ERR not found\n"
        # Nothing said is no request, and answered as such.
        assert await answer(one, DOCS, ends=True) == b'{"ok":false,"error":"bad request"}\n'


async def test_a_request_that_is_too_long_is_not_read_to_its_end(tmp_path: Path) -> None:
    async with asked(tmp_path) as (p2p, one):
        assert await refused(one, DOCS, b"x" * 5000)
        assert await refused(one, DOCS, b"x" * 100_000 + b"\n")
        assert await answer(one, CONTENT) == b"Alice\n"
        await no_streams(p2p)


async def test_so_many_at_a_time_and_the_next_when_one_is_over(tmp_path: Path) -> None:
    async with asked(tmp_path) as (p2p, one):
        waiting = [await one.open(DOCS) for _ in range(limits.EXCHANGES)]
        assert await refused(one, DOCS, b"{}\n")
        assert await refused(one, CONTENT)
        await one.end(waiting.pop(), reset=True)
        async with asyncio.timeout(HANG):
            while await refused(one, CONTENT):
                pass
        for stream in waiting:
            await one.end(stream, reset=True)
        await no_streams(p2p)


async def test_what_takes_its_time_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "EXCHANGE_SECONDS", 0.05)
    ASKED.clear()
    async with asked(tmp_path) as (p2p, one):
        # Who says nothing, who does not end its side, and who does not read.
        silent, unended, unread = [await begun(one, each) for each in (DOCS, CONTENT, BIG)]
        await rest(one, silent)
        await rest(one, unended)
        async with asyncio.timeout(HANG):
            await ASKED.wait()
        await no_streams(p2p)
        for stream in (silent, unended, unread):
            await one.end(stream, reset=True)


async def test_who_asks_for_much_waits_for_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "ANSWER_RATE", 1)  # so that no while is long enough
    async with asked(tmp_path) as (_, one):
        assert await answer(one, BIG) == LARGE
        assert await refused(one, CONTENT)
        async with stranger(one.called) as other:
            assert await answer(other, CONTENT) == b"Alice\n"


async def test_a_mistake_in_an_answer_ends_its_stream_only(tmp_path: Path) -> None:
    async with asked(tmp_path) as (p2p, one):
        assert await refused(one, FAILING)
        assert await answer(one, CONTENT) == b"Alice\n"
        await no_streams(p2p)


async def test_where_friends_alone_may_ask_others_see_that_we_are_there(tmp_path: Path) -> None:
    async with asked(tmp_path, friends_only=True) as (p2p, one):
        assert await answer(one, CONTENT) == b"Alice\n"
        assert await refused(one, DOCS, b"{}\n")
        p2p.peers.name(one.peer_id)
        assert b"bad request" in await answer(one, DOCS, b"{}\n")


async def test_who_is_blocked_is_answered_nothing(tmp_path: Path) -> None:
    async with asked(tmp_path) as (p2p, one):
        assert await answer(one, CONTENT) == b"Alice\n"
        p2p.peers.block(one.peer_id)
        for each in exchanges(lambda: "", lambda: None):
            assert await refused(one, each.protocol, b"{}\n"), each.protocol


async def no_streams(p2p: P2P) -> None:
    """Wait until none is left."""
    assert p2p.network.host is not None
    swarm = p2p.network.host._host.get_network()
    async with asyncio.timeout(HANG):
        while any(one.get_streams() for one in swarm.get_connections()):  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.02)
