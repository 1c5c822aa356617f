# SPDX-License-Identifier: MIT
"""Another program meddles with the files of a running node."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from typing import Any

from tests.limits import HANG
from tests.node.conftest import Pair, pages
from tests.node.page import Page, wait_until_discovered

LOCKED_SECONDS = 3.0
HANGS = 2.5
"""Seconds: what stands still for the time of the lock takes longer than that."""


async def troubles(page: Page) -> dict[str, str]:
    """What the status page says about databases."""
    found: dict[str, str] = (await page.http.get("/api/status")).json()["databases"]
    return found


async def until(page: Page, *, troubled: bool) -> dict[str, str]:
    """Wait until the node says that there is trouble, or that there is none."""
    async with asyncio.timeout(HANG):
        while True:
            found = await troubles(page)
            if bool(found) is troubled:
                return found
            await asyncio.sleep(0.1)


async def test_a_lock_of_another_program_stops_nothing_but_what_has_to_be_stored(
    pair: Pair,
) -> None:
    async with pages(pair) as (a, b):
        channel = await a.ask(b)
        path = pair[0].data / "realtime.sqlite3"
        with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            sending = asyncio.create_task(
                a.http.post(
                    "/api/realtime/send", json={"channelId": channel, "data": "late"}, timeout=60
                )
            )
            loop, slowest = asyncio.get_running_loop(), 0.0
            end = loop.time() + LOCKED_SECONDS
            while loop.time() < end:
                asked = loop.time()
                await a.http.get("/api/self")
                slowest = max(slowest, loop.time() - asked)
                await asyncio.sleep(0.05)
            assert not sending.done()
            assert "lock" in (await until(a, troubled=True))["realtime"]
            other.execute("ROLLBACK")
        assert (await sending).status_code == 200
        assert await b.received(channel, 1) == ["late"]
        assert slowest < HANGS
        assert await until(a, troubled=False) == {}


async def test_a_file_that_is_deleted_in_use_costs_nothing(pair: Pair) -> None:
    async with pages(pair) as (a, b):
        channel = await a.ask(b)
        await a.send(channel, 1)
        assert await b.received(channel, 1) == [1]
        for suffix in ("", "-wal", "-shm"):
            (pair[0].data / f"realtime.sqlite3{suffix}").unlink(missing_ok=True)
        await a.send(channel, 2)
        assert await b.received(channel, 2) == [1, 2]
        assert await until(a, troubled=False) == {}
    await asyncio.to_thread(pair[0].kill)
    await asyncio.to_thread(pair[0].start)
    await wait_until_discovered(*pair)
    async with Page.open(pair[0]) as again:
        rows: list[dict[str, Any]] = (await again.http.get("/api/realtime/channels")).json()
        assert channel in [row["channelId"] for row in rows]
        answer = await again.http.get("/api/realtime/history", params={"channel": channel})
        assert [row["data"] for row in answer.json()["messages"]] == [1, 2]
