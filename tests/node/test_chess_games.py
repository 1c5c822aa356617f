# SPDX-License-Identifier: GPL-3.0-or-later
"""Random games and crossing messages through two nodes: both end with the same game."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from goop_node.testing import NodeProcess
from tests.node.chess_player import Player, facts, move_message, random_game, start
from tests.node.page import wait_until_discovered

GAMES = 200
OPENING = 40
"""Half-moves. A whole random game has some three hundred."""
WHOLE = 10_000
CROSSINGS = 1000
AT_ONCE = 40

Pair = tuple[NodeProcess, NodeProcess]
PAIRS: list[tuple[str, ...]] = [
    ("resign", "move"),
    ("draw_offer", "move"),
    ("draw_accept", "resign"),
    ("resign", "resign"),
    ("takeback_offer", "move"),
    ("connect", "connect"),
    ("close", "send"),
]


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    folder: Path = tmp_path_factory.mktemp("tables")
    alice = start(folder / "alice")
    try:
        bob = start(folder / "bob", alice)
        try:
            asyncio.run(wait_until_discovered(alice, bob))
            yield alice, bob
        finally:
            bob.stop()
    finally:
        alice.stop()


async def sit_down(a: Player, b: Player, context: str = "chess") -> str:
    """The first player asks for a new game and plays White; the channel."""
    return await a.ask(b, context=context, new=True)


async def play(players: tuple[Player, Player], channel: str, moves: list[str]) -> None:
    """Moves in turn, each known to both nodes and seen by the other page before the next."""
    for ply, uci in enumerate(moves):
        said = await players[ply % 2].say(channel, move_message(uci))
        assert said == "delivered"
        assert await players[1 - ply % 2].hear(channel) == move_message(uci)


async def at_once(
    work: Callable[[int], Awaitable[None]], seeds: Iterable[int], workers: int = AT_ONCE
) -> None:
    """Run ``work`` for all seeds, ``workers`` at a time."""
    waiting = iter(seeds)

    async def worker() -> None:
        for seed in waiting:
            await work(seed)

    async with asyncio.TaskGroup() as group:
        for _ in range(workers):
            group.create_task(worker())


async def agreed(players: tuple[Player, Player], game: str) -> dict[str, Any]:
    """What both nodes know of a game."""
    ours, theirs = [await facts(player, game) for player in players]
    assert ours == theirs
    return ours


@pytest.mark.parametrize(
    ("games", "plies"), [(GAMES // 4, OPENING), pytest.param(GAMES, WHOLE, marks=pytest.mark.soak)]
)
async def test_random_games_end_equal_on_both_nodes(tables: Pair, games: int, plies: int) -> None:
    async with Player.at(tables[0]) as a, Player.at(tables[1]) as b:

        async def game(seed: int) -> None:
            moves = random_game(seed, plies)
            players = (a, b) if seed % 2 else (b, a)
            channel = await sit_down(*players)
            await play(players, channel, moves)
            known = await agreed((a, b), channel)
            assert known["uci"] == moves, f"seed {seed}"
            await a.post("close", channelId=channel)

        await at_once(game, range(games))


@pytest.mark.parametrize(
    "crossings", [CROSSINGS // 8, pytest.param(CROSSINGS, marks=pytest.mark.soak)]
)
@pytest.mark.parametrize("pair", PAIRS, ids=" x ".join)
async def test_crossing_messages_end_equal_on_both_nodes(
    tables: Pair, pair: tuple[str, str], crossings: int
) -> None:
    seeds = range(PAIRS.index(pair), crossings, len(PAIRS))
    async with Player.at(tables[0]) as a, Player.at(tables[1]) as b:
        if pair == ("connect", "connect"):
            # One after the other: of all that two people ask each other for, one game comes.
            await at_once(partial(cross_connects, a, b), seeds, workers=1)
        else:
            await at_once(partial(cross, pair, a, b), seeds)


async def cross(pair: tuple[str, str], a: Player, b: Player, seed: int) -> None:
    """Both players say their word at the same moment, whoever opened the game."""
    lot = random.Random(seed)
    players = (a, b) if lot.random() < 0.5 else (b, a)
    channel = await sit_down(*players)
    moves = random_game(seed, 12)
    played = moves[: lot.randrange(2, 10)]
    await play(players, channel, played)
    turn = len(played) % 2
    says = [0, 0]
    says[turn], says[1 - turn] = 1, 0
    words = [
        move_message(moves[len(played)]) if word in ("move", "send") else {"type": word}
        for word in (pair[says[0]], pair[says[1]])
    ]
    if pair[0] == "draw_accept":
        assert await players[turn].say(channel, {"type": "draw_offer"}) == "delivered"
        assert await players[1 - turn].hear(channel) == {"type": "draw_offer"}

    async def speak(side: int) -> None:
        if words[side] == {"type": "close"}:
            await players[side].post("close", channelId=channel)
        else:
            await players[side].say(channel, words[side])

    sides = [0, 1] if lot.random() < 0.5 else [1, 0]
    await asyncio.gather(*(speak(side) for side in sides))
    if pair[0] == "close":
        # A guest that closes is told twice: that it is closing, and that the host has ordered it.
        closer = words.index({"type": "close"})
        for side in (0, 1, 1) if closer == 1 else (0, 1):
            await players[side].frame("state", channel=channel, state="disconnected", final=True)
    known = await agreed(players, channel)
    assert known["uci"][: len(played)] == played or pair[0] == "takeback_offer"
    if "resign" in pair:
        assert known["reason"] in ("resignation", "agreement"), f"seed {seed}"
    if pair[0] != "close":
        await a.post("close", channelId=channel)


async def cross_connects(a: Player, b: Player, seed: int) -> None:
    """Both ask the other for the same game at once: there is one game in the end."""
    context = f"chess_cross{seed}"
    await asyncio.gather(
        a.post("request", 201, peerId=b.node.peer_id, context=context),
        b.post("request", 201, peerId=a.node.peer_id, context=context),
    )
    [one, other] = [
        await player.frame("state", context=context, state="connected") for player in (a, b)
    ]
    assert one["channel"] == other["channel"], f"seed {seed}"
    await agreed((a, b), context)
    await a.post("close", channelId=one["channel"])
