# SPDX-License-Identifier: MIT
"""Frames of several streams of a connection, written together.

The library writes each frame by itself: encrypted, with a system call, and read so on the other
side. Here those that come at the same time, or while others are being written, make one write.
"""

from __future__ import annotations

from typing import Any

import trio


class Batch:
    """Frames that go together. ``error`` is what became of them, when ``done``."""

    def __init__(self) -> None:
        self.frames = bytearray()
        self.led = False
        self.done = trio.Event()
        self.error: Exception | None = None


class FrameBatches:
    """The way out of a connection. Each stream waits for its frame, so the batches are small."""

    def __init__(self, conn: Any) -> None:
        self._conn = conn
        self._lock = trio.Lock()
        self._batch = Batch()

    async def write(self, frame: bytes) -> None:
        """Write one whole frame, whoever is cancelled. Raises what the connection raises."""
        batch = self._batch
        batch.frames += frame
        if batch.led:
            await batch.done.wait()
        else:
            batch.led = True
            with trio.CancelScope(shield=True):
                await self._lead(batch)
        if batch.error is not None:
            raise batch.error

    async def _lead(self, batch: Batch) -> None:
        """Write for all who have joined when it is this batch's turn."""
        async with self._lock:
            self._batch = Batch()
            try:
                await self._conn.write(bytes(batch.frames))
            except Exception as error:
                batch.error = error
            finally:
                batch.done.set()
