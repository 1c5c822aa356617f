# SPDX-License-Identifier: MIT
"""A room's host that cannot be reached from here is named, and looked for."""

from __future__ import annotations

from tests.unit.rooms_world import Node, World


def told(node: Node) -> tuple[str, str, str]:
    """What its page was told of the room last."""
    last = node.got("room")[-1]
    return last["state"], last.get("code", ""), last.get("reason", "")


def test_a_host_out_of_reach_is_named_until_it_is_reached() -> None:
    world = World("a", "b", "c")
    alice, bob, carol = (world.nodes[name] for name in "abc")
    world.part("ab", "bc")
    room = alice.join("lobby")
    world.run(2_000)
    assert bob.join("lobby") == room
    world.until(lambda: bob.room(room).joined)
    carol.join("lobby")
    world.run(2_500)
    assert told(carol) == ("joining", "", "")
    name = carol.room(room).name
    assert carol.rooms.missing(world.now) == [(name, "a", ("b",))]
    assert bob.rooms.missing(world.now) == []
    world.run(1_000)
    assert told(carol) == (
        "joining",
        "unreachable",
        "the node of A, which hosts the room, cannot be reached",
    )
    world.part("abc")
    world.until(lambda: carol.room(room).joined)
    world.run(50)
    assert told(carol) == ("joined", "", "")


def test_members_out_of_reach_of_each_other_are_asked_for_while_their_host_lives() -> None:
    world = World("a", "b", "c")
    nodes = [world.nodes[name] for name in "abc"]
    world.part("ab", "ac")
    room = nodes[0].join("lobby")
    world.run(2_000)
    for node in nodes[1:]:
        node.join("lobby")
        world.until(lambda node=node: node.room(room).joined)  # type: ignore[misc]
    world.run(1_000)
    name = nodes[0].room(room).name
    assert [node.rooms.missing(world.now) for node in nodes] == [
        [],
        [(name, "c", ("a",))],
        [(name, "b", ("a",))],
    ]
