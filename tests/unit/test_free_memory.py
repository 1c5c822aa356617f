# SPDX-License-Identifier: MIT
"""What a busy minute took goes back to the system."""

from __future__ import annotations

import asyncio
import linecache
import platform

import psutil
import pytest

from goop_node import free_memory
from tests.limits import HANG

MEGABYTE = 1024 * 1024


async def test_a_heap_with_holes_is_given_back(monkeypatch: pytest.MonkeyPatch) -> None:
    if platform.libc_ver()[0] != "glibc":
        pytest.skip("only glibc can be asked to give memory back; nothing is to be installed")
    monkeypatch.setattr(free_memory, "BEAT_SECONDS", 0.01)
    this = psutil.Process()
    before = this.memory_info().rss
    blocks = [bytes(2_000) for _ in range(40_000)]
    kept = blocks[::100]
    blocks.clear()
    linecache.getline(__file__, 1)
    assert this.memory_info().rss > before + 50 * MEGABYTE
    beat = asyncio.create_task(free_memory.give_back())
    async with asyncio.timeout(HANG):
        while this.memory_info().rss > before + 20 * MEGABYTE:  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.01)
    assert __file__ not in linecache.cache
    beat.cancel()
    assert len(kept) == 400


async def test_another_c_library_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(free_memory, "_of_glibc", lambda name: None)
    await free_memory.give_back()
