# SPDX-License-Identifier: MIT
"""Three people in a room, two with one minor version of its plugin and one with the next.

What one of them lacks nobody says, until that one has gone or was updated; who comes back with
the older one goes on from the others' state.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from itertools import combinations
from pathlib import Path
from typing import Any

from goop_node.client import Client, GoopError, Room
from tests.limits import HANG
from tests.node.page import wait_until_discovered
from tests.node.pile_game import Release, Seat

HEAP = Release("heap", ("HEAP",), ("1.1",))
KNOCKED_HEAP = Release("knocked heap", ("KNOCKED_HEAP",), ("1.2",))
LACKED = "unknown_type_there"
KNOCK = {"type": "knock"}
NAME = "heap_1"


class Guest:
    """A program in the room. ``got`` is what its handler was given of the others."""

    def __init__(self, seat: Seat, client: Client, news: asyncio.Condition) -> None:
        self.seat = seat
        self.client = client
        self.got: list[Any] = []
        self._news = news
        self.room: Room

    async def join(self) -> None:
        """Come into the room, or make it."""

        async def message(sender: str, data: Any, meta: Any) -> None:
            self.got.append(data)
            await self._tell()

        async def changed(*what: object) -> None:
            await self._tell()

        self.room = await self.client.join_room(NAME, max_peers=4)
        self.room.on_message = message
        self.room.on_member_join = self.room.on_member_leave = changed
        self.room.on_state_change = changed

    async def say(self, data: Any) -> str:
        """Say something to all: ``""`` where it has its place, else the code."""
        try:
            await self.room.send(data).delivered
        except GoopError as error:
            return error.code
        return ""

    def sees(self, *others: Guest) -> bool:
        """Whether it is in the room with these, and nobody else."""
        peers = {one.peer_id for one in self.room.members} | {self.client.peer_id}
        who = {one.client.peer_id for one in (self, *others)}
        return self.room.state == "joined" and peers == who

    async def until(self, holds: Callable[[], bool]) -> None:
        """Wait until that is so."""
        try:
            async with asyncio.timeout(HANG), self._news:
                await self._news.wait_for(holds)
        except TimeoutError:
            told = (self.room.state, self.room.detail, self.room.members, self.got)
            raise AssertionError(f"{self.seat.name}: {told}") from None

    async def state(self) -> Any:
        """What its node makes of the room's log."""
        return (await self.room.snapshot()).state

    async def _tell(self) -> None:
        async with self._news:
            self._news.notify_all()


@asynccontextmanager
async def guests(folder: Path) -> AsyncIterator[list[Guest]]:
    """Alice and Bob with the older minor, Carol with the newer one; all of them see each other."""
    async with AsyncExitStack() as stack:
        seats: list[Seat] = []
        for name, release in (("alice", HEAP), ("bob", HEAP), ("carol", KNOCKED_HEAP)):
            first = seats[0].node if seats else None
            seats.append(await asyncio.to_thread(Seat, folder, name, first, release))
            stack.callback(seats[-1].node.stop)
        for one, other in combinations(seats, 2):
            await wait_until_discovered(one.node, other.node)
        news = asyncio.Condition()
        found = []
        for seat in seats:
            client = await stack.enter_async_context(Client.from_data(seat.node.data))
            found.append(Guest(seat, client, news))
        yield found


async def everybody_has(guests: list[Guest], data: Any) -> None:
    """Wait until all but its author were given it; then all have the same state."""
    for guest in guests[1:]:
        await guest.until(lambda guest=guest: data in guest.got)  # type: ignore[misc]
    first, *others = [await guest.state() for guest in guests]
    assert others == [first] * len(others)


async def test_what_a_member_lacks_nobody_says(tmp_path: Path) -> None:
    async with guests(tmp_path) as (alice, bob, carol):
        for guest in (alice, bob, carol):
            await guest.join()
        for guest, *others in ((alice, bob, carol), (bob, carol, alice), (carol, alice, bob)):
            await guest.until(lambda guest=guest, others=others: guest.sees(*others))  # type: ignore[misc]
        for n, guest in enumerate((alice, bob, carol)):
            stone = {"type": "put", "n": n}
            others = [one for one in (alice, bob, carol) if one is not guest]
            assert await guest.say(stone) == ""
            await everybody_has([guest, *others], stone)
        assert await carol.say(KNOCK) == LACKED

        # One of the two is updated, and takes part as before; the other one lacks it still.
        await bob.seat.have(KNOCKED_HEAP)
        await bob.until(lambda: bob.room.version == "1.2" and bob.sees(alice, carol))
        await carol.until(lambda: carol.sees(alice, bob))
        assert await carol.say(KNOCK) == LACKED

        # Without that one, who was the host, all have it.
        await alice.room.leave()
        await carol.until(lambda: carol.sees(bob))
        await bob.until(lambda: bob.sees(carol))
        assert await carol.say(KNOCK) == ""
        await everybody_has([carol, bob], KNOCK)
        assert (await carol.state())["knocks"] == 1

        # Who comes back cannot fold the log, goes on from the others' state, and counts again.
        await alice.join()
        await carol.until(lambda: carol.sees(alice, bob))
        await alice.until(lambda: alice.sees(bob, carol))
        assert await carol.say(KNOCK) == LACKED
        stone = {"type": "put", "n": 7}
        assert await bob.say(stone) == ""
        await everybody_has([bob, alice, carol], stone)
        assert await alice.state() == {"stones": [0, 1, 2, 7], "knocks": 1}
