# SPDX-License-Identifier: MIT
"""Scripted lives of rooms: created by name, joined, talked in, left, lost, parted and merged."""

from __future__ import annotations

from functools import partial

import pytest

from goop_realtime.machine.rights import HOME
from goop_realtime.rooms import folding, trimming
from tests.unit.rooms_world import Node, World


def joined(handle: str, *nodes: Node) -> bool:
    return all(node.room(handle).joined for node in nodes)


def host(handle: str, world: World) -> list[str]:
    return [
        node.me
        for node in world.nodes.values()
        if node.up and handle in node.rooms._sh.rooms and node.room(handle).phase == "host"
    ]


def alike(handle: str, *nodes: Node) -> bool:
    states = [
        (list(node.room(handle).fold.runs), node.room(handle).fold.form(), node.log(handle))
        for node in nodes
    ]
    return joined(handle, *nodes) and all(state == states[0] for state in states)


def together(*names: str, room: str = "den") -> tuple[World, str, list[Node]]:
    world = World(*names)
    world.meet()
    nodes = list(world.nodes.values())
    handle = ""
    for node in nodes:
        handle = node.join(room)
        world.until(partial(joined, handle, node))
    world.run(500)
    return world, handle, nodes


def test_a_room_is_made_and_joined_by_name() -> None:
    world, handle, (a, b) = together("a", "b")
    assert host(handle, world) == ["a"]
    assert a.room(handle).fold.members == b.room(handle).fold.members == {"a": "A", "b": "B"}
    first = b.got("room")[-1]
    assert (first["state"], first["host"], first["id"]) == ("joined", "a", "den")
    assert [one["peer"]["peerId"] for one in a.got("member")][-1] == "b"


def test_everybody_gets_what_anybody_says_in_one_order() -> None:
    world, handle, nodes = together("a", "b", "c")
    for n in range(5):
        for node in nodes:
            node.send(handle, f"{node.me}{n}")
    world.run(1000)
    logs = [node.log(handle) for node in nodes]
    assert len(logs[0]) == 15
    assert logs[0] == logs[1] == logs[2]
    got = [one["data"] for one in nodes[1].got("message")]
    assert got == [one for one in logs[0] if not one.startswith("b")]
    stages = [one["stage"] for one in nodes[1].got("receipt")]
    assert stages.count("accepted") == stages.count("ordered") == stages.count("delivered") == 5
    stages = [one["stage"] for one in nodes[0].got("receipt")]
    assert stages.count("delivered") == 5


def test_what_pages_have_handled_is_told() -> None:
    world, handle, (a, b, c) = together("a", "b", "c")
    said = b.send(handle, "hello")
    world.run(300)
    for node in (a, c):
        (message,) = node.got("message")
        place = {"epoch": message["epoch"], "host": message["host"], "seq": message["seq"]}
        node.say(node.page(), type="ack", channel=handle, **place)
    world.run(1000)
    told = [one for one in b.got("receipt") if one["stage"] == "handled"]
    assert sorted(one.get("by", "") for one in told) == ["", "a", "c"]
    assert {one["id"] for one in told} == {said}


def test_a_host_hands_over_before_it_leaves() -> None:
    world, handle, (a, b, c) = together("a", "b", "c")
    a.send(handle, 1)
    world.run(300)
    a.say(a.page(), type="leave", channel=handle)
    b.send(handle, 2)
    c.send(handle, 3)
    took = world.until(lambda: all(node.log(handle) == [1, 2, 3] for node in (b, c)))
    assert took < 300
    world.run(500)
    assert alike(handle, b, c)
    assert list(b.room(handle).fold.members) == ["b", "c"]
    assert a.got("room")[-1]["state"] == "left"
    assert handle not in a.stored


def test_a_room_outlives_its_host() -> None:
    world, handle, (a, b, c) = together("a", "b", "c")
    a.send(handle, 1)
    world.run(300)
    a.kill()
    b.send(handle, 2)
    took = world.until(lambda: b.log(handle) == c.log(handle) == [1, 2])
    assert took < 2000
    assert host(handle, world) in (["b"], ["c"])
    a.start()
    world.until(lambda: alike(handle, a, b, c))
    assert a.log(handle) == [1, 2]


