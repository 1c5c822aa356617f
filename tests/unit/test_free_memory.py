# SPDX-License-Identifier: MIT
"""What a busy minute took goes back to the system."""

from __future__ import annotations

import asyncio
import linecache
import multiprocessing
import platform
from concurrent.futures import ProcessPoolExecutor

import psutil
import pytest

from goop_node import free_memory
from tests.limits import HANG

MEGABYTE = 1024 * 1024


def test_a_heap_with_holes_is_given_back() -> None:
    if platform.libc_ver()[0] != "glibc":
        pytest.skip("only glibc can be asked to give memory back; nothing is to be installed")
    # In a process of its own: the tests before this one have left holes of their own in ours.
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as fresh:
        before, filled = fresh.submit(_fill_and_wait).result(HANG)
    assert filled > before + 50


def _fill_and_wait() -> tuple[int, int]:
    """Make holes, and wait until they are given back; the MiB at first and at most."""
    free_memory.BEAT_SECONDS = 0.01
    this = psutil.Process()

    def taken() -> int:
        return int(this.memory_info().rss) // MEGABYTE

    before = taken()
    blocks = [bytes(2_000) for _ in range(40_000)]
    kept = blocks[::100]
    blocks.clear()
    linecache.getline(__file__, 1)
    filled = taken()

    async def until_given_back() -> None:
        beat = asyncio.create_task(free_memory.give_back())
        while taken() > before + 20 or __file__ in linecache.cache:  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.01)
        beat.cancel()

    asyncio.run(asyncio.wait_for(until_given_back(), HANG))
    assert len(kept) == 400
    return before, filled


async def test_another_c_library_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(free_memory, "_of_glibc", lambda name: None)
    await free_memory.give_back()
