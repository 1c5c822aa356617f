# SPDX-License-Identifier: MIT
"""What a context's plugin hears of messages in a room's log."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from goop_node.clock import now_ms
from goop_realtime.contexts.registry import compile_context
from goop_realtime.rooms import rewinding
from goop_realtime.types import Applied, ContextType, Message, NoRules
from tests.unit.full_disk import full_journal
from tests.unit.test_containment import House
from tests.unit.test_rooms_containment import join, say


class Count(NoRules):
    """Counts messages."""

    def __init__(self) -> None:
        self.messages = 0

    def apply(self, message: Any) -> None:
        self.messages += isinstance(message, Message)


TOLD: list[tuple[int, Applied]] = []


def on_commit(session: Count, entries: Sequence[Applied]) -> None:
    TOLD.extend((session.messages, one) for one in entries)


CONTEXT = ContextType(
    name="table",
    version="1",
    title="Table",
    messages={"say": {"properties": {"n": {"type": "integer"}}}},
    open_session=lambda request, snapshot: Count(),
    on_commit=on_commit,
    max_peers=4,
)


@pytest.fixture
async def house() -> Any:
    TOLD.clear()
    found = House()
    found.core.registry.add(compile_context("tables", CONTEXT))
    yield found
    await found.bridge.close()
    found.journal.close()


def words(n: int) -> dict[str, Any]:
    return {"type": "say", "n": n}


async def test_a_plugin_hears_of_what_is_stored_behind_all_that_its_step_ordered(
    house: House,
) -> None:
    (room,) = join(house, "table_7")
    say(house, room, words(1), words(2))
    house.bridge.flush()
    assert [(seen, one.message.data, one.seq) for seen, one in TOLD] == [
        (2, words(1), 3),
        (2, words(2), 4),
    ]
    entry = TOLD[0][1]
    assert (entry.host, entry.request.channel, entry.request.context) == ("alice", room, "table_7")
    assert entry.epoch > house.core.epoch, "the room's, not that of the start"
    TOLD.clear()
    with full_journal(house.journal):
        say(house, room, words(3))
        house.bridge.flush()
    assert TOLD == []


async def test_a_start_tells_again_what_the_log_holds(house: House) -> None:
    (room,) = join(house, "table_7")
    say(house, room, words(1), words(2))
    house.bridge.flush()
    before = [one for _, one in TOLD]
    TOLD.clear()
    assert house.bridge.engine.replay(now_ms()) == []
    assert [one for _, one in TOLD] == before


async def test_what_its_step_cut_off_again_is_not_told(house: House) -> None:
    (room,) = join(house, "table_7")
    say(house, room, words(1))
    rooms = house.bridge.engine.rooms._sh
    rewinding.cut(rooms, rooms.rooms[room], 2)
    house.bridge.flush()
    assert TOLD == []
