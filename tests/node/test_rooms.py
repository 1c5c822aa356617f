# SPDX-License-Identifier: MIT
"""Rooms between real nodes: made by name, full, private, handed over. Kills are in tests/rooms."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

from goop_node.cli import main as cli
from goop_node.client import Client, GoopError
from goop_node.testing import NodeProcess, start_node
from tests.limits import HANG
from tests.node.page import Page, wait_until_discovered

Trio = tuple[NodeProcess, NodeProcess, NodeProcess]


@pytest.fixture(scope="module")
def trio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trio]:
    """Alice, whose address Bob and Carol were given; those two find each other by presence."""
    folder: Path = tmp_path_factory.mktemp("rooms")
    with Stopped() as nodes:
        alice = nodes.start(folder / "alice")
        bob = nodes.start(folder / "bob", peer=alice)
        carol = nodes.start(folder / "carol", peer=alice)
        for one, other in combinations((alice, bob, carol), 2):
            asyncio.run(wait_until_discovered(one, other))
        yield alice, bob, carol


class Stopped:
    """Nodes that are stopped at the end, whatever happened."""

    def __enter__(self) -> Stopped:
        self._nodes: list[NodeProcess] = []
        return self

    def start(self, data: Path, **options: Any) -> NodeProcess:
        self._nodes.append(start_node(data, **options))
        return self._nodes[-1]

    def __exit__(self, *error: object) -> None:
        for node in self._nodes:
            node.stop()


class RoomPage(Page):
    """A page in rooms."""

    async def join(self, room: str, **options: Any) -> str:
        """Join a room, and wait until it is joined; its handle."""
        row = await self.post("join", room=room, **options)
        handle: str = row["channelId"]
        await self.emit({"type": "subscribe", "channels": [handle], "ack": True})
        await self.stands(handle, "joined")
        return handle

    async def stands(self, handle: str, state: str, **fields: Any) -> dict[str, Any]:
        """Wait until the newest that was told of the room is that; the frame."""

        def newest() -> dict[str, Any] | None:
            told = [one for one in self.frames if one["type"] == "room"]
            of_it = [one for one in told if one.get("channel") == handle]
            wanted = {"state": state, "suspended": None, **fields}
            if of_it and all(of_it[-1].get(key) == value for key, value in wanted.items()):
                return of_it[-1]
            return None

        found: dict[str, Any] = await self.until(newest)
        return found

    async def has(self, handle: str, *said: Any) -> None:
        """Wait until the messages of others that were told are just these, in that order."""
        await self.until(lambda: self.messages(handle)[-len(said) :] == list(said))


@asynccontextmanager
async def pages(*nodes: NodeProcess) -> AsyncIterator[list[RoomPage]]:
    """A page on each node."""
    async with AsyncExitStack() as stack:
        yield [
            await stack.enter_async_context(RoomPage.open(node, channels=[], ack=True))
            for node in nodes
        ]


async def agreed(handle: str, *pages: RoomPage) -> RoomPage:
    """Wait until all of them are in the room with one host, and that is one of them; which.

    Nobody can say beforehand who: a node that does not run for three seconds is host no more.
    """
    by_host = {page.node.peer_id: page for page in pages}
    async with asyncio.timeout(HANG):
        while True:
            hosts = {(await page.stands(handle, "joined"))["host"] for page in pages}
            if len(hosts) == 1 and hosts <= by_host.keys():
                return by_host[hosts.pop()]
            await asyncio.sleep(0.05)


async def members(page: Page, handle: str) -> list[str]:
    """The members, as the page's node lists them."""
    rows = (await page.http.get("/api/realtime/rooms")).json()
    row = next(one for one in rows if one["channelId"] == handle)
    return [one["peerId"] for one in row["members"]]


async def decide(page: Page, action: str, about: Page) -> None:
    """A person decides about another one."""
    body = {"peerId": about.node.peer_id, "action": action}
    (await page.http.post("/api/people", json=body)).raise_for_status()


async def test_a_room_is_made_by_name_and_handed_over(trio: Trio) -> None:
    async with pages(*trio) as (alice, bob, carol):
        room = await alice.join("lobby", maxPeers=3)
        assert await bob.join("lobby") == await carol.join("lobby") == room
        ids = [node.peer_id for node in trio]
        for page in (alice, bob, carol):
            told = await page.stands(room, "joined", maxPeers=3)
            assert told["self"] == page.node.peer_id
        for page, said in ((alice, "a"), (bob, "b"), (carol, "c")):
            await page.send(room, said)
            for other in {alice, bob, carol} - {page}:
                await other.has(room, said)
        assert bob.messages(room) == ["a", "c"]
        assert sorted(await members(bob, room)) == sorted(ids)

        host = await agreed(room, alice, bob, carol)
        one, other = (page for page in (alice, bob, carol) if page is not host)
        began = time.monotonic()
        await host.post("leave", channelId=room)
        await host.stands(room, "left", code="left")
        await one.send(room, "without the host")
        await other.has(room, "without the host")
        print(f"hand-over to the next message told: {time.monotonic() - began:.2f} s")
        assert sorted(await members(other, room)) == sorted({*ids} - {host.node.peer_id})

        history = (await other.http.get(f"/api/realtime/history?channel={room}")).json()
        assert [said["data"] for said in history["messages"]] == ["a", "b", "c", "without the host"]
        assert history["next"] is None
        for page in (one, other):
            await page.post("leave", channelId=room)


