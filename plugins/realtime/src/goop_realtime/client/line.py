# SPDX-License-Identifier: MIT
"""The one WebSocket between a program and its node: it comes back by itself."""

from __future__ import annotations

import asyncio
import random
from contextlib import suppress
from typing import Protocol

from websockets import ConnectionClosed, InvalidStatus, WebSocketException
from websockets.asyncio.client import ClientConnection, connect

from goop_realtime.client.endpoints import API, Find, problem_of
from goop_realtime.client.errors import GoopError

FIRST_RETRY = 0.05
LAST_RETRY = 5.0
"""Seconds between two attempts; each waits twice as long as the one before."""
PATIENCE = 10.0
"""Seconds that an attempt may take until frames flow both ways."""
LAST_WORDS = 1.0
"""Seconds that what was written has to leave before the end."""
MOST_BYTES = 16 * 1024 * 1024
"""Of one message of the node; its largest are states of 256 KiB and lists."""
TOO_LARGE = 1009


class Owner(Protocol):
    """Who is told of what happens on the line."""

    def opened(self) -> None:
        """A new connection: what is written from here on goes over it."""

    def received(self, text: str) -> bool:
        """A message has come. Whether frames flow both ways by now."""

    def lost(self, code: int, *, tried: bool) -> None:
        """The connection is gone. ``tried``: it was an attempt to come back."""


class Line:
    """Comes back for as long as ``run`` runs, ever more seldom while the node is away."""

    def __init__(self, find: Find, owner: Owner) -> None:
        self._find = find
        self._owner = owner
        self._queue: asyncio.Queue[str] | None = None
        self._waiters: list[asyncio.Future[None]] = []
        self.ready = False
        """Whether frames flow both ways."""
        self.reason: GoopError | None = None
        """Why the last attempt came to nothing."""
        self._closed: GoopError | None = None

    def write(self, text: str) -> bool:
        """Send a frame, where there is a connection; whether it left."""
        if self._queue is None:
            return False
        self._queue.put_nowait(text)
        return True

    async def close(self, error: GoopError) -> None:
        """Nothing leaves behind what was written; whoever waits for the line gets the ``error``."""
        queue, self._closed = self._queue, error
        if queue is not None:
            with suppress(TimeoutError):
                async with asyncio.timeout(LAST_WORDS):
                    await queue.join()
        self._queue = None
        self._tell(error)

    async def when_ready(self) -> None:
        """Wait until frames flow both ways. Raises ``GoopError`` where the node refuses us."""
        if self._closed is not None:
            raise self._closed
        if not self.ready:
            waiter = asyncio.get_running_loop().create_future()
            self._waiters.append(waiter)
            await waiter

    def _tell(self, error: GoopError | None) -> None:
        waiters, self._waiters = self._waiters, []
        for waiter in waiters:
            if waiter.done():
                continue
            if error is None:
                waiter.set_result(None)
            else:
                waiter.set_exception(error)

    async def run(self) -> None:
        """Connect, and connect again; ends when it is cancelled."""
        failures = 0
        while True:
            code, was_ready = await self._once()
            failures = 0 if was_ready else failures + 1
            # With 5xx it may be well again soon.
            if self.reason is not None and 400 <= (self.reason.status or 0) < 500:
                self._tell(self.reason)
            self._owner.lost(code, tried=not was_ready)
            limit = min(FIRST_RETRY * 2 ** max(0, failures - 1), LAST_RETRY)
            # Many programs should not come back to a restarted node at once.
            await asyncio.sleep(limit * random.uniform(0.5, 1.0))

    async def _once(self) -> tuple[int, bool]:
        """One connection; the code that it ended with, and whether frames flowed."""
        self.reason = GoopError("node_unreachable")
        try:
            address = self._find()
            where = address.url.replace("http", "ws", 1) + f"{API}/connect"
            async with connect(
                where,
                additional_headers=address.headers,
                open_timeout=PATIENCE,
                close_timeout=1,
                max_size=MOST_BYTES,
                proxy=None,
            ) as socket:
                return await self._serve(socket)
        except GoopError as error:
            self.reason = error
        except InvalidStatus as error:
            self.reason = problem_of(error.response.status_code, bytes(error.response.body or b""))
        except (OSError, WebSocketException, TimeoutError, UnicodeError):
            pass  # UnicodeError: of a host's name that no host can have
        return 0, False

    async def _serve(self, socket: ClientConnection) -> tuple[int, bool]:
        self._queue = asyncio.Queue()
        writer = asyncio.create_task(self._write(socket, self._queue))
        try:
            self._owner.opened()
            async with asyncio.timeout(PATIENCE):
                while not self._take(await socket.recv()):
                    pass
            self.reason = None
            self.ready = True
            self._tell(None)
            while True:
                self._take(await socket.recv())
        except ConnectionClosed as error:
            return (error.rcvd.code if error.rcvd else 0), self.ready
        finally:
            self._queue = None
            self.ready = False
            writer.cancel()
            await asyncio.gather(writer, return_exceptions=True)

    def _take(self, data: str | bytes) -> bool:
        return isinstance(data, str) and self._owner.received(data)

    async def _write(self, socket: ClientConnection, queue: asyncio.Queue[str]) -> None:
        while True:
            await socket.send(await queue.get())
            queue.task_done()
