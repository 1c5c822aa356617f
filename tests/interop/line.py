# SPDX-License-Identifier: MIT
"""The line between a node and a foreign peer: while it is away, nothing arrives on either side."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

PIECE = 64 * 1024


class Line:
    """Carries connections to ports on loopback; what is sent while it is away arrives later."""

    def __init__(self) -> None:
        self._there = asyncio.Event()
        self._there.set()
        self._servers: list[asyncio.Server] = []
        self._tasks: set[asyncio.Task[None]] = set()

    @classmethod
    @asynccontextmanager
    async def open(cls) -> AsyncIterator[Line]:
        """A line, until the end of the block."""
        line = cls()
        try:
            yield line
        finally:
            for server in line._servers:
                server.close()
            for task in list(line._tasks):
                task.cancel()
            await asyncio.gather(*line._tasks, return_exceptions=True)

    async def carry(self, port: int) -> int:
        """The port by which ``port`` is reached over the line."""
        server = await asyncio.start_server(
            lambda reader, writer: self._serve(reader, writer, port), "127.0.0.1", 0
        )
        self._servers.append(server)
        own: int = server.sockets[0].getsockname()[1]
        return own

    async def away(self, seconds: float) -> None:
        """Take the line away for so long."""
        self._there.clear()
        await asyncio.sleep(seconds)
        self._there.set()

    def forget(self) -> None:
        """Carry the present connections no more, without a word to either end; new ones as ever."""
        self._there.clear()
        self._there = asyncio.Event()
        self._there.set()

    async def _serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, port: int
    ) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        there = self._there
        await there.wait()
        try:
            there_reader, there_writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            writer.transport.abort()
            return
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._way(reader, there_writer, there))
                group.create_task(self._way(there_reader, writer, there))
        except* (OSError, EOFError, asyncio.CancelledError):
            pass
        finally:
            writer.transport.abort()
            there_writer.transport.abort()

    async def _way(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, there: asyncio.Event
    ) -> None:
        while data := await reader.read(PIECE):
            await there.wait()
            writer.write(data)
            await writer.drain()
        await there.wait()
        raise EOFError
