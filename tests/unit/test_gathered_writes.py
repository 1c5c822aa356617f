# SPDX-License-Identifier: MIT
"""What a WebSocket writes in one turn of the loop leaves together, and in order."""

from __future__ import annotations

import asyncio

from goop_node.web_sockets import TOGETHER, GatheredWrites


class Below(asyncio.Transport):
    """The transport below: what was done to it."""

    def __init__(self) -> None:
        super().__init__()
        self.done: list[bytes | str] = []

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.done.append(bytes(data))

    def close(self) -> None:
        self.done.append("closed")


async def test_one_write_for_what_came_in_one_turn() -> None:
    below = Below()
    gathered = GatheredWrites(below, asyncio.get_running_loop())
    gathered.write(b"a")
    gathered.write(bytearray(b"b"))
    assert below.done == []
    await asyncio.sleep(0)
    assert below.done == [b"ab"]
    gathered.write(b"c")
    await asyncio.sleep(0)
    assert below.done == [b"ab", b"c"]


async def test_much_does_not_wait() -> None:
    below = Below()
    gathered = GatheredWrites(below, asyncio.get_running_loop())
    gathered.write(b"a")
    gathered.write(b"b" * TOGETHER)
    assert below.done == [b"a" + b"b" * TOGETHER]
    gathered.write(b"c")
    await asyncio.sleep(0)
    assert below.done[1:] == [b"c"]


async def test_closing_comes_behind_what_was_written() -> None:
    below = Below()
    gathered = GatheredWrites(below, asyncio.get_running_loop())
    gathered.write(b"a")
    gathered.close()
    await asyncio.sleep(0)
    assert below.done == [b"a", "closed"]
