# SPDX-License-Identifier: MIT
"""A frame that is being written is written whole, whatever becomes of the stream it is of."""

from __future__ import annotations

from typing import Any

import pytest
import trio
import trio.testing

from goop_node.p2p import frame_reader
from goop_node.p2p.frame_reader import FrameReader


class Numbered:
    """A connection that numbers each frame before it waits for the wire, as encryption does."""

    def __init__(self) -> None:
        self.next = 0
        self.wire: list[tuple[int, bytes]] = []
        self.ready = trio.Event()
        self.closed = False

    async def read(self, n: int | None = None) -> bytes:
        """Nothing comes."""
        return b""

    async def write(self, data: bytes) -> None:
        """Number the frame, wait for the wire, write."""
        number, self.next = self.next, self.next + 1
        await self.ready.wait()
        self.wire.append((number, data))

    async def close(self) -> None:
        """Close."""
        self.closed = True


def reader(conn: Any) -> FrameReader:
    return FrameReader(conn, lambda kind, flags, stream_id, length: None)


def test_a_cancelled_writer_leaves_no_hole() -> None:
    async def run() -> Numbered:
        conn = Numbered()
        guarded = reader(conn)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(guarded.write, b"of a stream that is closed now")
            await trio.testing.wait_all_tasks_blocked()
            nursery.cancel_scope.cancel()
            conn.ready.set()
        await guarded.write(b"of another stream")
        return conn

    conn = trio.run(run)
    assert [number for number, _ in conn.wire] == [0, 1]
    assert not conn.closed


def test_a_connection_that_takes_nothing_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frame_reader, "WRITE_SECONDS", 0.0)

    async def run() -> Numbered:
        conn = Numbered()
        await reader(conn).write(b"frame")
        return conn

    assert trio.run(run).closed
