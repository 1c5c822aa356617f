# SPDX-License-Identifier: MIT
"""The streams by which rooms are found, and how members without a connection are told of each
other."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import pytest

from goop_node.types import NetworkError, Peer
from goop_realtime.driver import find_streams, introductions
from goop_realtime.driver.find_streams import QUEUED, WAITING, FindStreams
from goop_realtime.driver.streams import Steps
from goop_realtime.rooms.find_lines import FIND_PROTOCOL, WhichRooms
from goop_realtime.rooms.forms import serialise
from goop_realtime.rooms.missing import Missing
from goop_realtime.rooms.where_lines import IsAt, WhereIs

ADDRS = ("/ip4/192.0.2.7/tcp/4001",)
A, B = (serialise(WhichRooms(context=one)) for one in "ab")
BAD = b'{"type":"seek"}'
"""A line that is for the machine to refuse."""
CAROL = Peer(peer_id="carol", label="", online=True, connected=False, last_seen_ms=0, addrs=ADDRS)


class Stream:
    """One end of a stream, as a driver sees it."""

    def __init__(self, peer_id: str) -> None:
        self.peer_id = peer_id
        self.written: list[bytes] = []
        self.queued = 0
        self.over = ""
        self.said = asyncio.Event()

    def start(self, on_lines: Callable[[list[bytes]], None], on_end: Callable[[str], None]) -> None:
        self.lines, self._ended = on_lines, on_end

    def write(self, line: bytes) -> None:
        self.written.append(line)
        self.said.set()

    def close(self) -> None:
        self._end("closed")

    def reset(self) -> None:
        self._end("reset")

    def _end(self, code: str) -> None:
        if not self.over:
            self.over = code
            self._ended(code)


class World:
    """A node's streams, over a network that does as it is told, below a machine that listens."""

    def __init__(self) -> None:
        self.opened: list[Stream] = []
        self.failure = ""
        self.held: asyncio.Event | None = None
        self.heard: list[tuple[str, bytes]] = []
        self.met: list[tuple[str, Sequence[str], str]] = []
        self.noted: list[str] = []
        self.missing: list[Missing] = []
        self.peers = {"carol": CAROL}
        self._tasks: set[asyncio.Task[None]] = set()
        rooms = SimpleNamespace(
            found=self._found,
            missing=lambda now: self.missing,
            members=lambda handle: ("alice", "bob", "carol") if handle.startswith("room-") else (),
        )
        engine: Any = SimpleNamespace(rooms=rooms, note=self._note)
        node: Any = SimpleNamespace(network=self, peers=self.peers)
        steps = Steps(lambda: None, lambda: None, lambda: None)
        self.streams = FindStreams(node, engine, steps, self._spawn)

    def _found(self, now: int, peer: str, raw: bytes) -> bool:
        self.heard.append((peer, raw))
        return raw != BAD

    def _note(self, now: int, hop: str, code: str, channel: str = "", detail: str = "") -> None:
        self.noted.append(code)

    def _spawn(self, work: Any) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def open_stream(
        self, peer_id: str, protocols: Sequence[str], *, timeout_ms: int = 0
    ) -> Stream:
        assert protocols == [FIND_PROTOCOL]
        if self.held is not None:
            await self.held.wait()
        if self.failure:
            raise NetworkError(self.failure, "no")
        self.opened.append(Stream(peer_id))
        return self.opened[-1]

    async def meet(self, peer_id: str, addrs: Sequence[str], *, told_by: str) -> None:
        self.met.append((peer_id, addrs, told_by))
        raise NetworkError("unreachable", "nobody there")

    async def settle(self) -> None:
        while self._tasks:
            await asyncio.gather(*self._tasks)


@pytest.fixture
async def world() -> Any:
    made = World()
    yield made
    made.streams.close()


@contextmanager
def inbound(world: World, peer: str) -> Iterator[Stream]:
    stream = Stream(peer)
    world.streams.inbound(stream)
    yield stream


async def test_one_stream_is_opened_for_all_lines(world: World) -> None:
    world.held = asyncio.Event()
    for number in range(3):
        world.streams.send("bob", b"%d" % number)
    world.held.set()
    await world.settle()
    world.streams.send("bob", b"3")
    assert [one.written for one in world.opened] == [[b"0", b"1", b"2", b"3"]]


