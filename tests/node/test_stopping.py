# SPDX-License-Identifier: MIT
"""A node that is told to stop goes at once and quietly, whatever its pages are doing; and what the
log says of a friend who cannot be reached."""

from __future__ import annotations

import asyncio
import re
import signal
from pathlib import Path

import httpx
import pytest

from goop_node.testing import NodeProcess, start_node
from tests.limits import HANG, promised
from tests.node.page import Page

PEER = "12D3KooWRBy97UB99e3J6hiPesre1MZeuNQvfan4gBziswrRJsNK"
ALARMING = re.compile(r"ERROR|WARNING|Traceback|Exception|Error")
LONG = 1.0
"""Seconds that stopping may take, whatever is under way: a dial takes 8, a stream is for ever."""


async def stream(http: httpx.AsyncClient, open_: asyncio.Event) -> None:
    """What a page without WebSockets, or one that lists people, has open."""
    try:
        async with http.stream("GET", "/api/peers/events") as answer:
            async for _ in answer.aiter_bytes():
                open_.set()
    except httpx.HTTPError:
        return  # the node goes


async def dial(http: httpx.AsyncClient, address: str) -> None:
    """A request that takes as long as somebody there says nothing."""
    try:
        await http.post("/api/friends", json={"address": address})
    except httpx.HTTPError:
        return


@pytest.mark.parametrize("times", [1, 2])
async def test_stopping_with_pages_open(tmp_path: Path, times: int) -> None:
    """Also where Ctrl-C is pressed again and again."""
    node = await asyncio.to_thread(start_node, tmp_path / "alice")
    came = asyncio.Event()

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        came.set()
        await reader.read()
        writer.close()

    server = await asyncio.start_server(silent, "127.0.0.1", 0)
    address = f"/ip4/127.0.0.1/tcp/{server.sockets[0].getsockname()[1]}/p2p/{PEER}"
    log = node.log.read_text(encoding="utf-8")
    try:
        async with (
            httpx.AsyncClient(base_url=node.url, headers=node.headers, timeout=None) as http,
            Page.open(node),
            asyncio.TaskGroup() as group,
        ):
            listed = asyncio.Event()
            group.create_task(stream(http, listed))
            group.create_task(dial(http, address))
            await listed.wait()
            await came.wait()
            with promised(LONG, node.process.pid):
                for _ in range(times):
                    node.process.send_signal(signal.SIGINT)
                code = await asyncio.to_thread(node.process.wait, HANG)
    finally:
        node.kill()
        server.close()
    said = node.log.read_text(encoding="utf-8").removeprefix(log)
    assert not ALARMING.search(said), said
    assert code == 0


def lines_about(node: NodeProcess, words: str) -> list[str]:
    return [line for line in node.log.read_text(encoding="utf-8").splitlines() if words in line]


async def test_a_friend_who_cannot_be_reached_is_said_once(tmp_path: Path) -> None:
    bob = await asyncio.to_thread(start_node, tmp_path / "bob")
    await asyncio.to_thread(bob.stop)
    alice = await asyncio.to_thread(start_node, tmp_path / "alice", "--verbose", peer=bob)
    try:
        async with asyncio.timeout(HANG):
            while len(lines_about(alice, f"dialling {bob.peer_id}: ")) < 2:  # noqa: ASYNC110
                await asyncio.sleep(0.1)
            (line,) = lines_about(alice, "cannot be reached")
            place = bob.addrs[0].partition("/p2p/")[0]
            assert f"WARNING goop_node.p2p.host: {bob.peer_id} cannot be reached at {place}" in line
            assert "nothing listens at that address" in line
            await asyncio.to_thread(bob.start)
            while not lines_about(alice, f"{bob.peer_id} is reached"):  # noqa: ASYNC110
                await asyncio.sleep(0.1)
    finally:
        await asyncio.to_thread(alice.stop)
        await asyncio.to_thread(bob.stop)
    assert len(lines_about(alice, "cannot be reached")) == 1
