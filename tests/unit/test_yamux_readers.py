# SPDX-License-Identifier: MIT
"""Whoever waits for a connection hears of its end: who reads a stream, whatever the peer does with
the stream's number, and who opens one, however many are open."""

from __future__ import annotations

import struct
from contextlib import suppress
from typing import Any

import pytest
import trio
import trio.testing
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from libp2p.crypto.ed25519 import create_new_key_pair
from libp2p.peer.id import ID
from libp2p.stream_muxer.exceptions import MuxedConnUnavailable, MuxedStreamError

from goop_node.p2p.held import Budget
from goop_node.p2p.stream_numbers import SKIPPED, StreamNumbers
from goop_node.p2p.yamux_guard import GuardedYamux, YamuxBreach

DATA, WINDOW = 0, 1
SYN, ACK, FIN, RST = 1, 2, 4, 8
MINUTE = 60.0
PEER = ID.from_pubkey(create_new_key_pair(bytes(32)).public_key)

Step = tuple[int, int, int, int, int]
"""Kind, flags, number of the stream, bytes of a DATA frame, turns until the next one."""


class Secured:
    """A connection on which a script comes, and then its end."""

    def __init__(self, steps: list[Step]) -> None:
        self._steps = iter(steps)
        self._came = bytearray()
        self._pause = 0
        self._closed = trio.Event()

    async def read(self, n: int) -> bytes:
        for _ in range(self._pause):
            await trio.lowlevel.checkpoint()
        self._pause = 0
        await trio.lowlevel.checkpoint()
        if not self._came:
            kind, flags, stream, size, self._pause = next(self._steps, (DATA, 0, -1, 0, 0))
            if stream < 0:
                await trio.sleep(1)
                return b""
            body = bytes(size) if kind == DATA else b""
            self._came += struct.pack(">BBHII", 0, kind, flags, stream, size) + body
        data = bytes(self._came[:n])
        del self._came[:n]
        return data

    async def write(self, data: bytes) -> None:
        await trio.lowlevel.checkpoint()

    async def close(self) -> None:
        self._closed.set()


def left_waiting(steps: list[Step], forgetful: bool = False) -> int:
    """How many readers of its streams wait a minute after the connection has ended.

    ``forgetful``: the muxer loses the event that a reader of its waits for.
    """
    waiting = 0
    secured: Any = Secured(steps)

    async def read(stream: Any) -> None:
        nonlocal waiting
        waiting += 1
        with suppress(MuxedStreamError):
            while await stream.read(7):
                pass
        waiting -= 1

    async def accept(muxed: GuardedYamux, nursery: trio.Nursery) -> None:
        with suppress(MuxedConnUnavailable, KeyError):
            while True:
                stream = await muxed.accept_stream()
                nursery.start_soon(read, stream)
                await trio.testing.wait_all_tasks_blocked()
                if forgetful:
                    muxed.stream_events[stream.stream_id] = trio.Event()

    async def story() -> None:
        muxed = GuardedYamux(secured, PEER, False, Budget(10**6, 10**7), lambda: 100)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(accept, muxed, nursery)
            with suppress(YamuxBreach):
                await muxed.start()
            await trio.sleep(MINUTE)
            nursery.cancel_scope.cancel()

    trio.run(story, clock=trio.testing.MockClock(autojump_threshold=0))
    return waiting


FRAMES = st.tuples(
    st.sampled_from([DATA, WINDOW]),
    st.sampled_from([0, SYN, SYN, FIN, RST, SYN | FIN, SYN | RST, ACK]),
    st.sampled_from([1, 3]),
    st.sampled_from([0, 1, 20]),
    st.integers(0, 6),
)


@given(st.lists(FRAMES, max_size=25))
def test_every_reader_comes_to_its_end(steps: list[Step]) -> None:
    assert left_waiting(steps) == 0


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(FRAMES, max_size=25))
def test_so_it_does_where_a_number_comes_back(
    monkeypatch: pytest.MonkeyPatch, steps: list[Step]
) -> None:
    monkeypatch.setattr(StreamNumbers, "take", lambda numbers, number: "")
    assert left_waiting(steps) == 0


def test_a_reader_that_nobody_wakes_ends_with_the_connection() -> None:
    assert left_waiting([(WINDOW, SYN, 1, 0, 0)], forgetful=True) == 0


@pytest.mark.parametrize("after_the_end", [False, True])
@pytest.mark.parametrize("free", [3, 0])
def test_whoever_opens_a_stream_comes_to_an_end(free: int, after_the_end: bool) -> None:
    waiting = 0
    secured: Any = Secured([])

    async def open_one(muxed: GuardedYamux) -> None:
        nonlocal waiting
        waiting += 1
        with suppress(MuxedStreamError):
            await muxed.open_stream()
        waiting -= 1

    async def story() -> None:
        muxed = GuardedYamux(secured, PEER, True, Budget(10**6, 10**7), lambda: 100)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(muxed.start)
            for _ in range(muxed.stream_backlog_semaphore.value - free):
                await muxed.open_stream()
            if after_the_end:
                await muxed.event_closed.wait()
            for _ in range(free + 2):
                nursery.start_soon(open_one, muxed)
            await muxed.event_closed.wait()
            await trio.sleep(MINUTE)
            nursery.cancel_scope.cancel()

    trio.run(story, clock=trio.testing.MockClock(autojump_threshold=0))
    assert waiting == 0


@given(st.booleans(), st.lists(st.integers(0, 40), max_size=60))
def test_no_number_is_taken_twice(odd: bool, wanted: list[int]) -> None:
    numbers, taken = StreamNumbers(odd=odd), set[int]()
    for number in wanted:
        mine = number > 0 and number % 2 == odd
        assert (numbers.take(number) == "") == (mine and number not in taken)
        taken.add(number)


@given(st.booleans(), st.permutations(range(SKIPPED)))
def test_those_that_are_opened_together_may_come_in_any_order(odd: bool, order: list[int]) -> None:
    numbers = StreamNumbers(odd=odd)
    assert [numbers.take(2 * one + (1 if odd else 2)) for one in order] == [""] * SKIPPED


def test_what_was_passed_over_is_remembered_within_bounds() -> None:
    numbers = StreamNumbers(odd=True)
    for number in range(1, 2**32, 2**24):
        assert numbers.take(number) == ""
        assert len(numbers._skipped) <= SKIPPED
    assert numbers.take(3) != ""