async def test_what_waits_for_a_stream_is_bounded_and_the_newest(world: World) -> None:
    world.held = asyncio.Event()
    for number in range(WAITING + 5):
        world.streams.send("bob", b"%d" % number)
    world.held.set()
    await world.settle()
    assert world.opened[0].written == [b"%d" % number for number in range(5, WAITING + 5)]


async def test_the_stream_of_the_other_side_serves_both(world: World) -> None:
    with inbound(world, "bob") as stream:
        stream.lines([A, B])
        world.streams.send("bob", b"answer")
    assert (stream.written, world.opened) == ([b"answer"], [])
    assert world.heard == [("bob", A), ("bob", B)]


async def test_streams_that_cross_are_both_read(world: World) -> None:
    world.streams.send("bob", b"mine")
    await world.settle()
    with inbound(world, "bob") as theirs:
        theirs.lines([A])
        world.opened[0].lines([B])
    assert [raw for _, raw in world.heard] == [A, B]
    world.opened[0].close()
    world.streams.send("bob", b"again")
    assert theirs.written == [b"again"]


async def test_a_newer_stream_of_a_peer_replaces_its_older_one(world: World) -> None:
    with inbound(world, "bob") as older, inbound(world, "bob") as newer:
        world.streams.send("bob", b"x")
    assert (older.over, newer.over, newer.written) == ("reset", "", [b"x"])


async def test_a_peer_that_cannot_be_reached_is_not_dialled_at_every_line(world: World) -> None:
    world.failure = "unreachable"
    world.streams.send("bob", b"lost")
    await world.settle()
    world.failure = ""
    world.streams.send("bob", b"lost, too")
    await world.settle()
    assert world.opened == []
    world.streams.connected("bob")
    world.streams.send("bob", b"there")
    await world.settle()
    assert [one.written for one in world.opened] == [[b"there"]]


async def test_a_malformed_line_ends_the_stream(world: World) -> None:
    for bad in (BAD, b"[", b'{"type":"where","room":7}'):
        with inbound(world, "bob") as stream:
            stream.lines([A, bad, B])
        assert stream.over == "reset"
    assert B not in [raw for _, raw in world.heard]


async def test_who_reads_nothing_loses_lines(world: World) -> None:
    with inbound(world, "bob") as stream:
        stream.queued = QUEUED + 1
        world.streams.send("bob", b"x")
    assert stream.written == []


async def test_a_stream_that_nobody_uses_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(find_streams, "IDLE_SECONDS", 0.01)
    world = World()
    world.streams.send("bob", b"x")
    await world.settle()
    over = asyncio.Event()
    world.opened[0].lines, ended = (lambda raws: None), world.opened[0]._ended
    world.opened[0]._ended = lambda code: (ended(code), over.set())  # type: ignore[func-returns-value]
    async with asyncio.timeout(10):
        await over.wait()
    assert world.opened[0].over == "closed"
    world.streams.close()


# Where others are


@pytest.fixture
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(introductions, "LOOK_SECONDS", 0.01)


async def test_a_neighbour_is_asked_where_somebody_is(soon: None) -> None:
    world = World()
    world.missing = [Missing("app/lobby", "carol", ("bob",))]
    with inbound(world, "bob") as bob:
        async with asyncio.timeout(10):
            await bob.said.wait()
        assert bob.written[0] == serialise(WhereIs(room="app/lobby", peer="carol"))
        bob.lines([serialise(IsAt(peer="carol", addrs=list(ADDRS)))])
        await world.settle()
        assert world.met == [("carol", list(ADDRS), "bob")]
        assert world.noted == ["unreachable"]
    world.streams.close()


async def test_nobody_is_dialled_unasked(world: World) -> None:
    with inbound(world, "bob") as bob:
        bob.lines([serialise(IsAt(peer="carol", addrs=list(ADDRS)))])
        await world.settle()
    assert (world.met, bob.over) == ([], "")


async def test_a_member_says_where_another_one_is(world: World) -> None:
    with inbound(world, "bob") as bob:
        question = serialise(WhereIs(room="app/lobby", peer="carol"))
        bob.lines([question])
        assert bob.written == [serialise(IsAt(peer="carol", addrs=list(ADDRS)))]
        bob.lines([question])
        assert len(bob.written) == 1, "asked twice at once, answered once"
        bob.lines([serialise(WhereIs(room="app/lobby", peer="dave"))])
        assert len(bob.written) == 1, "no member, or never seen"
    assert world.heard == []
