# SPDX-License-Identifier: MIT
"""Whatever waits in a room is named when it waits too long, and begins anew: none lasts."""

from __future__ import annotations

import json
from functools import partial

import pytest

from goop_realtime.rooms import succession
from goop_realtime.testing import small_bounds
from goop_realtime.testing.rooms import Play, RoomLife
from goop_realtime.testing.rooms.node import RoomNode
from goop_realtime.testing.rooms.watch import RoomWatch
from tests.unit.rooms_world import Node, World

Patch = pytest.MonkeyPatch


class Patient(RoomLife):
    """A life that waits at its end for as long as a watchdog may take."""

    calm_ms = (1_000, 120_000, 6_000)


@pytest.mark.parametrize(
    ("kind", "seed"), [("welcome", 1), ("welcome", 4), ("msg", 1), ("msg", 3), ("ack", 2)]
)
def test_a_life_comes_to_rest_whichever_line_is_lost(
    monkeypatch: Patch, kind: str, seed: int
) -> None:
    """As a node loses it that has a bug: the stream stands, and its pings are answered."""
    deliver = RoomNode.lines

    def lossy(node: RoomNode, link: int, sender: str, batch: list[bytes]) -> None:
        random = node.world.random.random
        kept = [data for data in batch if json.loads(data)["type"] != kind or random() < 0.8]
        if kept:
            deliver(node, link, sender, kept)

    monkeypatch.setattr(RoomWatch, "overdue", lambda *told: None)
    with small_bounds():
        life = Patient(seed, Play(turns=15), nodes=3, faults={})
        settle = life._settle

        def calm() -> None:
            monkeypatch.setattr(RoomNode, "lines", deliver)
            settle()

        monkeypatch.setattr(RoomNode, "lines", lossy)
        monkeypatch.setattr(life, "_settle", calm)
        life.run()


@pytest.mark.parametrize(
    ("kind", "who", "what"),
    [
        ("welcome", "b", "the host's welcome"),
        ("prove", "b", "the host's welcome"),
        ("msg", "b", "the host to order it"),
        ("confirm", "b", "the host to order it"),
        ("entry", "a", "b to have it"),
        ("ack", "a", "b to have it"),
    ],
)
def test_a_wait_is_named_and_begins_anew(
    monkeypatch: Patch, kind: str, who: str, what: str
) -> None:
    world = World("a", "b")
    world.meet()
    a, b = world.nodes.values()
    deliver = Node.line

    def lossy(node: Node, number: int, peer: str, data: bytes) -> None:
        if json.loads(data)["type"] != kind:
            deliver(node, number, peer, data)

    options = {"key": "sesame"} if kind == "prove" else {}
    handle = a.join("den", **options)
    world.until(lambda: a.room(handle).joined)
    if kind in ("welcome", "prove"):
        monkeypatch.setattr(Node, "line", lossy)
    b.join("den", **options)
    world.run(1_000)
    monkeypatch.setattr(Node, "line", lossy)
    for node in (a,) if kind == "entry" else (a, b):  # else what follows would show the loss
        node.send(handle, {"n": 1})
    world.run(28_000)
    assert a.overdue == b.overdue == []
    world.run(5_000)
    assert f"{handle} has waited 30 s for {what}; it begins anew" in world.nodes[who].overdue
    monkeypatch.setattr(Node, "line", deliver)
    world.until(lambda: b.log(handle) == a.log(handle) and not b.room(handle).outbox)
    told = len(a.overdue + b.overdue)
    world.run(60_000)
    assert len(a.overdue + b.overdue) == told


def test_who_finds_no_host_for_a_minute_looks_anew(monkeypatch: Patch) -> None:
    """Nobody claims, as where that has a bug."""
    monkeypatch.setattr(succession, "may_claim", lambda *asked: False)
    world = World("a", "b")
    world.meet()
    a = world.nodes["a"]
    handle = a.join("den")
    world.run(61_000)
    assert a.overdue == [
        f"{handle} has waited 60 s for a host to join, or to become it; it begins anew"
    ]
    monkeypatch.undo()
    world.until(partial(lambda room: room.joined, a.room(handle)))
