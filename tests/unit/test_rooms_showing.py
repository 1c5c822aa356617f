# SPDX-License-Identifier: MIT
"""Pages see what a room's Session comes to, at the very position, on whatever branch."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from goop_realtime.machine.showing import PACE_MS
from goop_realtime.rooms.rows import told_place
from tests.unit.rooms_world import Node, World
from tests.unit.test_rooms_lives import alike, host, joined
from tests.unit.test_rooms_messages import GAME


def together(*names: str) -> tuple[World, str, list[Node]]:
    world = World(*names, contexts=[GAME])
    world.meet()
    nodes, handle = list(world.nodes.values()), ""
    for node in nodes:
        handle = node.join("game_1")
        world.until(partial(joined, handle, node))
    world.run(300)
    return world, handle, nodes


def ask(node: Node, handle: str) -> Any:
    node.say(node.page(), type="snapshot", channel=handle, ref="r")
    return [one for one in node.got("snapshot") + node.got("error") if one.get("ref") == "r"][-1]


def pushed(node: Node) -> list[Any]:
    return [one for one in node.got("snapshot") if "ref" not in one]


def add(node: Node, handle: str, *numbers: int) -> None:
    for n in numbers:
        node.send(handle, {"type": "add", "n": n})


@pytest.mark.parametrize("more", [(), (10, 20, 30)])
def test_the_state_stands_where_the_log_does_also_behind_a_branch_that_was_lost(
    more: tuple[int, ...],
) -> None:
    world, handle, (a, b, c) = together("a", "b", "c")
    for node in (a, b):
        node.say(node.page(), type="snapshot", channel=handle, watch=True)
    add(a, handle, 1)
    world.run(500)
    world.part("a", "bc")
    add(a, handle, 2)
    alone = ask(a, handle)
    assert alone["state"]["sum"] == 3
    world.until(lambda: len(host(handle, world)) == 2 and joined(handle, b, c))
    add(b, handle, *more)
    world.run(500)
    world.part("abc")
    world.until(lambda: alike(handle, a, b, c))
    world.run(500)
    place = told_place(a.room(handle).fold.last)
    assert place[:2] != alone["position"][:2]
    for node in (a, b):
        told = ask(node, handle)
        assert told == {**pushed(node)[-1], "ref": "r"}
        assert (told["state"]["sum"], told["position"]) == (3 + sum(more), place)
        states = {tuple(one["position"]): one["state"] for one in node.got("snapshot")}
        assert all(states[tuple(one["position"])] == one["state"] for one in node.got("snapshot"))


def test_a_page_that_follows_a_busy_room_is_told_at_a_pace_and_at_last() -> None:
    world, handle, (a, b) = together("a", "b")
    b.say(b.page(), type="snapshot", channel=handle, watch=True)
    began, before = world.now, len(pushed(b))
    assert before == 1
    for _ in range(100):
        add(a, handle, 1)
        world.run(7)
    world.run(200)
    told = pushed(b)
    assert 10 < len(told) <= 2 + (world.now - began) // PACE_MS
    assert told[-1]["position"] == told_place(b.room(handle).fold.last)
    assert told[-1]["state"]["sum"] == 100


def test_who_is_out_or_without_the_plugin_is_told_so() -> None:
    world, handle, (a, b) = together("a", "b")
    b.kill()
    world.contexts = []
    b.start()
    assert ask(b, handle)["code"] == "plugin_missing"
    a.say(a.page(), type="leave", channel=handle)
    world.run(3000)
    assert ask(a, handle)["code"] == "closed"
