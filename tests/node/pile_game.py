# SPDX-License-Identifier: MIT
"""A game at two real nodes, each with its own copy of the game's plugin, and a program at each."""

from __future__ import annotations

import asyncio
import random
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Self

from goop_node.client import Channel, Client, GoopError
from goop_node.testing import NodeProcess
from goop_node.testing.forked import fork
from tests.faults.circumstances import Circumstances
from tests.limits import HANG
from tests.node.page import wait_until_discovered

SOURCE = Path(__file__).with_name("plugins") / "goop_pile.py"


@dataclass(frozen=True)
class Release:
    """What somebody has of the plugin: a release, a mistake, or nothing.

    ``brings`` are names in its module, which serve ``versions``, the newest first; ``takes_over``:
    what an older one than those has left.
    """

    name: str
    brings: tuple[str, ...] = ("OLD",)
    versions: tuple[str, ...] = ()
    takes_over: bool = False
    mistake: str = ""
    enabled: bool = True
    there: bool = True

    def going_on(self, since: str) -> str:
        """The version by which a game goes on that went by ``since``; ``""`` for none."""
        same = [one for one in self.versions if one.split(".")[0] == since.split(".")[0]]
        newer = [one for one in self.versions if self.takes_over and one > since]
        return next(iter(same + newer), "")


OLD = Release("old", ("OLD",), ("1.0",))
FALLING = Release("falling", ("FALLING",), ("1.0",))
MINOR = Release("minor", ("MINOR",), ("1.1",))
MAJOR = Release("major", ("MAJOR",), ("2.0",))
BOTH = Release("both", ("MINOR", "MAJOR"), ("2.0", "1.1"))
HEIR = Release("heir", ("HEIR",), ("2.0",), takes_over=True)
BROKEN = Release("broken", mistake="def this is no Python\n")
OFF = Release("off", enabled=False)
GONE = Release("gone", there=False)


