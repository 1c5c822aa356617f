# SPDX-License-Identifier: MIT
"""The host's person leaves, or its node is killed, again and again, while four people talk."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.rooms.crowd import ROOM, Crowd, crowd, start_nodes
from tests.rooms.figures import Figures


async def handed_over(room: Crowd) -> float:
    """The host's person leaves and comes back; seconds to the next message that is ordered."""
    host = room.host
    await host.leave()
    took = await room.hears_another(host.node.peer_id, room.but(host))
    await room.until(lambda: host.view.state == "left")
    await host.join(ROOM)
    await room.together()
    return took


async def killed(room: Crowd) -> float:
    """The host is killed, and started again; seconds to the next message that is ordered."""
    host = room.host
    whispers = await room.whisper()
    await room.move()
    host.places.clear()  # its node is told everything anew, and so is its page
    host.node.kill()
    took = await room.hears_another(host.node.peer_id, room.but(host))
    await asyncio.to_thread(host.node.start)
    await room.together()
    heard = len(host.told)
    await room.until(lambda: len(host.told) > heard)
    await room.heard(whispers)
    await room.know()
    return took


async def succession(folder: Path, times: int, pause: float) -> tuple[Figures, Figures, int]:
    """Seconds of so many hand-overs and kills, by turns, and how many messages there were.

    Each of the four says something every ``pause`` seconds.
    """
    overs, kills = Figures("hand-over to the next message"), Figures("SIGKILL to the next message")
    nodes = await asyncio.to_thread(start_nodes, folder)
    try:
        async with crowd(nodes, pause=pause) as room:
            for _ in range(times):
                overs.add(await handed_over(room))
                kills.add(await killed(room))
            return overs, kills, await room.rest()
    finally:
        for node in nodes:
            node.kill()


async def test_hosts_come_and_go(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    overs, kills, messages = await succession(tmp_path, 3, pause=0.25)
    assert messages > 50
    with capsys.disabled():
        print(f"\n{overs}; {kills}; {messages} messages, none lost, doubled or out of order")


@pytest.mark.soak
async def test_fifty_of_each(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """On a machine that has nothing else to do."""
    overs, kills, messages = await succession(tmp_path, 50, pause=0.05)
    with capsys.disabled():
        print(f"\n{overs}; {kills}; {messages} messages, none lost, doubled or out of order")
    assert overs.median <= 0.3
    assert overs.p99 <= 2
    assert kills.median <= 2
    assert max(kills.values) <= 5
