# SPDX-License-Identifier: MIT
"""Four people in one room, each on a node of their own, and what is done to them."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

from goop_node.testing import NodeProcess, start_node
from goop_node.testing.forked import fork
from tests.faults.circumstances import Circumstances
from tests.limits import HANG
from tests.rooms import ledger
from tests.rooms.news import News
from tests.rooms.player import Player

NAMES = ("alice", "bob", "carol", "dave")
PLUGINS = str(Path(__file__).parent / "plugins")
ROOM = "field_1"
CONFIG = "[plugins.realtime]\n[plugins.field]\n"


class Crowd:
    """The players, and the one whose node is host."""

    def __init__(self, players: Sequence[Player], news: News) -> None:
        self.players = players
        self._news = news

    @property
    def host(self) -> Player:
        """Who is host, when all agree on that."""
        (host,) = {player.host for player in self.players if player.is_in}
        return next(player for player in self.players if player.node.peer_id == host)

    def but(self, *these: Player) -> list[Player]:
        """All others."""
        return [player for player in self.players if player not in these]

    async def until(self, holds: Callable[[], object], seconds: float = HANG) -> float:
        """Wait until that is so, and how long that took. Raises ``AssertionError``."""
        began = time.monotonic()
        try:
            await self._news.until(holds, seconds)
        except TimeoutError:
            rows = [f"{one.name}: {one.row} {one.errors[-3:]}" for one in self.players]
            raise AssertionError("\n".join(rows)) from None
        return time.monotonic() - began

    async def together(self) -> None:
        """Wait until all are members, with one host."""

        def are() -> bool:
            inside = [player for player in self.players if player.is_in]
            listed = all(len(player.members) == len(self.players) for player in inside)
            hosts = {player.host for player in inside}
            return len(inside) == len(self.players) and listed and len(hosts) == 1

        await self.until(are)

    async def hears_another(self, host: str, who: Sequence[Player]) -> float:
        """Seconds until each of these was told a message that another node has ordered."""

        def all_hear() -> bool:
            given = [player.view.given[-1] for player in who if player.view.given]
            return len(given) == len(who) and all(one.position.epoch.host != host for one in given)

        return await self.until(all_hear)

    async def whisper(self) -> list[str]:
        """Everybody says something to the next one alone; the ids of that."""
        pairs = zip(self.players, (*self.players[1:], self.players[0]), strict=True)
        return [await one.say(other.node.peer_id) for one, other in pairs]

    async def heard(self, ids: Sequence[str]) -> None:
        """Wait until each of these was told to whom it was for (R7), or its author knows that it
        was not."""

        def are() -> bool:
            told = {one for player in self.players for one in player.whispers}
            fates = (player.view.own for player in self.players)
            lost = {one for own in fates for one, what in own.items() if what.fate}
            return all(not one or one in told | lost for one in ids)

        await self.until(are)

    async def move(self) -> None:
        """Everybody goes somewhere else, which is the newest that counts of each."""
        for n, player in enumerate(self.players):
            await player.go(player.place + 1 + n / 10)

    async def know(self) -> None:
        """Wait until all pages were told where everybody is (R6)."""

        def do() -> bool:
            return all(
                player.places.get(other.node.peer_id) == other.place
                for player in self.players
                for other in self.but(player)
            )

        await self.until(do)

    async def rest(self) -> int:
        """All fall silent; when nothing happens any more everything is compared. How many
        messages there were."""
        for player in self.players:
            player.talking = player.moving = False
        try:
            await self._news.until(lambda: not ledger.is_at_rest(self.players), HANG)
        except TimeoutError:
            raise AssertionError(ledger.is_at_rest(self.players)) from None
        return ledger.judge(self.players)


def connect(port: int) -> socket.socket:
    """A connection to that port of this machine, for asyncio."""
    made = socket.create_connection(("127.0.0.1", port), timeout=5)
    made.setblocking(False)
    return made


def start_nodes(folder: Path) -> list[NodeProcess]:
    """Four nodes on this machine; the first one's address was given to the others."""
    (folder / "goop.toml").write_text(CONFIG, encoding="utf-8")
    launch = partial(fork, before=Circumstances(plugins=PLUGINS))
    first = start_node(folder / NAMES[0], launch=launch)
    others = partial(start_node, peer=first, launch=launch)
    with ThreadPoolExecutor() as pool:
        return [first, *pool.map(others, (folder / name for name in NAMES[1:]))]


@asynccontextmanager
async def crowd(
    nodes: Sequence[NodeProcess],
    *,
    pause: float,
    ways: Sequence[Callable[[int], socket.socket]] = (),
) -> AsyncIterator[Crowd]:
    """People at those nodes, all in the room, who each say something every ``pause`` seconds.

    ``ways`` lead to the pages of each node.
    """
    news = News()
    roads = ways or [connect] * len(nodes)
    players = [Player(node, news, way) for node, way in zip(nodes, roads, strict=True)]
    async with asyncio.TaskGroup() as group:
        for player in players:
            player.room, player.pause = ROOM, pause
        lives = [group.create_task(player.live()) for player in players]
        all_of_them = Crowd(players, news)
        await all_of_them.together()
        for player in players:  # what somebody says who is alone, nobody is ever told
            player.talking = True
        yield all_of_them
        for life in lives:
            life.cancel()
