# SPDX-License-Identifier: MIT
"""A TCP proxy between two machines that does to the bytes what networks do."""

from __future__ import annotations

import asyncio
import contextlib
import random
import socket
import struct
from dataclasses import dataclass, field

from tests.faults.namespaces import connect, listen

PIECE = 64 * 1024
HELD = 64
"""Pieces on their way in one direction; then the proxy reads no more, as a full pipe."""
RETRANSMISSION = (0.2, 0.4)
"""Seconds by which a lost segment holds up what follows it: loss as TCP shows it."""


@dataclass
class Weather:
    """How the line is. Seconds, bytes a second, parts of 1; ``silent`` holds directions."""

    delay: float = 0.0
    jitter: float = 0.0
    loss: float = 0.0
    rate: float = 0.0
    slice: int = PIECE
    silent: set[str] = field(default_factory=set)


class Proxy:
    """Carries connections between the two machines; ``weather`` may change at any time.

    Each node is reached from the other's machine under its own port number.
    """

    def __init__(self, chance: random.Random) -> None:
        self.weather = Weather()
        self._chance = chance
        self._cleared = asyncio.Event()
        self._servers: dict[tuple[str, int], asyncio.Server] = {}
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    async def carry(self, source: str, target: str, port: int) -> None:
        """Take connections to ``port`` on machine ``source`` to that port on ``target``."""
        if (source, port) in self._servers:
            return

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.current_task()
            assert task is not None
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
            # asyncio's servers complain about handlers that were cancelled.
            with contextlib.suppress(asyncio.CancelledError):
                await self._connection(reader, writer, source, target, port)

        self._servers[source, port] = await asyncio.start_server(serve, sock=listen(source, port))

    def become(self, weather: Weather) -> None:
        """Change the weather."""
        self.weather = weather
        self._cleared.set()
        self._cleared = asyncio.Event()

    def reset(self) -> None:
        """End every connection at once, with RST."""
        for writer in list(self._writers):
            made = writer.get_extra_info("socket")
            with contextlib.suppress(OSError):
                made.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            writer.transport.abort()

    async def close(self) -> None:
        """End everything."""
        for server in self._servers.values():
            server.close()
        self.reset()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _connection(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        source: str,
        target: str,
        port: int,
    ) -> None:
        try:
            made = await asyncio.to_thread(connect, target, port)
        except OSError:
            writer.transport.abort()
            return
        there_reader, there_writer = await asyncio.open_connection(sock=made)
        both = {writer, there_writer}
        self._writers |= both
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._way(reader, there_writer, source))
                group.create_task(self._way(there_reader, writer, target))
        except* (OSError, EOFError):
            pass
        finally:
            self._writers -= both
            for one in both:
                one.transport.abort()

    async def _way(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, source: str
    ) -> None:
        """One direction; an end of it ends the connection."""
        held: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(HELD)
        async with asyncio.TaskGroup() as group:
            group.create_task(self._deliver(held, writer, source))
            while data := await reader.read(PIECE):
                await held.put((self._due(), data))
            raise EOFError

    def _due(self) -> float:
        """When a piece that was sent now arrives, as the loop's time."""
        weather = self.weather
        late = weather.delay + weather.jitter * self._chance.random()
        if self._chance.random() < weather.loss:
            late += self._chance.uniform(*RETRANSMISSION)
        return asyncio.get_running_loop().time() + late

    async def _deliver(
        self, held: asyncio.Queue[tuple[float, bytes]], writer: asyncio.StreamWriter, source: str
    ) -> None:
        loop = asyncio.get_running_loop()
        while True:
            due, data = await held.get()
            await asyncio.sleep(due - loop.time())
            while data:
                while source in self.weather.silent:
                    await self._cleared.wait()
                weather = self.weather
                piece, data = data[: weather.slice], data[weather.slice :]
                writer.write(piece)
                await writer.drain()
                if weather.rate:
                    await asyncio.sleep(len(piece) / weather.rate)
