# SPDX-License-Identifier: MIT
"""The load: small context messages from one WebSocket to another, every one checked.

Sender and receiver share this process, and so one clock. What it costs itself is told beside
what the measured processes cost: where it takes a whole core, it is what was measured.
"""

from __future__ import annotations

import asyncio
import os
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks.processes import cpu_seconds

PER_SECOND = 50
WINDOW = 400
"""Messages on their way at most: with the acks' way back, below the bound of 1,000 unhandled."""
ACK_EVERY = 16
"""Under load a page acknowledges what has gathered, not every message."""
STALL_SECONDS = 10.0
"""A message that takes longer is lost."""


class LostError(Exception):
    """A message was refused, came out of order, or did not come."""


@dataclass(frozen=True)
class Wire:
    """Two pages: what ``a`` sends reaches ``b``. ``before`` and ``after`` make a message a frame.

    ``processes`` are the ids of those measured, by name. ``ack`` makes of a message the frame by
    which ``b`` acknowledges it, where it does.
    """

    a: Any
    b: Any
    processes: Mapping[str, int]
    before: str = ""
    after: str = ""
    ack: Callable[[str], str] | None = None


@dataclass(frozen=True)
class Figures:
    """One run: milliseconds one way at 50 messages a second, the greatest number a second, and
    the processor time per message of each process, in microseconds, at that rate."""

    median_ms: float
    p99_ms: float
    rate: float
    cpu_us: Mapping[str, float]


async def measure(wire: Wire, *, seconds: float, count: int) -> Figures:
    """Warm up, then latency for ``seconds``, then the rate over ``count`` messages."""
    await _Transfer(wire, count // 4).run()
    paced = _Transfer(wire, max(2, int(seconds * PER_SECOND)), pause=1 / PER_SECOND)
    await paced.run()
    processes = {"client": os.getpid(), **wire.processes}
    used = {name: cpu_seconds(pid) for name, pid in processes.items()}
    start = time.perf_counter()
    await _Transfer(wire, count).run()
    took = time.perf_counter() - start
    return Figures(
        *middle_and_p99(paced.taken_ms),
        rate=count / took,
        cpu_us={
            name: (cpu_seconds(pid) - used[name]) / count * 1e6 for name, pid in processes.items()
        },
    )


def middle_and_p99(values: Sequence[float]) -> tuple[float, float]:
    """The median and the 99th percentile."""
    return statistics.median(values), sorted(values)[int(len(values) * 0.99)]


class _Transfer:
    """``count`` messages, one every ``pause`` seconds, or as many as the window lets through."""

    def __init__(self, wire: Wire, count: int, pause: float = 0.0) -> None:
        self._wire = wire
        self._count = count
        self._pause = pause
        self._room = asyncio.Semaphore(WINDOW)
        self._sent_at: list[float] = []
        self.taken_ms: list[float] = []

    async def run(self) -> None:
        """Send and receive them all. Raises ``LostError``."""
        others = [asyncio.create_task(part) for part in (self._send(), self._drain())]
        others.append(asyncio.create_task(self._watch()))
        receiver = asyncio.create_task(self._receive())
        try:
            pending = {receiver, *others}
            while not receiver.done():
                done, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    task.result()
        finally:
            for task in (receiver, *others):
                task.cancel()
            await asyncio.gather(receiver, *others, return_exceptions=True)

    async def _send(self) -> None:
        begin = time.perf_counter()
        for n in range(self._count):
            if self._pause:
                await asyncio.sleep(max(0.0, begin + n * self._pause - time.perf_counter()))
            await self._room.acquire()
            self._sent_at.append(time.perf_counter())
            text = f'{{"type":"position","x":{n},"y":7.5}}'
            await self._wire.a.send(self._wire.before + text + self._wire.after)

    async def _receive(self) -> None:
        for n in range(self._count):
            text = await self._wire.b.recv()
            while '"position"' not in text:
                text = await self._wire.b.recv()
            if f'"x":{n},' not in text:
                raise LostError(f"expected message {n}, got {text}")
            self.taken_ms.append((time.perf_counter() - self._sent_at[n]) * 1000)
            self._room.release()
            if self._wire.ack is not None and (self._pause or n % ACK_EVERY == 0):
                await self._wire.b.send(self._wire.ack(text))

    async def _drain(self) -> None:
        """Read what the sender is told, so that its socket never fills."""
        while True:
            text = await self._wire.a.recv()
            if '"refused"' in text or '"error"' in text:
                raise LostError(text)

    async def _watch(self) -> None:
        before = -1
        while (now := len(self.taken_ms)) != before:
            before = now
            await asyncio.sleep(STALL_SECONDS)
        raise LostError(f"message {now} of {self._count} did not come in {STALL_SECONDS:.0f} s")