async def test_a_full_room_is_full(trio: Trio) -> None:
    async with pages(*trio) as (alice, bob, carol):
        room = await alice.join("two", maxPeers=2)
        await bob.join("two")
        row = await carol.post("join", room="two")
        assert row["state"] == "joining"
        await carol.emit({"type": "subscribe", "channels": [room], "ack": True})
        told = await carol.stands(room, "left", code="full")
        assert told["reason"]
        answer = await carol.http.get("/api/realtime/rooms?context=")
        listed = {one["room"]: one for one in answer.json()}["two"]
        host = (await agreed(room, alice, bob)).node.peer_id
        assert (listed["members"], listed["maxPeers"], listed["host"]) == (2, 2, host)
        for page in (alice, bob):
            await page.post("leave", channelId=room)


async def test_what_is_private_and_who_has_the_key(trio: Trio) -> None:
    async with pages(*trio) as (alice, bob, carol):
        room = await alice.join("den", key="sesame", maxPeers=4)
        assert await bob.join("den", key="sesame") == await carol.join("den", key="sesame") == room
        other = await carol.join("den", key="Sesam")
        assert other != room
        for page in (alice, bob):
            listed = (await page.http.get("/api/realtime/rooms?context=")).json()
            assert "den" not in [one["room"] for one in listed]
        await bob.post("sendTo", channelId=room, data="for Carol", to=carol.node.peer_id)
        await bob.send(room, "for all")
        await carol.has(room, "for Carol", "for all")
        await alice.has(room, "for all")
        assert alice.messages(room) == ["for all"]
        for page, count in ((alice, 1), (carol, 2)):
            said = (await page.http.get(f"/api/realtime/history?channel={room}")).json()["messages"]
            assert len(said) == count
        for page in (alice, bob, carol):
            await page.post("leave", channelId=room)
        await carol.post("leave", channelId=other)


async def test_a_host_that_cannot_be_reached_is_named(trio: Trio) -> None:
    """Bob has blocked Carol: to her, his node is just not there."""
    async with pages(*trio) as (alice, bob, carol):
        room = await bob.join("hall")
        await alice.join("hall")
        await decide(bob, "block", carol)
        row = await carol.post("join", room="hall")
        await carol.emit({"type": "subscribe", "channels": [row["channelId"]]})
        told = await carol.stands(room, "joining", code="unreachable")
        assert told["reason"] == "the node of bob, which hosts the room, cannot be reached"
        await decide(bob, "unblock", carol)
        await carol.stands(room, "joined", host=bob.node.peer_id)
        for page in (carol, alice, bob):
            await page.post("leave", channelId=room)


async def test_a_transcript_is_genuine_unless_somebody_changes_it(
    trio: Trio, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, forged = tmp_path / "court.jsonl", tmp_path / "forged.jsonl"
    data = f"--data={trio[0].data}"
    async with pages(*trio[:2]) as (alice, bob):
        room = await alice.join("court")
        await bob.join("court")
        await bob.emit({"type": "send", "channel": room, "id": "b-1", "data": "I promise"})
        await alice.has(room, "I promise")
        assert cli.main(["transcript", data]) == 0
        assert "court\t-\tjoined\n" in capsys.readouterr().out
        assert cli.main(["transcript", "court", data, "-o", str(file)]) == 0
        assert cli.main(["transcript", "nowhere", data]) == cli.MISTAKE
    assert "this node is in no room 'nowhere'" in capsys.readouterr().err
    assert cli.main(["transcript", "--check", str(file)]) == 0
    assert f"1 messages signed by {trio[1].peer_id}\nGenuine" in capsys.readouterr().out
    forged.write_text(file.read_text().replace("I promise", "I never"))
    assert cli.main(["transcript", "--check", str(forged)]) == 1
    assert f"{trio[1].peer_id} has not signed 'b-1'\nNOT GENUINE" in capsys.readouterr().out


async def test_programs_share_a_room(trio: Trio) -> None:
    async with AsyncExitStack() as stack:
        clients = [await stack.enter_async_context(Client.from_data(node.data)) for node in trio]
        rooms = [await one.join_room("programs", max_peers=3) for one in clients]
        heard: list[list[tuple[str, Any, str | None]]] = [[], [], []]
        joined: list[set[str]] = [set(), set(), set()]
        left = asyncio.Event()
        for n, room in enumerate(rooms):
            room.on_message = lambda who, data, meta, n=n: heard[n].append((who, data, meta.to))
            room.on_member_join = lambda member, n=n: joined[n].add(member.peer_label)
        alice, bob, carol = rooms
        peers = [room.self for room in rooms]
        hello = alice.send("hello")
        await hello.handled
        assert not (await hello.handled_by(peers[1])).failed
        whisper = bob.send_to(peers[2], "psst")
        await whisper.handled_by(peers[2])
        everybody = [(peers[0], "hello", None)]
        assert heard == [[], everybody, [*everybody, (peers[1], "psst", peers[2])]]
        names = ["alice", "bob", "carol"]
        assert [sorted(one) for one in joined] == [
            [name for name in names if name != own] for own in names
        ]
        assert {room.host for room in rooms} <= set(peers)
        assert [past.data for past in await alice.history()] == ["hello"]
        with pytest.raises(GoopError) as stranger:
            await hello.handled_by("12D3KooWStranger")
        assert stranger.value.code == "left"
        bob.on_member_leave = lambda member: left.set()
        await carol.leave()
        await left.wait()
        assert carol.state == "left"
        assert [member.peer_id for member in bob.members] == peers[:2]
