# SPDX-License-Identifier: MIT
"""Rooms are in the list of what runs, as long as this node is in them."""

from __future__ import annotations

from typing import Any

import pytest

from goop_node.clock import now_ms
from goop_node.types import Caller
from goop_realtime.machine.rights import HOME
from tests.unit.test_containment import House
from tests.unit.test_rooms_containment import join


@pytest.fixture
async def house() -> Any:
    found = House()
    yield found
    await found.bridge.close()
    found.journal.close()


def told(house: House) -> list[dict[str, Any]]:
    """The rows that home was told since the last time."""
    rows = [row for one in house.frames if one["type"] == "running" for row in one["rows"]]
    house.frames.clear()
    return rows


def later(house: House, ms: int) -> None:
    """A step so much later: the list is looked at at a pace."""
    house.bridge.engine.tick(now_ms() + ms)
    house.bridge.flush()


async def test_home_follows_the_rooms_of_its_node(house: House) -> None:
    follow = {"type": "subscribe", "channels": [], "running": {"visible": False}}
    house.bridge.engine.frame(now_ms(), house.page, follow)
    house.bridge.flush()
    told(house)
    (lobby,) = join(house, "lobby")
    later(house, 4_000)
    row = told(house)[-1]
    assert (row["channelId"], row["room"], row["state"]) == (lobby, "lobby", "connected")
    assert (row["peerId"], row["peerLabel"]) == ("", "")
    assert [one["peerId"] for one in row["members"]] == ["alice"]
    engine = house.bridge.engine
    assert [one["channelId"] for one in engine.read.running(HOME)] == [lobby]
    assert engine.read.running(Caller(kind="template", name="chess")) == []
    engine.rooms.leave(now_ms(), lobby, HOME)
    house.bridge.flush()
    later(house, 8_000)
    assert [(one["channelId"], one["state"]) for one in told(house)] == [(lobby, "ended")]
    assert engine.read.running(HOME) == []
