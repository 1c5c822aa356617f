# SPDX-License-Identifier: MIT
"""What a WebSocket writes in one turn of the loop leaves together, and in order."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import pytest

from goop_node.web.web_sockets import TOGETHER, GatheredWrites


class Below(asyncio.Transport):
    """The transport below: what was done to it."""

    def __init__(self) -> None:
        super().__init__()
        self.done: list[bytes | str] = []

    def write(self, data: bytes | bytearray | memoryview) -> None:
        assert not self.is_closing()
        self.done.append(bytes(data))

    def close(self) -> None:
        self.done.append("closed")

    def is_closing(self) -> bool:
        return "closed" in self.done


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


@pytest.mark.parametrize("size", [1, TOGETHER])
async def test_what_waits_when_the_other_side_goes_is_dropped(size: int) -> None:
    below = Below()
    gathered = GatheredWrites(below, asyncio.get_running_loop())
    gathered.write(b"a")
    below.close()  # as the loop does, between two callbacks
    gathered.write(b"b" * size)
    await asyncio.sleep(0)
    gathered.close()
    assert {one for one in below.done if one != "closed"} == set()


async def test_a_page_that_goes_while_something_waits_is_no_news() -> None:
    """With the event loop that the node runs on."""
    uvloop = pytest.importorskip("uvloop", reason="pip install uvloop")
    failures: list[dict[str, Any]] = []

    async def serve() -> None:
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _, context: failures.append(context))
        gone = asyncio.Event()

        class Server(asyncio.Protocol):
            def connection_made(self, transport: asyncio.BaseTransport) -> None:
                self.gathered = GatheredWrites(cast(asyncio.Transport, transport), loop)

            def connection_lost(self, error: Exception | None) -> None:
                self.gathered.write(b"behind the end")
                loop.call_later(0, gone.set)

        server = await loop.create_server(Server, "127.0.0.1", 0)
        _, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        writer.close()
        await gone.wait()
        server.close()

    await asyncio.to_thread(uvloop.run, serve())
    assert failures == []