def test_who_is_gone_for_too_long_is_no_member() -> None:
    world, handle, (a, b, c) = together("a", "b", "c")
    c.kill()
    world.run(9_000)
    assert "c" in a.room(handle).fold.members
    world.run(3_000)
    assert list(b.room(handle).fold.members) == ["a", "b"]
    assert [one for one in b.got("member") if one["kind"] == "leave"][-1]["lost"]
    c.start()
    world.until(lambda: alike(handle, a, b, c))
    assert list(b.room(handle).fold.members) == ["a", "b", "c"]


def test_a_branch_that_is_lost_is_said_again_on_the_other() -> None:
    world, handle, (a, b, c) = together("a", "b", "c")
    a.send(handle, "before")
    world.run(500)
    world.part("a", "bc")
    a.send(handle, "alone")
    world.until(lambda: bool(host(handle, world)) and len(host(handle, world)) == 2)
    b.send(handle, "together")
    world.run(2000)
    assert a.log(handle) == ["before", "alone"]
    assert b.log(handle) == c.log(handle) == ["before", "together"]
    world.part("abc")
    world.until(lambda: alike(handle, a, b, c) and len(a.log(handle)) == 3)
    assert a.log(handle) == ["before", "together", "alone"]
    (rewound,) = a.got("rewound")
    assert [one["data"] for one in a.got("message")] == ["together"]
    assert rewound["to"] < a.got("message")[0]["seq"]


def test_no_more_than_max_peers_are_in() -> None:
    world = World(*"abcdefgh")
    world.meet()
    handle = ""
    for node in world.nodes.values():
        handle = node.join("small", max_peers=3)
    world.run(8_000)
    inside = [node for node in world.nodes.values() if node.room(handle).joined]
    assert len(inside) == 3
    assert alike(handle, *inside)
    outside = [node for node in world.nodes.values() if node not in inside]
    assert {node.got("room")[-1]["code"] for node in outside} == {"full"}


def test_simultaneous_joins_make_one_room() -> None:
    world = World(*"abcde")
    world.meet()
    handle = ""
    for node in world.nodes.values():
        handle = node.join("race")
    world.until(lambda: alike(handle, *world.nodes.values()))
    assert len(host(handle, world)) == 1
    assert len(world.nodes["a"].room(handle).fold.members) == 5


def test_a_key_keeps_others_out() -> None:
    world = World("a", "b", "c")
    world.meet()
    a, b, c = world.nodes.values()
    one = a.join("den", key="sesame")
    assert b.join("den", key="sesame") == one
    other = c.join("den", key="guess")
    world.run(3000)
    assert other != one
    assert alike(one, a, b)
    assert list(c.room(other).fold.members) == ["c"]


def test_all_start_again() -> None:
    world, handle, nodes = together("a", "b", "c")
    nodes[1].send(handle, "kept")
    world.run(300)
    for node in nodes:
        node.kill()
    for node in nodes:
        node.start()
    world.until(lambda: alike(handle, *nodes))
    assert nodes[2].log(handle) == ["kept"]


def test_nothing_is_kept_of_a_room_that_was_left(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not even of a log that would have been trimmed in that moment."""
    monkeypatch.setattr(trimming, "KEPT_ENTRIES", 2)
    monkeypatch.setattr(folding, "CHECKPOINT_ENTRIES", 1)
    world, handle, (a,) = together("a")
    a.send(handle, "hello")
    world.run(100)
    a.rooms.leave(world.now, handle, HOME)
    a.flush()
    assert a.stored == {}


def test_a_log_of_which_nobody_stores_anything_is_trimmed_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """However few states are kept of it: a room does not end because somebody is away."""
    monkeypatch.setattr(folding, "CHECKPOINT_ENTRIES", 2)
    monkeypatch.setattr(folding, "CHECKPOINTS", 4)
    monkeypatch.setattr(trimming, "KEPT_ENTRIES", 8)
    monkeypatch.setattr(trimming, "LOG_ENTRIES", 40)
    world, handle, (a, _) = together("a", "b")
    world.part("a", "b")
    for n in range(100):
        a.send(handle, n)
    room = a.room(handle)
    assert room.phase == "host"
    assert len(room.log) <= 40
    assert a.log(handle)[-1] == 99
