# SPDX-License-Identifier: MIT
"""Messages as an asynchronous iterator: each is handled when the loop comes for the next one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from goop_realtime.client.values import Message


class Messages(AsyncIterator[Message]):
    """What ``async for`` goes over. A loop that was left goes on where it was."""

    def __init__(self) -> None:
        self._next: asyncio.Queue[Message | None] = asyncio.Queue(1)
        self._done = asyncio.Event()
        self._ended = False

    async def put(self, message: Message) -> None:
        """Give a message to the loop; returns when the loop is done with it."""
        self._done.clear()
        await self._next.put(message)
        await self._done.wait()

    def end(self) -> None:
        """There are no more."""
        self._ended = True
        if self._next.empty():
            self._next.put_nowait(None)

    async def __anext__(self) -> Message:
        self._done.set()
        if self._ended and self._next.empty():
            raise StopAsyncIteration
        message = await self._next.get()
        if message is None:
            raise StopAsyncIteration
        return message
