# SPDX-License-Identifier: MIT
"""What a message costs with and without a WebSocket: ``python -m benchmarks.fallback``.

One message after the other from page to page over two nodes, both pages this process: how long
each takes, and the processor time of the node whose page does it in the way that is named; the
other page uses a WebSocket. Long polling is not built; it would cost a request for each message
at least, and one request is measured.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import uvloop

from benchmarks.load import STALL_SECONDS
from benchmarks.processes import cpu_seconds, nodes
from benchmarks.rows import connect, open_channel
from goop_node.testing import NodeProcess

COUNT = 500
BATCH = 32
PAGE = "fallback"

Step = Callable[[], Awaitable[Any]]


class _Sender:
    """Makes frames whose numbers rise, and knows what the last one looks like."""

    def __init__(self, channel: str) -> None:
        self._channel = channel
        self._n = 0

    def next(self) -> dict[str, Any]:
        """A frame."""
        self._n += 1
        data = {"type": "position", "x": self._n, "y": 7.5}
        return {"type": "send", "channel": self._channel, "data": data}

    async def arrives(self, receive: Step) -> None:
        """Wait for the last one."""
        await _until(receive, f'"x":{self._n},')


async def main() -> None:
    """The table."""
    print(f"{'':48}{'takes':>9}{'node, a message':>18}")
    with tempfile.TemporaryDirectory() as folder:
        async with nodes(Path(folder) / "nodes") as (alice, bob):
            channel = await open_channel(alice, bob)
            sender = _Sender(channel)
            async with _socket(bob) as b:
                await _from_page(alice, b.recv, sender)
            async with _socket(alice) as a:
                await _to_page(bob, a, sender)
                await _request(bob, channel)


async def _from_page(alice: NodeProcess, receive: Step, sender: _Sender) -> None:
    async with _socket(alice) as socket:

        async def frame() -> None:
            await socket.send(json.dumps(sender.next()))
            await sender.arrives(receive)

        await _measure("page to node: a frame on a WebSocket", alice, frame)
    async with _http(alice) as http, _events(http):
        for size in (1, BATCH):

            async def post(size: int = size) -> None:
                await _post(http, [sender.next() for _ in range(size)])
                await sender.arrives(receive)

            await _measure(f"page to node: a POST of {size}", alice, post, of=size)


async def _to_page(bob: NodeProcess, a: Any, sender: _Sender) -> None:
    async def comes(receive: Step) -> None:
        await a.send(json.dumps(sender.next()))
        await sender.arrives(receive)

    async with _socket(bob) as b:
        await _measure("node to page: a frame on a WebSocket", bob, lambda: comes(b.recv))
    async with _http(bob) as http, _events(http) as events:
        await _measure("node to page: an event", bob, lambda: comes(events.__anext__))


async def _request(bob: NodeProcess, channel: str) -> None:
    async with _http(bob) as http:
        where: dict[str, Any] = {"channel": channel, "limit": 1}
        await _measure(
            "a request of its own (long polling, at least)",
            bob,
            lambda: http.get("/api/realtime/history", params=where),
        )


async def _measure(what: str, node: NodeProcess, step: Step, of: int = 1) -> None:
    """Print what ``step`` takes, and the node's processor time for each of its ``of`` messages."""
    taken = []
    used = cpu_seconds(node.process.pid)
    for _ in range(COUNT):
        start = time.perf_counter()
        await step()
        taken.append((time.perf_counter() - start) * 1000)
    used = (cpu_seconds(node.process.pid) - used) / COUNT / of * 1e6
    print(f"{what:48}{statistics.median(taken):6.2f} ms{used:15.0f} µs", flush=True)


async def _until(receive: Step, found: str) -> None:
    async with asyncio.timeout(STALL_SECONDS):
        while found not in await receive():
            pass


async def _post(http: httpx.AsyncClient, frames: list[dict[str, Any]]) -> None:
    body = {"page": PAGE, "frames": frames}
    (await http.post("/api/realtime/frames", json=body)).raise_for_status()


@asynccontextmanager
async def _socket(node: NodeProcess) -> AsyncIterator[Any]:
    async with connect(node.ws_url, additional_headers=node.headers) as socket:
        await socket.send('{"type":"subscribe"}')
        await _until(socket.recv, '"connected"')
        yield socket


def _http(node: NodeProcess) -> httpx.AsyncClient:
    return httpx.AsyncClient(base_url=node.url, headers=node.headers, timeout=20)


@asynccontextmanager
async def _events(http: httpx.AsyncClient) -> AsyncIterator[AsyncIterator[str]]:
    """The lines of the event stream of a page that has subscribed."""
    async with http.stream("GET", "/api/realtime/events", params={"page": PAGE}) as answer:
        lines = answer.aiter_lines()
        await anext(lines)
        await _post(http, [{"type": "subscribe"}])
        await _until(lines.__anext__, '"connected"')
        yield lines


if __name__ == "__main__":
    uvloop.run(main())
