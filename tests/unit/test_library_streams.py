# SPDX-License-Identifier: MIT
"""Streams as the library's tasks know them, over yamux without a network."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

import pytest
import trio
import trio.testing
from hypothesis import given
from hypothesis import strategies as st
from libp2p.stream_muxer.exceptions import MuxedStreamEOF, MuxedStreamError, MuxedStreamReset

from goop_node.p2p import limits
from goop_node.p2p.data_path.credit import INITIAL
from goop_node.p2p.data_path.library_streams import STALLED_SECONDS, LibraryStream
from tests.unit.yamux_ends import End, carry

MINUTE = 60.0


class Conn:
    """What a stream asks of its connection."""

    def tell(self, event: trio.Event) -> None:
        event.set()


def told(story: Callable[[], Awaitable[Any]]) -> Any:
    return trio.run(story, clock=trio.testing.MockClock(autojump_threshold=0))


def joined() -> tuple[End, End, LibraryStream]:
    """Two ends, and a stream that the first one has opened."""
    a, b = End(True), End(False)
    conn: Any = Conn()
    stream = LibraryStream(conn, a.open())
    stream.core.write(b"\n")
    carry(a, b)
    b.accepted[0].read()
    return a, b, stream


def test_what_is_announced_too_long_resets_the_stream() -> None:
    async def story() -> None:
        a, b, stream = joined()
        with pytest.raises(MuxedStreamReset):
            await stream.read(limits.NEGOTIATION_BYTES + 1)
        carry(a, b)
        assert b.accepted[0].end == "reset"

    told(story)


def test_a_write_returns_when_it_has_left() -> None:
    async def story() -> None:
        a, _, stream = joined()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(stream.write, b"answer")
            await trio.testing.wait_all_tasks_blocked()
            assert len(nursery.child_tasks) == 1
            assert b"answer" in a.all()

    told(story)


@pytest.mark.parametrize("talks", [False, True])
def test_a_peer_that_grants_nothing_is_not_waited_for(talks: bool) -> None:
    async def story() -> None:
        a, b, stream = joined()

        async def go() -> None:
            while True:
                if talks:
                    b.accepted[0].write(b"more")
                carry(a, b)
                await trio.sleep(1)

        async with trio.open_nursery() as nursery:
            nursery.start_soon(go)
            began = trio.current_time()
            with pytest.raises(MuxedStreamError, match="takes nothing"):
                await stream.write(bytes(INITIAL + 1))
            assert trio.current_time() - began <= 2 * STALLED_SECONDS
            nursery.cancel_scope.cancel()

    told(story)


@given(
    st.lists(st.sampled_from(["peer writes", "peer finishes", "peer aborts", "pause"]), max_size=8),
    st.sampled_from(["lost", "peer aborts", "peer finishes", "reset"]),
    st.integers(1, 9),
)
def test_every_reader_comes_to_its_end(steps: list[str], last: str, size: int) -> None:
    async def story() -> None:
        a, b, stream = joined()
        peer = b.accepted[0]
        over = trio.Event()
        came, said = bytearray(), bytearray()

        async def read() -> None:
            with suppress(MuxedStreamEOF, MuxedStreamReset):
                while data := await stream.read(size):
                    came.extend(data)
            over.set()

        async with trio.open_nursery() as nursery:
            nursery.start_soon(read)
            for step in [*steps, last]:
                if step == "pause":
                    await trio.sleep(1)
                elif step == "lost":
                    a.yamux.end()
                elif step == "reset":
                    await stream.reset()
                elif step == "peer writes":
                    if not peer.finishing:
                        said.extend(b"twenty bytes of that")
                    peer.write(b"twenty bytes of that")
                elif step == "peer finishes":
                    peer.finish()
                else:
                    peer.abort()
                carry(a, b)
            with trio.fail_after(MINUTE):
                await over.wait()
        if not {"peer aborts", "reset"} & {*steps, last}:
            assert came == said  # also what nobody had read when the connection ended

    told(story)
