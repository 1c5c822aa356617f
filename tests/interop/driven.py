# SPDX-License-Identifier: MIT
"""A foreign peer in a process of its own: JSON commands on its stdin, events on its stdout."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx

from goop_node.testing import NodeProcess
from tests.limits import HANG


class Driven:
    """One such process. ``peer_id`` and ``addresses`` are known once it is ready."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.events: list[dict[str, Any]] = []
        self.peer_id = ""
        self.addresses: list[str] = []
        self._number = 0
        self._new = asyncio.Condition()

    @classmethod
    @asynccontextmanager
    async def start(cls, command: Sequence[str], folder: Path) -> AsyncIterator[Driven]:
        """Start it, wait until it is ready; at the end close its stdin, which stops it."""
        process = await asyncio.create_subprocess_exec(
            *command,
            cwd=folder,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            limit=2**20,
        )
        driven = cls(process)
        reader = asyncio.create_task(driven._read())
        try:
            ready = await driven.event("ready")
            driven.peer_id, driven.addresses = ready["peer"], ready["addresses"]
            yield driven
        finally:
            assert process.stdin is not None
            process.stdin.close()
            try:
                async with asyncio.timeout(HANG):
                    await process.wait()
            except TimeoutError:
                process.kill()
                await process.wait()
            await asyncio.gather(reader, return_exceptions=True)

    async def _read(self) -> None:
        assert self.process.stdout is not None
        async for text in self.process.stdout:
            async with self._new:
                self.events.append(json.loads(text))
                self._new.notify_all()

    async def event(self, kind: str, **fields: Any) -> dict[str, Any]:
        """Wait for an event of that kind with those fields; it is taken out of ``events``."""

        def found() -> dict[str, Any] | None:
            for event in self.events:
                if event["event"] == kind and all(event.get(k) == v for k, v in fields.items()):
                    return event
            return None

        async with asyncio.timeout(HANG), self._new:
            while (event := found()) is None:
                await self._new.wait()
            self.events.remove(event)
            return event

    async def count(self, kind: str, number: int, **fields: Any) -> list[dict[str, Any]]:
        """Wait for so many events of that kind; all of them, taken out of ``events``."""
        return [await self.event(kind, **fields) for _ in range(number)]

    async def do(self, command: str, **arguments: Any) -> dict[str, Any]:
        """Give a command and wait for its answer. Raises ``AssertionError`` when it failed."""
        self._number += 1
        number = self._number
        assert self.process.stdin is not None
        line = json.dumps({"n": number, "command": command, **arguments})
        self.process.stdin.write(line.encode() + b"\n")

        def answer() -> dict[str, Any] | None:
            for event in self.events:
                if event.get("n") == number:
                    return event
            return None

        async with asyncio.timeout(HANG), self._new:
            while (event := answer()) is None:
                await self._new.wait()
            self.events.remove(event)
        assert event["event"] == "done", f"{command}: {event}"
        return event

    async def meet(self, node: NodeProcess, address: str = "") -> None:
        """Dial the node, and wait until each has heard the other's presence."""
        await self.do("dial", address=address or node.addrs[0])
        await self.event("presence", peer=node.peer_id)
        async with (
            asyncio.timeout(HANG),
            httpx.AsyncClient(base_url=node.url, headers=node.headers, timeout=None) as http,
            http.stream("GET", "/api/peers/events") as events,
        ):
            async for line in events.aiter_lines():
                if line.startswith("data: ") and self._is_online(json.loads(line[6:])):
                    return

    def _is_online(self, body: Any) -> bool:
        """Whether a frame of the peers' events tells of this peer, online."""
        if isinstance(body, dict):
            if body.get("peerId") == self.peer_id and body.get("online"):
                return True
            return any(map(self._is_online, body.values()))
        return isinstance(body, list) and any(map(self._is_online, body))
