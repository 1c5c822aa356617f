# SPDX-License-Identifier: MIT
"""Rooms beside channels at one node: one order, one commit, and trouble that stays where it is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from goop_node.clock import now_ms
from goop_realtime.machine.rights import HOME
from goop_realtime.rooms import sending
from goop_realtime.rooms.door import JoinOptions
from goop_realtime.rooms.log import Base
from goop_realtime.rooms.records import CutLog, SetBase
from goop_realtime.rooms.room import Room
from goop_realtime.rooms.stored import StoredRoom
from goop_realtime.types import Refusal
from tests.unit.full_disk import full_journal
from tests.unit.test_containment import House, message
from tests.unit.test_journal_lost import Disk

Patch = pytest.MonkeyPatch


@pytest.fixture
async def house() -> Any:
    found = House()
    yield found
    await found.bridge.close()
    found.journal.close()


def join(house: House, *names: str) -> list[str]:
    """Alice's page makes these rooms, in which she is alone; their handles."""
    rooms, handles = house.bridge.engine.rooms, []
    for name in names:
        row = rooms.join(now_ms(), name, JoinOptions(), HOME, house.page)
        assert not isinstance(row, Refusal)
        handles.append(str(row["channelId"]))
    house.bridge.flush()
    rooms.tick(now_ms() + 2_000)
    house.bridge.flush()
    assert [state(house, one) for one in handles] == ["joined"] * len(names)
    return handles


def state(house: House, handle: str) -> str:
    """What the page was told of the room last."""
    told = [one for one in house.frames if one["type"] == "room" and one["channel"] == handle]
    return str(told[-1]["state"])


def say(house: House, channel: str, *data: Any) -> None:
    """The page says something, by frames."""
    for one in data:
        frame = {"type": "send", "channel": channel, "data": one}
        house.bridge.engine.frame(now_ms(), house.page, frame)


def kept(house: House, handle: str) -> list[Any]:
    """The messages that a start would find."""
    found = house.journal.load()[handle]
    assert isinstance(found, StoredRoom)
    return [one.raw.decode() for one in found.entries if one.kind == "msg"]


async def test_both_machines_have_one_order_and_one_commit(house: House) -> None:
    (lobby,) = join(house, "lobby")
    channel, _ = house.channel("bob")
    commits: list[int] = []
    commit = house.journal.commit
    house.journal.commit = lambda records: (commits.append(len(records)), commit(records))[1]  # type: ignore[method-assign]
    house.frames.clear()
    say(house, lobby, 1)
    say(house, channel.id, 2)
    say(house, lobby, 3)
    house.bridge.flush()
    assert len(commits) == 1
    placed = [one["channel"] for one in house.frames if one["type"] == "receipt"]
    assert list(dict.fromkeys(placed)) == [lobby, channel.id]
    assert (kept(house, lobby), len(house.stored(channel))) == (["1", "3"], 1)


async def test_a_subscribe_is_for_both(house: House) -> None:
    (lobby,) = join(house, "lobby")
    channel, _ = house.channel("bob")
    house.frames.clear()
    subscribe = {"type": "subscribe", "channels": [channel.id, lobby, "room-0123456789abcdef"]}
    house.bridge.engine.frame(now_ms(), house.page, subscribe)
    house.bridge.flush()
    told = {(one["type"], one.get("channel"), one.get("state")) for one in house.frames}
    assert told == {
        ("subscribed", None, None),
        ("state", channel.id, "connected"),
        ("room", lobby, "joined"),
        ("room", "room-0123456789abcdef", "left"),
    }


async def test_a_fault_in_one_room_ends_it_alone(house: House, monkeypatch: Patch) -> None:
    lobby, other = join(house, "lobby", "other")
    channel, bob = house.channel("bob")
    right = sending.send

    def wrong(sh: Any, room: Room, *more: Any) -> Any:
        if room.handle == lobby:
            room.log.cut(0)
            raise ZeroDivisionError("a fault of ours")
        return right(sh, room, *more)

    monkeypatch.setattr(sending, "send", wrong)
    say(house, other, 1)
    say(house, lobby, 2)
    bob.says(message(channel, 3))
    house.bridge.flush()
    assert (state(house, lobby), state(house, other)) == ("left", "joined")
    codes = [one.get("code") for one in house.frames if one.get("channel") == lobby]
    assert "failed" in codes
    assert "internal_error" in codes
    assert (kept(house, other), house.stored(channel)) == (["1"], ["m-3"])
    assert len(house.faults) == 1
    assert lobby in house.faults[0]


async def test_what_cannot_be_stored_takes_its_room_alone(house: House) -> None:
    lobby, other = join(house, "lobby", "other")
    say(house, other, 1)
    bad: Any = Base(object())  # type: ignore[arg-type]
    house.core.out.append(CutLog(lobby, 0))  # type: ignore[arg-type]
    house.core.out.append(SetBase(lobby, bad))  # type: ignore[arg-type]
    house.bridge.flush()
    assert (state(house, lobby), state(house, other)) == ("left", "joined")
    assert kept(house, other) == ["1"]


async def test_nothing_happens_that_the_disk_does_not_take(house: House) -> None:
    (lobby,) = join(house, "lobby")
    say(house, lobby, 1)
    house.bridge.flush()
    with full_journal(house.journal):
        say(house, lobby, 2)
        assert not house.bridge.flush()
    assert house.cut == ["p"]
    assert kept(house, lobby) == ["1"]
    page = house.bridge.engine.attach(now_ms(), "q", HOME)
    assert isinstance(house.bridge.engine.rooms.row(lobby, page.caller), dict)


async def test_a_lost_journal_is_written_anew_with_its_rooms(tmp_path: Path) -> None:
    disk = Disk(tmp_path)
    (lobby,) = join(disk.house, "lobby")
    say(disk.house, lobby, 1, 2)
    disk.house.bridge.flush()
    before = disk.house.journal.load()[lobby]
    disk.path.unlink()
    await disk.watch.look()
    disk.house.bridge.flush()
    after = disk.house.journal.load()[lobby]
    assert isinstance(before, StoredRoom)
    assert isinstance(after, StoredRoom)
    assert (after.row, after.epoch, after.entries) == (before.row, before.epoch, before.entries)
    assert [one.raw for one in after.entries if one.kind == "msg"] == [b"1", b"2"]
    await disk.house.bridge.close()
    disk.journal.close()


async def test_what_is_due_without_an_effect_wakes_the_driver(house: House) -> None:
    """Guests hear how far pages are when that is due, not when the timer rings anyway."""
    (lobby,) = join(house, "lobby")
    engine = house.bridge.engine
    assert engine.look_at is None
    hosting = engine.rooms._sh.rooms[lobby].hosting
    assert hosting is not None
    hosting.stable_due, hosting.stable_at = True, now_ms() + 100
    house.bridge.flush()
    assert engine.look_at == hosting.stable_at
    assert house.bridge._timer_at == hosting.stable_at