class Seat:
    """One of those who play: a node, its copy of the plugin, and a program."""

    def __init__(
        self, folder: Path, name: str, peer: NodeProcess | None = None, release: Release = OLD
    ) -> None:
        self.name = name
        self.release = release
        self._site, self._config = folder / f"site-{name}", folder / f"{name}.toml"
        self._install()
        # Both may be down at once, and have to find each other: nobody else takes their ports.
        place = f"127.14.{random.randrange(1, 255)}.{random.randrange(1, 255)}"
        arguments = ["--http", "127.0.0.1:0", "--listen", f"/ip4/{place}/tcp/0", "--label", name]
        arguments += [f"--config={self._config}", *(("--peer", peer.addrs[0]) if peer else ())]
        launch = partial(fork, before=Circumstances(plugins=str(self._site)))
        self.node = NodeProcess(folder / name, tuple(arguments), launch=launch)

    def _install(self) -> None:
        """Have that release, and nothing of the one before."""
        release = self.release
        shutil.rmtree(self._site, ignore_errors=True)
        self._site.mkdir()
        if not release.there:
            self._config.write_text("[plugins.realtime]\n")
            return
        off = "" if release.enabled else "enabled = false\n"
        self._config.write_text(f"[plugins.realtime]\n[plugins.pile]\n{off}")
        text = SOURCE.read_text(encoding="utf-8")
        assert "BRINGS = (OLD,)" in text
        text = text.replace("BRINGS = (OLD,)", f"BRINGS = ({', '.join(release.brings)},)")
        (self._site / SOURCE.name).write_text(text + release.mistake, encoding="utf-8")
        metadata = self._site / "goop_pile-1.dist-info"
        metadata.mkdir()
        (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: goop-pile\nVersion: 1\n")
        (metadata / "entry_points.txt").write_text("[goop_node]\npile = goop_pile:Plugin\n")

    async def have(self, release: Release) -> None:
        """Stop, install another release, start again."""
        await asyncio.to_thread(self.node.stop)
        self.release = release
        self._install()
        await asyncio.to_thread(self.node.start)


@dataclass
class Player:
    """A program at a node, which stays through all of its starts. ``got`` are the weights of the
    other's stones as its handler was given them."""

    seat: Seat
    client: Client
    channel: Channel
    got: list[Any] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    _news: asyncio.Condition = field(default_factory=asyncio.Condition)

    def follow(self) -> None:
        """Take what comes."""

        async def message(data: Any, meta: Any) -> None:
            self.got.append(data)
            await self._tell()

        async def state(state: Any, detail: Any) -> None:
            await self._tell()

        def error(error: GoopError) -> None:
            self.errors.append(error.code)

        self.channel.on_message = message
        self.channel.on_state_change = state
        self.channel.on_error = error

    async def _tell(self) -> None:
        async with self._news:
            self._news.notify_all()

    async def told(self, code: str | None, words: str | None = None) -> None:
        """Wait until it is told that code, and those words; without a code, until it goes on."""

        def is_so() -> bool:
            detail = self.channel.detail
            said = (self.channel.state, detail.code, detail.suspended, detail.final)
            if code is None:
                return said == ("connected", None, False, False)
            known = said == ("disconnected", code, True, False)
            return known and words in (None, detail.reason)

        try:
            async with asyncio.timeout(HANG), self._news:
                await self._news.wait_for(is_so)
        except TimeoutError:
            found = (self.channel.state, self.channel.detail)
            raise AssertionError(f"{self.seat.name}: {found}, expected {(code, words)}") from None


@dataclass
class Game:
    """A channel of ``pile``. ``said`` is what was accepted: by whom, and its receipts."""

    alice: Player
    bob: Player
    said: list[tuple[Player, Any, Any]] = field(default_factory=list)

    @classmethod
    @asynccontextmanager
    async def open(cls, alice: Seat, bob: Seat, context: str) -> AsyncIterator[Self]:
        """Alice asks, Bob accepts, as soon as they see each other."""
        await wait_until_discovered(alice.node, bob.node)
        async with (
            Client.from_data(alice.node.data) as a,
            Client.from_data(bob.node.data) as b,
        ):
            accepted = asyncio.get_running_loop().create_future()

            async def accept(request: Any) -> None:
                accepted.set_result(await request.accept())

            stop = b.serve(context, accept)
            one, other = await a.connect(b.peer_id, context=context), await accepted
            stop()
            game = cls(Player(alice, a, one), Player(bob, b, other))
            for player in game.players:
                player.follow()
            yield game

    @property
    def players(self) -> tuple[Player, Player]:
        """Alice, who opened it, and Bob."""
        return self.alice, self.bob

    async def say(self, player: Player, data: Any) -> str:
        """Have a player say something: ``""`` where it was accepted, else the code."""
        sent = player.channel.send(data)
        try:
            await sent
        except GoopError as error:
            return error.code
        self.said.append((player, data, sent))
        return ""

    async def whole(self, *, unlike: str = "") -> None:
        """All that was ever accepted is handled, once, in one order, and both states have it.

        With ``unlike`` it may have been refused with that code, to whoever said it, and is nowhere.
        """
        async with asyncio.timeout(HANG):
            for one in list(self.said):
                code = await fate(one[2])
                assert code in ("", unlike)
                if code:
                    self.said.remove(one)
        histories, stones = [], []
        for player in self.players:
            past = await player.channel.history()
            histories.append([(one.sender, one.data) for one in past])
            stones.append(stones_of((await player.channel.snapshot()).state))
            other = self.bob if player is self.alice else self.alice
            theirs = [data for sender, data in histories[-1] if sender == other.client.peer_id]
            assert player.got == theirs
            own = [data for sender, data in histories[-1] if sender == player.client.peer_id]
            assert own == [data for whose, data, _ in self.said if whose is player]
        assert histories[0] == histories[1]
        assert stones[0] == stones[1] == weights(data for _, data in histories[0])


async def fate(sent: Any) -> str:
    """Wait until a message is handled; ``""``, or the code with which it was refused after all."""
    try:
        return "failed" if (await sent.handled).failed else ""
    except GoopError as error:
        return error.code


def stones_of(state: Any) -> list[int]:
    """The pile, in the state of whatever version."""
    stones: list[int] = state["stones"] if isinstance(state, dict) else state
    return stones


def weights(messages: Any) -> list[int]:
    """The stones that messages have put there."""
    return [data.get("n", data.get("weight")) for data in messages if data["type"] == "put"]
