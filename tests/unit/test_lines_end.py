# SPDX-License-Identifier: MIT
"""Every stream comes to its end, whatever the peer reads or does not read."""

from __future__ import annotations

from typing import Any

import pytest
import trio
import trio.testing
from hypothesis import given
from hypothesis import strategies as st

from goop_node.p2p.lines import DRAIN_SECONDS, Lines

MINUTE = 60.0


class Ticks:
    """A guest whose ticks nobody counts."""

    def nudge(self) -> None:
        """Nothing."""

    def give_way(self) -> None:
        """Nothing."""


class Stream:
    """A stream whose peer takes ``takes`` bytes and then no more, and never says anything."""

    def __init__(self, takes: float) -> None:
        self.takes = takes
        self.written = b""
        self.how = ""
        self.muxed_stream = self

    def keep(self, size: int) -> None:
        """Nothing is counted."""

    async def read(self, n: int) -> bytes:
        """Wait for what never comes."""
        await trio.sleep_forever()
        raise AssertionError

    async def write(self, data: bytes) -> None:
        """Take it, or wait for room that never comes."""
        if len(self.written) + len(data) > self.takes:
            await trio.sleep_forever()
        await trio.lowlevel.checkpoint()
        self.written += data

    async def close(self) -> None:
        """In good order."""
        self.how = "closed"

    async def reset(self) -> None:
        """At once."""
        self.how = "reset"


def live(stream: Stream, steps: list[tuple[str, float]]) -> tuple[list[str], float]:
    """Do the steps with pauses; the ends that were told, and when the stream was over."""
    ends: list[str] = []

    async def story() -> float:
        any_stream: Any = stream
        any_ticks: Any = Ticks()
        lines = Lines(any_stream, "peer", "/p", 1000, any_ticks)
        lines.start(lambda got: None, ends.append)
        over = trio.Event()

        async def serve() -> None:
            await lines.serve()
            over.set()

        async with trio.open_nursery() as nursery:
            nursery.start_soon(serve)
            began = trio.current_time()
            for step, pause in steps:
                if step == "write":
                    lines.write(b"x" * 9)
                else:
                    getattr(lines, step)()
                await trio.sleep(pause)
            with trio.move_on_after(MINUTE):
                await over.wait()
            seconds = trio.current_time() - began
            nursery.cancel_scope.cancel()
        return seconds

    return ends, trio.run(story, clock=trio.testing.MockClock(autojump_threshold=0))


@pytest.mark.parametrize("pause", [0.0, 1.0], ids=["at once", "while it is being written"])
def test_a_peer_that_does_not_read_does_not_keep_a_closed_stream(pause: float) -> None:
    stream = Stream(takes=0)
    ends, seconds = live(stream, [("write", pause), ("close", 0.0)])
    assert (ends, stream.how) == (["closed"], "reset")
    assert 0 < seconds <= pause + DRAIN_SECONDS + 0.5


def test_what_was_written_leaves_before_the_end() -> None:
    stream = Stream(takes=1e9)
    ends, _ = live(stream, [("write", 0.0), ("write", 0.0), ("close", 0.0)])
    assert (ends, stream.how) == (["closed"], "closed")
    assert stream.written == b"xxxxxxxxx\n" * 2


@given(
    takes=st.sampled_from([0, 15, 35, 1e9]),
    steps=st.lists(
        st.tuples(
            st.sampled_from(["write", "pause", "resume", "close", "reset"]),
            st.sampled_from([0.0, 0.5, 3.0]),
        ),
        max_size=8,
    ),
    last=st.sampled_from(["close", "reset"]),
)
def test_every_stream_that_is_to_end_ends_once(
    takes: float, steps: list[tuple[str, float]], last: str
) -> None:
    ends, seconds = live(Stream(takes), [*steps, (last, 0.0)])
    assert ends == ["closed"]
    assert 0 <= seconds <= sum(pause for _, pause in steps) + DRAIN_SECONDS + 0.5
