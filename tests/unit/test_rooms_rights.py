# SPDX-License-Identifier: MIT
"""Who may know of a room, use it, and leave it, at its own node."""

from __future__ import annotations

import pytest

from goop_node.types import Caller
from goop_realtime.machine.rights import HOME, UNKNOWN
from goop_realtime.types import Refusal
from tests.unit.rooms_world import World

CHESS, OTHER = (Caller(kind="template", name=name) for name in ("chess", "other"))
PROGRAM = Caller(kind="program")
SEES, USES = {CHESS, HOME, PROGRAM}, {CHESS, PROGRAM}


@pytest.mark.parametrize("caller", [CHESS, OTHER, HOME, PROGRAM], ids=lambda one: one.kind)
def test_a_templates_room(caller: Caller) -> None:
    """Home lists it and may leave it, and leaves what is said in it to the template's pages."""
    world = World("a")
    alice = world.nodes["a"]
    room = alice.join("lobby", alice.page(caller=CHESS))
    world.run(2_000)
    rooms, now = alice.rooms, world.now
    assert [row["channelId"] for row in rooms.rows(caller)] == ([room] if caller in SEES else [])
    assert isinstance(rooms.row(room, caller), Refusal) == (caller not in SEES)
    said = rooms.send(now, room, alice.page("another", caller), None, "hello")
    assert isinstance(said, str) == (caller in USES)
    read = rooms.history(room, caller, "0::0", 10)
    assert isinstance(read, Refusal) == (caller not in USES)
    left = rooms.leave(now, room, caller)
    assert left == (None if caller in SEES else UNKNOWN)
    alice.flush()
    assert (alice.room(room).code == "left") == (caller in SEES)
