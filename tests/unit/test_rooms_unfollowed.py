# SPDX-License-Identifier: MIT
"""A node leaves a room that none of its pages follows any more, unless something would be lost."""

from __future__ import annotations

import pytest

from goop_node.types import Caller
from goop_realtime.rooms import page_frames, unfollowed
from goop_realtime.rooms.room import Phase
from tests.unit.rooms_world import Node, World

GRACE_MS = 20_000


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unfollowed, "UNFOLLOWED_MS", GRACE_MS)


def start(*names: str, caller: Caller | None = None) -> tuple[World, str, list[Node]]:
    """Nodes with a page each in one room, the first of them its host."""
    world = World(*names)
    world.meet()
    nodes = list(world.nodes.values())
    for node in nodes:
        page = node.page("program", caller) if caller is not None else None
        handle = node.join("den", page)
        world.run(1_500)
    assert all(node.room(handle).joined for node in nodes)
    return world, handle, nodes


def close(node: Node) -> None:
    """Its pages are closed, and their places given up."""
    node.core.pages.clear()


def left(node: Node, handle: str) -> bool:
    """Whether the node is in the room no more."""
    room = node.rooms._sh.rooms.get(handle)
    return room is None or room.phase is Phase.LEFT


@pytest.mark.parametrize("who", [0, 1])
def test_who_has_closed_it_leaves_after_a_while(who: int) -> None:
    """Also the host, which hands it over."""
    world, handle, nodes = start("a", "b", "c")
    gone = nodes.pop(who)
    close(gone)
    world.run(GRACE_MS - 2_000)
    assert not left(gone, handle)
    world.run(4_000)
    assert left(gone, handle)
    rooms = [node.room(handle) for node in nodes]
    assert [list(room.fold.members) for room in rooms] == [[node.me for node in nodes]] * 2
    assert {one["kind"] for one in nodes[0].got("member")[-1:]} == {"leave"}
    assert not nodes[0].got("member")[-1].get("lost")


def test_who_comes_back_in_time_stays() -> None:
    world, handle, (_, b) = start("a", "b")
    close(b)
    world.run(GRACE_MS - 2_000)
    b.join("den")
    world.run(2 * GRACE_MS)
    assert b.room(handle).joined


def test_a_program_needs_no_page() -> None:
    world, handle, (_, b) = start("a", "b", caller=Caller(kind="program"))
    close(b)
    world.run(2 * GRACE_MS)
    assert b.room(handle).joined


def test_the_last_one_keeps_the_room() -> None:
    """Nobody else has its log."""
    world, handle, (a, b) = start("a", "b")
    a.send(handle, "remember this")
    world.run(100)
    b.kill()
    close(a)
    world.run(60_000)
    assert a.room(handle).joined
    assert a.log(handle) == ["remember this"]


def test_what_would_be_lost_is_waited_for() -> None:
    """A private message that no page has handled: else its author alone would have it."""
    world, handle, (a, b) = start("a", "b")
    close(b)
    a.send(handle, "for you", to="b")
    world.run(2 * GRACE_MS)
    assert b.room(handle).joined
    page_frames.subscribe(b.rooms._sh, b.page(), {"channels": [handle]})
    b.flush()
    (told,) = b.got("message")
    place = {"epoch": told["epoch"], "host": told["host"], "seq": told["seq"]}
    b.say(b.page(), type="ack", channel=handle, **place)
    close(b)
    world.run(GRACE_MS + 2_000)
    assert left(b, handle)
