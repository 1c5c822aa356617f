# SPDX-License-Identifier: MIT
"""A game is open while its plugin breaks, goes, is updated and put right, at either node or both.

Both are told in words, nothing is ended, and nothing that was accepted is lost.
"""

from __future__ import annotations

import asyncio
import itertools
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import pytest

from tests.node.page import wait_until_discovered
from tests.node.pile_game import (
    BOTH,
    BROKEN,
    FALLING,
    GONE,
    HEIR,
    MAJOR,
    MINOR,
    OFF,
    OLD,
    Game,
    Release,
    Seat,
)
from tests.node.plugins.goop_pile import UNLUCKY

MISSING, MISMATCH, FAILED = "plugin_missing", "contract_mismatch", "plugin_failed"
KNOCK = {"type": "knock"}
NAMES = ("alice", "bob")
SIDES = [("alice",), ("bob",), NAMES]


def put(n: int, version: str = "1.0") -> dict[str, object]:
    """A stone, in the form of that version."""
    return {"type": "put", "weight" if version[0] == "2" else "n": n}


@dataclass(frozen=True)
class Stands:
    """How a game stands at one node: what that has of the plugin, by which version the game has
    gone there, whether that fell over a message."""

    name: str
    release: Release
    goes_by: str
    fell: bool = False

    @property
    def version(self) -> str:
        """What it goes on by; ``""`` where it cannot."""
        return self.release.going_on(self.goes_by)

    def obstacle(self, node: str, *, knocked: bool) -> tuple[str, str] | None:
        """What keeps this node, called ``node``, from taking part: the code, and the words."""
        served = self.release.versions
        if not served:
            words = f"pile is off on {node}, or did not start; this goes on when it is back"
            return MISSING, words
        if self.fell:
            why = "the plugin pile failed in apply()"
            return FAILED, f"pile failed on {node} ({why}); this goes on when that is mended"
        if not self.version:
            why = f"it goes by {self.goes_by}, and there is {' and '.join(served)} now"
        elif knocked and self.version == "1.0":
            why = "pile has no message 'knock'; it has put"
        else:
            return None
        return MISMATCH, f"pile on {node} is not what this began with: {why}"


def expected(mine: Stands, other: Stands, *, knocked: bool = False) -> tuple[str, str] | None:
    """What the program at the node of ``mine`` is told; ``None`` where the game goes on."""
    own = mine.obstacle("this node", knocked=knocked)
    theirs = other.obstacle(f"{other.name}’s node", knocked=knocked)
    if own or theirs:
        return own or theirs
    if mine.version[0] == other.version[0]:
        return None
    words = f"{other.name} has pile {other.version}, you have {mine.version}: "
    return MISMATCH, f"{words}this goes on when both have the same again"


Seats = tuple[Seat, Seat]


@pytest.fixture(scope="module")
def seats(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seats]:
    """Alice and Bob, who are left with the old release."""
    folder = tmp_path_factory.mktemp("pile")
    alice = Seat(folder, "alice")
    try:
        bob = Seat(folder, "bob", alice.node)
        try:
            asyncio.run(wait_until_discovered(alice.node, bob.node))
            yield alice, bob
        finally:
            bob.node.stop()
    finally:
        alice.node.stop()


_numbers = itertools.count()


