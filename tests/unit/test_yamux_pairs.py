# SPDX-License-Identifier: MIT
"""Two ends of yamux: whatever is done in whatever order, what is read is what was written.

The other end is ours, or py-libp2p's; and credit is what go-yamux would give.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
import trio
import trio.testing
from hypothesis import given, settings
from hypothesis import strategies as st
from libp2p.crypto.ed25519 import create_new_key_pair
from libp2p.peer.id import ID
from libp2p.stream_muxer.yamux.yamux import Yamux as LibraryYamux

from goop_node.p2p import limits
from goop_node.p2p.data_path.credit import INITIAL, ReceiveWindow
from goop_node.p2p.data_path.streams import Stream
from tests.unit.yamux_ends import End, carry, frames

PEER = ID.from_pubkey(create_new_key_pair(bytes(32)).public_key)
SIZES = st.sampled_from([0, 1, 7, 5000, 65_507, 100_000, INITIAL, INITIAL + 1, 700_000])


PATTERN = bytes(range(251)) * 3000


def pattern(start: int, size: int) -> bytes:
    """Bytes of which each is unlike the one that follows."""
    return PATTERN[start % 251 : start % 251 + size]


class Wire:
    """Bytes on their way from one end to the other."""

    def __init__(self, a: End, b: End) -> None:
        self.ends = (a, b)
        self.under_way = (bytearray(), bytearray())

    def send(self, side: int, room: int) -> bool:
        data = self.ends[side].take(room)
        self.under_way[side].extend(data)
        return bool(data)

    def deliver(self, side: int, size: int) -> None:
        data = bytes(self.under_way[side][:size])
        if data:
            del self.under_way[side][:size]
            self.ends[1 - side].receive(data)


STEPS = st.tuples(
    st.sampled_from(["open", "write", "read", "finish", "abort", "ping", "send", "deliver"]),
    st.integers(0, 1),
    st.integers(0, 5),
    SIZES,
)


@settings(max_examples=60)
@given(st.lists(STEPS, max_size=60))
def test_what_is_read_is_what_was_written(steps: list[tuple[str, int, int, int]]) -> None:
    a, b = End(True), End(False)
    wire = Wire(a, b)
    streams: tuple[dict[int, Stream], dict[int, Stream]] = ({}, {})
    written: Counter[tuple[int, int]] = Counter()
    read: Counter[tuple[int, int]] = Counter()
    touched: set[int] = set()

    def known(side: int) -> list[Stream]:
        end = wire.ends[side]
        streams[side].update((one.number, one) for one in end.accepted)
        return list(streams[side].values())

    def take_in(side: int, stream: Stream, most: int) -> None:
        start = read[1 - side, stream.number]
        data = stream.read(most)
        assert data == pattern(start, len(data))
        read[1 - side, stream.number] += len(data)

    for what, side, which, size in steps:
        end = wire.ends[side]
        end.now += 0.01
        if what == "open":
            stream = end.open()
            streams[side][stream.number] = stream
        elif what == "send":
            wire.send(side, 20_000 + size)
        elif what == "deliver":
            wire.deliver(side, size + 1)
        elif what == "ping":
            end.yamux.ping(end.now)
        elif its := known(side):
            stream = its[which % len(its)]
            if what == "write" and not stream.finishing and not stream.end:
                start = written[side, stream.number]
                stream.write(pattern(start, size))
                written[side, stream.number] += size
            elif what == "read":
                take_in(side, stream, size)
            elif what in ("finish", "abort"):
                getattr(stream, what)()
                touched |= {stream.number} if what == "abort" else set()
        for one in wire.ends:
            assert one.budget.held == sum(len(s.came) for s in one.yamux.streams.values())

    # All that is on its way arrives, and is read.
    busy = True
    while busy:
        busy = False
        for side in (0, 1):
            busy |= wire.send(side, 65_519)
            wire.deliver(side, 2**30)
            for stream in known(side):
                take_in(side, stream, -1)
    for (side, number), size in written.items():
        if number not in touched:
            assert read[side, number] == size
    for side in (0, 1):
        for stream in known(side):
            stream.finish()
    carry(a, b)
    for one in wire.ends:
        assert (one.yamux.streams, one.budget.held) == ({}, 0)


class GoWindow:
    """go-yamux 5, ``Stream.sendWindowUpdate`` and ``segmentedBuffer.GrowTo``, word by word."""

    def __init__(self, now: float) -> None:
        self.cap = self.receive_window = INITIAL
        self.length = 0
        self.epoch_start = now

    def _grow_to(self, target: int, force: bool) -> tuple[bool, int]:
        current = self.cap + self.length
        if current >= target:
            return force, 0
        delta = target - current
        if delta < target // 2 and not force:
            return False, 0
        self.cap += delta
        return True, delta

    def send_window_update(self, now: float, rtt: float) -> int:
        needed, delta = self._grow_to(self.receive_window, False)
        if not needed:
            return 0
        if rtt > 0 and now - self.epoch_start < rtt * 4:
            wider = min(self.receive_window * 2, limits.MAX_WINDOW)
            if wider > self.receive_window:
                self.receive_window = wider
                _, more = self._grow_to(wider, True)
                delta += more
        self.epoch_start = now
        return delta


@given(
    st.lists(
        st.tuples(SIZES, SIZES, st.sampled_from([0.001, 0.05, 1.0]), st.sampled_from([0.0, 0.03]))
    )
)
def test_credit_is_given_as_go_yamux_does(steps: list[tuple[int, int, float, float]]) -> None:
    ours, go = ReceiveWindow(limits.MAX_WINDOW, 0.0), GoWindow(0.0)
    now, granted, unread = 0.0, INITIAL, 0
    for comes, is_read, pause, rtt in steps:
        now += pause
        comes = min(comes, ours.left)
        ours.left -= comes
        go.cap -= comes
        unread += comes
        unread -= min(is_read, unread)
        go.length = unread
        credit = ours.grant(unread, now, rtt)
        assert credit == go.send_window_update(now, rtt)
        granted += credit
        assert (ours.left, ours.width) == (go.cap, go.receive_window)
        assert ours.left + unread <= ours.width <= limits.MAX_WINDOW
        assert 2 * (ours.left + unread) > ours.width


@pytest.mark.parametrize(("round_trip", "wide"), [(0.1, limits.MAX_WINDOW), (0.0001, INITIAL)])
def test_the_window_grows_where_the_way_is_long(round_trip: float, wide: int) -> None:
    a, b = End(True), End(False)
    b.yamux.round_trip = round_trip
    stream = a.open()
    for _ in range(30):
        stream.write(bytes(100_000))
        a.now = b.now = a.now + 0.01
        carry(a, b)
        b.accepted[0].read()
    assert b.accepted[0].window.width == wide


class Joined:
    """The library's secured connection; at its other end is ``end``, which gives back all that
    comes on streams that the library opens, and then finishes."""

    def __init__(self, end: End, cuts: list[int]) -> None:
        self.end = end
        self.is_initiator = not end.yamux._next % 2
        self._cuts = cuts
        self._came = bytearray()
        self._news = trio.Event()

    async def read(self, n: int) -> bytes:
        while not self._came:
            self._news = trio.Event()
            await self._news.wait()
        data = bytes(self._came[:n])
        del self._came[:n]
        return data

    async def write(self, data: bytes) -> None:
        await trio.lowlevel.checkpoint()
        self.end.now = trio.current_time()
        while data:
            size = self._cuts.pop() if self._cuts else len(data)
            self.end.receive(data[:size])
            data = data[size:]
            self.turn()

    def turn(self) -> None:
        for stream in self.end.accepted:
            stream.write(stream.read())
            if stream.at_end:
                stream.finish()
        self._came += self.end.all()
        self._news.set()

    async def close(self) -> None:
        self.end.yamux.end()


@settings(max_examples=40)
@given(
    st.booleans(),
    st.lists(st.lists(SIZES, max_size=4), min_size=1, max_size=4),
    st.lists(st.integers(1, 200), max_size=30),
)
def test_the_library_reads_what_it_wrote(
    initiator: bool, streams: list[list[int]], cuts: list[int]
) -> None:
    end = End(not initiator)
    joined: Any = Joined(end, cuts)

    async def talk(muxed: LibraryYamux, sizes: list[int]) -> None:
        stream = await muxed.open_stream()
        got = bytearray()

        async def listen() -> None:
            while len(got) < sum(sizes):
                got.extend(await stream.read(70_000))

        async with trio.open_nursery() as nursery:
            nursery.start_soon(listen)
            for n, size in enumerate(sizes):
                await stream.write(bytes([n]) * size)
        await stream.close()
        assert got == b"".join(bytes([n]) * size for n, size in enumerate(sizes))

    async def story() -> None:
        muxed = LibraryYamux(joined, PEER)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(muxed.start)
            await muxed.event_started.wait()
            async with trio.open_nursery() as talking:
                for sizes in streams:
                    talking.start_soon(talk, muxed, sizes)
            await trio.testing.wait_all_tasks_blocked()
            assert not end.yamux.streams
            assert not muxed.streams
            nursery.cancel_scope.cancel()

    trio.run(story, clock=trio.testing.MockClock(autojump_threshold=0))


def test_the_library_accepts_what_we_open() -> None:
    end = End(True)
    joined: Any = Joined(end, [])

    async def story() -> None:
        muxed = LibraryYamux(joined, PEER, False)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(muxed.start)
            await muxed.event_started.wait()
            ours = end.open()
            ours.write(b"x" * 600_000)
            joined.turn()
            theirs: Any = await muxed.accept_stream()
            got = 0
            while got < 600_000:
                got += len(await theirs.read(50_000))
                joined.turn()
            await theirs.write(b"all of it")
            await theirs.close()
            assert ours.read() == b"all of it"
            assert ours.at_end
            ours.finish()
            joined.turn()
            await trio.testing.wait_all_tasks_blocked()
            assert not end.yamux.streams
            assert not muxed.streams
            nursery.cancel_scope.cancel()

    trio.run(story, clock=trio.testing.MockClock(autojump_threshold=0))


def test_a_packet_is_no_longer_than_there_is_room() -> None:
    a = End(True)
    for _ in range(200):
        stream = a.open()
        stream.write(bytes(900))
        stream.finish()
        a.yamux.ping(a.now)
    for room in (20_000, 17_000, 65_519):
        assert sum(1 for _ in frames(a.take(room))) > 10
