# SPDX-License-Identifier: MIT
"""A sender and a receiver on two WebSockets: one-way latency, and the greatest sustained rate."""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

IN_FLIGHT = 400
"""Messages on their way at most: with the acks' way back, below the bound of 1,000 unhandled."""


@dataclass(frozen=True)
class Figures:
    """Milliseconds and messages a second."""

    median_ms: float
    p99_ms: float
    rate: float


async def latency(
    a: Any, b: Any, wrap: Callable[[int], str], seconds: float
) -> tuple[float, float]:
    """Median and p99 one way, at 50 messages a second, in ms."""
    taken: list[float] = []
    for n in range(int(seconds * 50)):
        start = time.perf_counter()
        await a.send(wrap(n))
        while '"position"' not in await b.recv():
            pass
        taken.append((time.perf_counter() - start) * 1000)
        await asyncio.sleep(max(0.0, 0.02 - (time.perf_counter() - start)))
    taken.sort()
    return statistics.median(taken), taken[int(len(taken) * 0.99)]


async def rate(a: Any, b: Any, wrap: Callable[[int], str], count: int) -> float:
    """Messages a second with a bounded number on their way; every one must arrive, in order."""
    got = 0
    room = asyncio.Semaphore(IN_FLIGHT)

    async def receive() -> None:
        nonlocal got
        while got < count:
            text = await b.recv()
            if '"position"' in text:
                if f'"x":{got},' not in text.replace(" ", ""):
                    raise AssertionError(f"expected message {got}, got {text}")
                got += 1
                room.release()

    start = time.perf_counter()
    async with asyncio.TaskGroup() as both:
        both.create_task(receive())
        for n in range(count):
            await room.acquire()
            await a.send(wrap(n))
    return count / (time.perf_counter() - start)


async def measure(
    a: Any, b: Any, wrap: Callable[[int], str], *, seconds: float, count: int
) -> Figures:
    """Both measurements over one pair of sockets."""
    median, p99 = await latency(a, b, wrap, seconds)
    await rate(a, b, wrap, count // 4)
    return Figures(median, p99, await rate(a, b, wrap, count))