class Course:
    """A game, and what it should come to as releases change."""

    def __init__(self, game: Game) -> None:
        self.game = game
        self.stands = [
            Stands(one.seat.name, one.seat.release, one.seat.release.versions[0])
            for one in game.players
        ]
        self.knocked = False
        self._weights = itertools.count(100)

    async def change(self, releases: dict[str, Release]) -> None:
        """Give those of these names these releases, both at once; they are told what follows."""
        players = [one for one in self.game.players if one.seat.name in releases]
        await asyncio.gather(*(one.seat.have(releases[one.seat.name]) for one in players))
        self.stands = [
            replace(one, release=releases[one.name], fell=False) if one.name in releases else one
            for one in self.stands
        ]
        await self.as_expected()
        if self.goes_on:
            self.stands = [replace(one, goes_by=one.version) for one in self.stands]

    @property
    def told(self) -> list[tuple[str, str] | None]:
        """What Alice and Bob are told as it stands now."""
        first, second = self.stands
        both = ((first, second), (second, first))
        return [expected(mine, other, knocked=self.knocked) for mine, other in both]

    @property
    def goes_on(self) -> bool:
        """Whether nothing stands in its way."""
        return self.told == [None, None]

    async def as_expected(self) -> None:
        """Wait until both are told that."""
        for player, told in zip(self.game.players, self.told, strict=True):
            await player.told(*(told or (None,)))

    async def talk(self) -> None:
        """Each puts a stone: it is accepted, or refused with what the game waits for."""
        everybody = zip(self.game.players, self.stands, self.told, strict=True)
        for player, stand, told in everybody:
            stone = put(next(self._weights), stand.version or stand.goes_by)
            assert await self.game.say(player, stone) in ("", told[0] if told else "")

    async def fall(self, sides: Sequence[str]) -> None:
        """Somebody says what the release at those nodes falls over."""
        speaker = next((one for one in self.game.players if one.seat.name not in sides), None)
        assert await self.game.say(speaker or self.game.alice, put(UNLUCKY)) == ""
        # Where the host fails nothing is ordered, and the guest's release has nothing to fall over.
        first = next(one for one in self.stands if one.name in sides)
        self.stands = [replace(one, fell=one is first) for one in self.stands]
        await self.as_expected()


async def leave(seats: Seats) -> None:
    """Have the old release at both again."""
    await asyncio.gather(*(one.have(OLD) for one in seats if one.release is not OLD))


RELEASES = [MINOR, MAJOR, BOTH, HEIR, BROKEN, FALLING, OFF, GONE]
CASES = [
    pytest.param(
        release,
        sides,
        mended,
        # Each release is tried at one of the places at least, and each place with some of them.
        marks=() if place == number % 6 else pytest.mark.soak,
        id=f"{release.name}-{'+'.join(sides)}-{mended}",
    )
    for number, release in enumerate(RELEASES)
    for place, (sides, mended) in enumerate(itertools.product(SIDES, ("back", "on")))
]


@pytest.mark.parametrize(("release", "sides", "mended"), CASES)
async def test_a_game_waits_for_its_plugin_and_goes_on(
    seats: Seats, release: Release, sides: Sequence[str], mended: str
) -> None:
    async with Game.open(*seats, f"pile_{next(_numbers)}") as game:
        course = Course(game)
        await course.talk()
        await game.whole()
        try:
            await course.change(dict.fromkeys(sides, release))
            if release is FALLING:
                await course.fall(sides)
            await course.talk()
            if mended == "back":
                await course.change(dict.fromkeys(sides, OLD))
            if not course.goes_on or mended == "on":
                await course.change(dict.fromkeys(NAMES, HEIR if release is HEIR else BOTH))
            assert course.goes_on
            await course.talk()
            # What was said meanwhile in a form that the other version has not, its author hears of.
            await game.whole(unlike="invalid_message" if release is HEIR else "")
        finally:
            await leave(seats)


@pytest.mark.parametrize(
    "seed", [0, *(pytest.param(one, marks=pytest.mark.soak) for one in range(1, 12))]
)
async def test_it_goes_on_whatever_came_before(seats: Seats, seed: int) -> None:
    """A walk: one node or both have another release at each step, and somebody knocks."""
    lot = random.Random(seed)
    async with Game.open(*seats, f"pile_{next(_numbers)}") as game:
        course = Course(game)
        try:
            for _ in range(6):
                sides, story = lot.choice(SIDES), [MINOR, MAJOR, BOTH, BROKEN, OFF, GONE, OLD]
                await course.change({side: lot.choice(story) for side in sides})
                await course.talk()
                both_knock = all(one.version == "1.1" for one in course.stands)
                if course.goes_on and both_knock and lot.random() < 0.5:
                    assert await game.say(lot.choice(game.players), KNOCK) == ""
                    course.knocked = True
            await course.change(dict.fromkeys(NAMES, lot.choice([MINOR, BOTH])))
            assert course.goes_on
            await course.talk()
            await game.whole()
        finally:
            await leave(seats)
