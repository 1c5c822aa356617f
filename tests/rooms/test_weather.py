# SPDX-License-Identifier: MIT
"""Four nodes on a network that is slow, loses packets and falls apart; one's clock is wrong."""

from __future__ import annotations

import asyncio
import os
import statistics
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import pytest

from goop_node.testing import NodeProcess
from goop_node.testing.forked import fork
from tests.faults.circumstances import Circumstances
from tests.rooms.crowd import CONFIG, NAMES, PLUGINS, Crowd, crowd
from tests.rooms.player import Player
from tests.rooms.switch import Switch, switch

DELAY = 0.1
LOSS = 0.1
STALE = 0.06
"""Seconds by which a position may be older than its way takes, in the middle."""
TEN_MINUTES_MS = 600_000


@asynccontextmanager
async def apart(folder: Path) -> AsyncIterator[tuple[Crowd, Switch]]:
    """Four people at four machines; the clock of the last one is ten minutes ahead."""
    (folder / "goop.toml").write_text(CONFIG, encoding="utf-8")
    with switch(f"goop-{os.getpid()}", len(NAMES), seed=1) as net:
        nodes: list[NodeProcess] = []

        def start(index: int, *known: str) -> None:
            ahead = TEN_MINUTES_MS if index == len(NAMES) - 1 else 0
            place = Circumstances(net.names[index], clock_ms=ahead, plugins=PLUGINS)
            where = ("--listen", f"/ip4/{net.address(index)}/tcp/4001", *known)
            arguments = ("--http", "127.0.0.1:0", "--label", NAMES[index], *where)
            launch = partial(fork, before=place)
            nodes.append(NodeProcess(folder / NAMES[index], arguments, launch=launch))

        try:
            await asyncio.to_thread(start, 0)
            known = ("--peer", nodes[0].addrs[0])
            others = range(1, len(NAMES))
            await asyncio.gather(*(asyncio.to_thread(start, one, *known) for one in others))
            nodes.sort(key=lambda node: node.data.name)
            ways = [net.way(index) for index in range(len(nodes))]
            async with crowd(nodes, pause=0.2, ways=ways) as room:
                yield room, net
        finally:
            for node in nodes:
                node.kill()


async def far(room: Crowd, net: Switch, seconds: float, *, loss: float = 0.0) -> str:
    """Everybody moves on a network with a delay: how old positions are, in words.

    Between two guests a position goes by the host: two ways, each with the delay. Where packets
    are lost, TCP holds up all that follows one until it has come. How old they may be on an idle
    machine, where none are lost, is the delay and ``STALE``; here that is only told.
    """
    net.delay, net.loss = DELAY, loss
    await asyncio.sleep(2 * DELAY)
    for player in room.players:
        player.ages.clear()
        player.moving = True
    await asyncio.sleep(seconds)
    host = room.host.node.peer_id
    for player in room.players:
        player.moving = False
    net.delay = net.loss = 0.0
    words = [f"{DELAY:.1f} s and {loss:.0%} loss a way, age of positions"]
    for ways in (1, 2):
        ages = [
            age
            for player in room.players
            for author, age in player.ages
            if ways == (1 if host in (author, player.node.peer_id) else 2)
        ]
        median, p99 = statistics.median(ages), sorted(ages)[int(len(ages) * 0.99)]
        words.append(
            f"{ways} way{'s' * (ways - 1)}: median {median:.3f} s (at best {ways * DELAY:.1f} s, "
            f"at most {ways * DELAY + STALE:.2f} s), p99 {p99:.2f} s"
        )
    return ", ".join(words)


async def parted(room: Crowd, net: Switch, away: list[Player], seconds: float) -> str:
    """Some are cut off from the others, and then not any more; when all are one again."""
    net.part(*(room.players.index(player) for player in away))
    await asyncio.sleep(seconds)
    hosts = {player.host for player in room.players} - {""}
    net.part()
    began = time.monotonic()
    await room.together()
    await hear_each_other(room)
    took = time.monotonic() - began
    return f"{len(away)} apart for {seconds:.0f} s, {len(hosts)} hosts, one again in {took:.1f} s"


async def stopped(room: Crowd, net: Switch, away: list[Player], seconds: float) -> str:
    """The host's process stands still, and some are cut off meanwhile; then all goes on."""
    host = room.host
    net.part(*(room.players.index(player) for player in away))
    host.node.freeze()
    took = await room.hears_another(host.node.peer_id, room.but(host, *away))
    await asyncio.sleep(seconds)
    host.node.thaw()
    net.part()
    began = time.monotonic()
    await room.together()
    await hear_each_other(room)
    again = time.monotonic() - began
    return f"host stopped: the next message after {took:.1f} s; then one again in {again:.1f} s"


async def hear_each_other(room: Crowd) -> None:
    """Wait until everybody was told something that each of the others says after now."""
    said = {player: player.said for player in room.players}

    def heard() -> bool:
        return all(
            other is player or newest(player, other) > said[other]
            for player in room.players
            for other in room.players
        )

    await room.until(heard)


def newest(player: Player, other: Player) -> int:
    """The number of the newest message of another that it was told."""
    mine = (one.id for one in reversed(player.view.given) if one.author == other.node.peer_id)
    return int(next(mine, "-0").rpartition("-")[2])


async def test_far_parted_and_stopped(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    async with apart(tmp_path) as (room, net):
        told = [await far(room, net, 1), await far(room, net, 1, loss=LOSS)]
        whispers = await room.whisper()
        await room.move()
        told.append(await stopped(room, net, room.but(room.host)[:1], 0))
        await room.heard(whispers)
        await room.know()
        messages = await room.rest()
    lines = "\n".join(told)
    with capsys.disabled():
        print(f"\n{lines}\n{messages} messages, none lost, doubled or out of order")


@pytest.mark.soak
async def test_long_weather(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Long enough that both sides of a network that fell apart go on by themselves."""
    told = []
    async with apart(tmp_path) as (room, net):
        for _ in range(2):
            told += [await far(room, net, 10), await far(room, net, 20, loss=LOSS)]
            host = room.host
            guests = room.but(host)
            groups = (guests[:1], guests[:2], [host], [host, guests[0]], guests)
            told += [await parted(room, net, away, 15) for away in groups]
            told.append(await stopped(room, net, [], 5))
        messages = await room.rest()
    lines = "\n".join(told)
    with capsys.disabled():
        print(f"\n{lines}\n{messages} messages, none lost, doubled or out of order")
