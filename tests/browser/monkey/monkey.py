# SPDX-License-Identifier: GPL-3.0-or-later
"""Two restless people at two real pages: whatever they do, everybody ends with the same game."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable

from playwright.async_api import Error

from goop_node.testing import NodeProcess
from tests.browser.monkey.player import NotNow, Player
from tests.browser.monkey.seen import disagreement, shown, told
from tests.node.page import Page as Program

PATIENCE = 60.0
"""Seconds until what has not come to agree never will."""
MOVES = "move"
WEIGHTS = {
    MOVES: 50,
    "premove": 4,
    "chat": 3,
    "draw": 4,
    "takeback": 5,
    "accept": 4,
    "decline": 4,
    "reload": 5,
    "back": 3,
    "lobby": 2,
    "second tab": 4,
    "stall": 5,
    "kill": 2,
    "third": 3,
    "flip": 1,
    "abandon": 2,
}
"""What is done, and how often."""
ENDS = ("resign", "abort", "draw")
CLAIMS = ("claim-win", "claim-draw")
"""What a game that was abandoned is ended with, or not at all."""


class Monkey:
    """Plays games from one seed, and keeps a story of what it did."""

    def __init__(self, seed: int, players: tuple[Player, Player], third: Program) -> None:
        self.chance = random.Random(seed)
        self.players = players
        self.third = third
        self.story = [f"seed {seed}"]
        self.done: Counter[str] = Counter()
        self._faults: list[asyncio.Task[None]] = []
        self._lame: set[NodeProcess] = set()
        self.game = ""

    @property
    def tale(self) -> str:
        """What was done, line by line."""
        return "\n".join(self.story)

    async def play(self, rounds: int) -> str:
        """One game from the invitation to its end. Returns the reason of the end."""
        await self._invite()
        for _ in range(rounds):
            for _ in range(self.chance.randrange(1, 4)):
                name = self._chosen()
                await self._do(name, await self._who(name))
            if await self._agree() != "running":
                break
        else:
            await self._end()
        ended = await told(self.players[0].node, self.game)
        if ended["abandonedBy"] and self.chance.random() < 0.5:
            for player in self.players:
                await self._do(self.chance.choice(CLAIMS), player)
            await self._agree()
        for player in self.players:
            await player.rise()
        return str(ended["reason"] or ended["status"])

    async def _who(self, name: str) -> Player:
        """Who does it: anybody, but whose turn it is moves, as far as the pages say, and the other
        one moves in advance."""
        if name in (MOVES, "premove"):
            for player, other in (self.players, self.players[::-1]):
                if await player.table.locator(".movable").count():
                    return player if name == MOVES else other
        return self.chance.choice(self.players)

    def _chosen(self) -> str:
        names = list(WEIGHTS)
        return self.chance.choices(names, [WEIGHTS[name] for name in names])[0]

    async def _invite(self) -> None:
        """By the pages, and both sit at the table."""
        asker, asked = self.chance.sample(self.players, 2)
        page = asker.table
        colour = self.chance.choice(["white", "random", "black"])
        await page.wait_for_selector(f'[data-peer="{asked.node.peer_id}"]')
        times = await page.locator("#clock option").all_text_contents()
        time = self.chance.choice(times)
        await page.select_option("#clock", label=time)
        for each in (
            f'[data-peer="{asked.node.peer_id}"]',
            f'.colours label:has([value="{colour}"])',
            "#invite",
        ):
            await asker.press(page.locator(each))
        request = asked.table.locator("#incoming li", has_text=asker.name)
        accept = request.locator('[data-action="accept"]')
        await accept.wait_for()
        await accept.click()  # it takes no press in its first moment
        for player in self.players:
            await player.table.wait_for_selector('body[data-state="playing"]')
        self.game = (await shown(page)).game or ""
        self.story.append(f"{asker.name} invites {asked.name} to {self.game} as {colour}, {time}")

    async def _do(self, name: str, player: Player) -> None:
        """Have the player do it, where it can be done; the story says what came of it."""
        actions: dict[str, Callable[[Player], Awaitable[object]]] = {
            MOVES: lambda one: one.move(self.chance),
            "premove": lambda one: one.move_ahead(self.chance),
            "chat": lambda one: one.write(f"line {len(self.story)} of {one.name}"),
            "abandon": lambda one: one.abandon(self.game),
            "reload": lambda one: one.reload(),
            "back": lambda one: one.leave_and_resume(self.game, back=True),
            "lobby": lambda one: one.leave_and_resume(self.game, back=False),
            "second tab": lambda one: one.second_tab(self.game),
            "stall": self._stall,
            "kill": self._kill,
            "third": self._third,
        }
        try:
            came = await actions.get(name, lambda one: one.act(name))(player)
        except NotNow as error:
            self.story.append(f"  {player.name}: no {name}: {error}")
            return
        except Error as error:
            # A page that was reloaded, or left, under the hand.
            self.story.append(f"  {player.name}: {name} broken off: {error.message:.80}")
            return
        self.done[name] += 1
        self.story.append(f"  {player.name}: {name} {came or ''}")

    async def _stall(self, player: Player) -> None:
        """Its node is silent for a while."""
        if player.node in self._lame:
            raise NotNow("it is away already")
        self._lame.add(player.node)
        player.node.freeze()
        self._faults.append(asyncio.create_task(self._thaw(player, self.chance.uniform(0.1, 1.5))))

    async def _thaw(self, player: Player, after: float) -> None:
        await asyncio.sleep(after)
        player.node.thaw()
        self._lame.discard(player.node)

    async def _kill(self, player: Player) -> None:
        """Its node is killed, and started again on its data."""
        if player.node in self._lame:
            raise NotNow("it is away already")
        self._lame.add(player.node)
        player.node.kill()
        self._faults.append(asyncio.create_task(self._start(player)))

    async def _start(self, player: Player) -> None:
        await asyncio.to_thread(player.node.start)
        self._lame.discard(player.node)

    async def _third(self, player: Player) -> None:
        """Somebody else invites them, and thinks better of it."""
        asked = await self.third.post(
            "request", 201, peerId=player.node.peer_id, context="chess", timeout=10_000
        )
        await asyncio.sleep(self.chance.uniform(0, 0.3))
        await self.third.post("close", channelId=asked["channelId"])

    async def _quiet(self) -> None:
        """All nodes are up, and everybody sits at the table."""
        await asyncio.gather(*self._faults)
        self._faults.clear()
        for player in self.players:
            await player.come_back(self.game)

    async def _agree(self) -> str:
        """Wait until nodes, boards and lists say the same. Returns the status of the game."""
        await self._quiet()
        wrong = "nothing was compared"
        try:
            async with asyncio.timeout(PATIENCE):
                while wrong:
                    states = [await told(player.node, self.game) for player in self.players]
                    tables = [await player.tables() for player in self.players]
                    lists = [[await shown(player.lobby)] for player in self.players]
                    wrong = disagreement(states, tables, lists, self.game)
                    if wrong:
                        # The pages follow their nodes without a word to us.
                        await asyncio.sleep(0.1)
        except TimeoutError:
            seen = [
                [(t.view, t.status, t.notice, t.past, t.moves) for t in each] for each in tables
            ]
            raise AssertionError(f"{wrong}\n{seen}") from None
        return str(states[0]["status"])

    async def _end(self) -> None:
        """Somebody ends it."""
        while await self._agree() == "running":
            player = self.chance.choice(self.players)
            await self._do(self.chance.choice(ENDS), player)
            confirm = player.table.locator('#confirm[open] [data-confirm="yes"]')
            if await confirm.is_visible():
                await player.press(confirm)
            await self._do("accept", self.chance.choice(self.players))
            await self._do(MOVES, self.chance.choice(self.players))
