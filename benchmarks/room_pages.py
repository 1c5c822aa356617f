# SPDX-License-Identifier: MIT
"""Rooms of members in processes of their own, and their pages, which all share this process."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.load import LostError
from benchmarks.rows import connect
from goop_node.testing import NodeProcess, start_node
from goop_node.testing.forked import fork
from tests.faults.circumstances import Circumstances
from tests.rooms.crowd import CONFIG, PLUGINS, ROOM

JOIN_SECONDS = 120.0


class Page:
    """A member's page: it hears what others say and where they are, and how long that took."""

    def __init__(self, node: NodeProcess, socket: Any) -> None:
        self.node = node
        self.handle = ""
        self.members: set[str] = set()
        self.taken_ms: dict[str, list[float]] = {}
        """Of what others said, by who said it."""
        self.came: list[float] = []
        """Of positions, in ms."""
        self.newest: dict[str, float] = {}
        """When each other was where it is known to be."""
        self._socket = socket
        self._told = asyncio.Event()

    async def tell(self, kind: str, **body: Any) -> None:
        """Send a frame."""
        await self._socket.send(json.dumps({"type": kind, **body}))

    async def say(self) -> None:
        """Say something to all."""
        await self._send({"type": "said", "n": 1, "t": time.monotonic()})

    async def move(self) -> None:
        """Be somewhere."""
        await self._send({"type": "at", "x": 1, "y": 7.5, "t": time.monotonic()})

    async def _send(self, data: dict[str, Any]) -> None:
        await self.tell("send", channel=self.handle, data=data)

    async def joins(self, members: int) -> None:
        """Wait until so many are in the room."""
        while len(self.members) < members:
            self._told.clear()
            await self._told.wait()

    async def read(self) -> None:
        """Take what comes, until cancelled. Raises ``LostError`` for a refusal."""
        async for raw in self._socket:
            now, last = time.monotonic(), None
            found = json.loads(raw)
            for body in found if isinstance(found, list) else [found]:
                kind = body["type"]
                if kind == "message":
                    taken = (now - body["data"]["t"]) * 1000
                    self.taken_ms.setdefault(body["from"], []).append(taken)
                    last = body
                elif kind == "latest":
                    self.newest[body["from"]] = body["data"]["t"]
                    self.came.append((now - body["data"]["t"]) * 1000)
                elif kind in ("room", "member"):
                    self._list(body)
                elif kind in ("refused", "error"):
                    raise LostError(str(body))
            if last is not None:
                place = {key: last[key] for key in ("epoch", "host", "seq")}
                await self.tell("ack", channel=self.handle, **place)

    def _list(self, body: dict[str, Any]) -> None:
        self.handle = body["channel"]
        if body["type"] == "member":
            self.members.add(body["peer"]["peerId"])
        elif body["state"] == "joined":
            self.members = {one["peerId"] for one in body["members"]}
        self._told.set()


@asynccontextmanager
async def room(folder: Path, members: int) -> AsyncIterator[list[Page]]:
    """A room of so many; the first one is host."""
    folder.mkdir(parents=True)
    config = folder / "goop.toml"
    config.write_text(CONFIG, encoding="utf-8")
    launch = partial(fork, before=Circumstances(plugins=PLUGINS))
    start = partial(start_node, launch=launch)
    async with AsyncExitStack() as stack:
        nodes = [await asyncio.to_thread(start, folder / "m0")]
        stack.callback(nodes[0].kill)
        others = [folder / f"m{number}" for number in range(1, members)]
        with ThreadPoolExecutor(4) as pool:
            nodes += await asyncio.to_thread(
                lambda: list(pool.map(partial(start, peer=nodes[0]), others))
            )
        for node in nodes[1:]:
            stack.callback(node.kill)
        yield await stack.enter_async_context(members_of(nodes))


@asynccontextmanager
async def members_of(nodes: Sequence[NodeProcess]) -> AsyncIterator[list[Page]]:
    """Their pages, all in one room; the first one is host."""
    async with AsyncExitStack() as stack:
        group = await stack.enter_async_context(asyncio.TaskGroup())
        pages: list[Page] = []
        for node in nodes:
            headers = {"additional_headers": node.headers}
            socket = await stack.enter_async_context(connect(node.ws_url, **headers))
            page = Page(node, socket)
            pages.append(page)
            reader = group.create_task(page.read())
            stack.callback(reader.cancel)
            await page.tell("subscribe", channels=[], ack=True, batch=True)
            await page.tell("join", room=ROOM, maxPeers=64, context="field")
            async with asyncio.timeout(JOIN_SECONDS):
                await page.joins(len(pages))
        async with asyncio.timeout(JOIN_SECONDS):
            for page in pages:
                await page.joins(len(pages))
        yield pages


def latencies(pages: Sequence[Page], among: Sequence[Page]) -> list[float]:
    """How long what some have said took to each other."""
    authors = {page.node.peer_id for page in among}
    return [
        taken
        for page in pages
        if page in among
        for author, all_taken in page.taken_ms.items()
        if author in authors
        for taken in all_taken
    ]
