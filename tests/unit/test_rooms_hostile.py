# SPDX-License-Identifier: MIT
"""Peers and pages that keep to no rules: what they send is contained, and named."""

from __future__ import annotations

import json
from typing import Any

import pytest

from goop_realtime.model.failure import Failure
from goop_realtime.rooms.find_lines import Host, Seek
from goop_realtime.rooms.forms import serialise
from goop_realtime.rooms.lines import EntryLine, Msg, Welcome
from goop_realtime.rooms.positions import Epoch
from goop_realtime.types import LogEntry
from tests.unit.rooms_world import Node, World
from tests.unit.test_rooms_lives import alike, host, joined, together
from tests.unit.test_rooms_messages import GAME


def codes(node: Node, handle: str = "") -> set[str]:
    return {str(row["code"]) for row in node.core.trace.rows(handle)}


def test_a_stranger_that_says_it_seeks_a_longer_log_holds_nobody_up_for_ever() -> None:
    world = World("a")
    (a,) = world.nodes.values()
    a.rooms.peer_back(world.now, "liar")
    handle = a.join("den")
    line = Seek(room="home/den", epoch=(1, "liar"), seq=10**9)

    def lie() -> None:
        a.rooms.found(world.now, "liar", serialise(line))
        a.flush()
        world.later(200, lie)

    lie()
    took = world.until(lambda: joined(handle, a))
    assert 19_000 < took < 22_000


def test_nobody_uses_up_the_numbers_of_epochs() -> None:
    world, handle, (a, b) = together("a", "b")
    line = Host(room="home/den", epoch=(2**53 - 1, "b"), seq=1, linked=9, echo="")
    line.echo = next(reversed(a.room(handle).nonces))
    a.heard("b", serialise(line))
    assert host(handle, world) == ["a"]
    assert a.room(handle).seen < 2**42
    link = next(iter(a.room(handle).hosting.links.values()))  # type: ignore[union-attr]
    far = EntryLine(seq=b.room(handle).log.last + 1, author="a", id="p-1", epoch=(2**53 - 1, "a"))
    other, number = world.wires[link.id]
    other.rooms.lines(world.now, number, [serialise(far) + b""])
    assert b.room(handle).log.last < far.seq


def test_without_the_key_nobody_makes_a_host_give_way() -> None:
    world = World("a", "b", "x")
    world.meet()
    a, b, x = world.nodes.values()
    for node in (a, b):
        handle = node.join("den", key="sesame")
        world.until(lambda node=node, handle=handle: joined(handle, node))
    world.run(300)
    room = a.room(handle)
    for linked in (9, 63):
        line = Host(room=room.name, epoch=(room.seen + 5, "x"), seq=99, linked=linked)
        line.echo = next(reversed(room.nonces))
        a.heard("x", serialise(line))
    world.run(1000)
    assert host(handle, world) == ["a"]
    assert alike(handle, a, b)
    assert x.me not in room.fold.members


@pytest.mark.parametrize(
    "line",
    [
        EntryLine(seq=99, author="a", id="p-1", data=b"1"),  # type: ignore[arg-type]
        EntryLine(seq=0, author="a", id="p-1", data=b"1"),  # type: ignore[arg-type]
        EntryLine(seq=4, author="nobody", id="p-1", data=b"1"),  # type: ignore[arg-type]
        EntryLine(seq=4, author="a", kind="open", id="x", data=b'{"maxPeers":9}'),  # type: ignore[arg-type]
        EntryLine(seq=4, author="c", kind="join", data=b'{"label":""}'),  # type: ignore[arg-type]
    ],
)
def test_a_host_that_breaks_the_rules_is_given_up(line: EntryLine) -> None:
    world = World("a", "b")
    world.meet()
    a, b = world.nodes.values()
    for node in (a, b):
        handle = node.join("den", max_peers=2)
        world.until(lambda node=node, handle=handle: joined(handle, node))
    world.run(300)
    assert b.room(handle).log.last == 3
    (number,) = (number for number, link in b.rooms._sh.links.items() if link.peer == "a")
    raw = json.loads(serialise(EntryLine(seq=line.seq, author=line.author, kind=line.kind)))
    raw |= {"id": line.id, "data": json.loads(bytes(line.data)), "sig": "Z29vcA=="}
    b.rooms.lines(world.now, number, [json.dumps(raw).encode()])
    b.flush()
    assert codes(b, handle) & {"malformed_json", "forged"}
    assert b.room(handle).log.last == 3
    # It is the same node that has kept to them before: it is joined again.
    world.until(lambda: alike(handle, a, b))


def test_a_host_that_keeps_what_it_has_announced_is_given_up() -> None:
    world, handle, (_a, b) = together("a", "b")
    link = b.room(handle).link
    assert link is not None
    link.caught_up, link.until, link.progress_at = False, 99, world.now
    world.run(9_000)
    assert b.room(handle).link is link
    world.until(lambda: "stalled" in codes(b, handle))
    world.until(lambda: joined(handle, b))


def test_a_welcome_that_nobody_asked_for_changes_nothing() -> None:
    world, handle, (a, b) = together("a", "b")
    a.send(handle, 1)
    world.run(200)
    before = b.log(handle)
    (number,) = (number for number, link in b.rooms._sh.links.items() if link.peer == "a")
    welcome = Welcome(epoch=Epoch(5, "a"), fork=0, last=0)
    b.rooms.lines(world.now, number, [serialise(welcome)])
    assert b.log(handle) == before == [1]


def test_a_guest_that_hurries_loses_its_stream() -> None:
    world, handle, (a, b) = together("a", "b")
    (number,) = (number for number, link in a.rooms._sh.links.items() if link.peer == "b")
    for n in range(1, 2000):
        line = Msg(id=f"p-{n}", data=b"1", sig=b"no")  # type: ignore[arg-type]
        a.rooms.lines(world.now, number, [serialise(line).replace(b'"data":""', b'"data":1')])
    a.flush()
    assert "too_fast" in codes(a, handle)
    assert a.log(handle) == []
    world.run(100)
    world.until(lambda: alike(handle, a, b))


def test_lines_that_are_none_end_a_stream_and_nothing_else() -> None:
    world, handle, (a, b) = together("a", "b")
    (number,) = (number for number, link in a.rooms._sh.links.items() if link.peer == "b")
    assert not a.rooms.lines(world.now, number, [b'{"type":"ack","seq":"x"}'])
    assert not a.rooms.found(world.now, "b", b"[]")
    assert not a.rooms.joined(world.now, 999, "b", b'{"type":"ping"}')
    assert a.rooms.lines(world.now, 998, [b"whatever"])
    a._close(number)
    a.flush()
    world.until(lambda: alike(handle, a, b))


@pytest.mark.parametrize(
    "body",
    [
        None,
        {"type": "join"},
        {"type": "join", "room": "a b"},
        {"type": "join", "room": "x", "maxPeers": 1},
        {"type": "join", "room": "x", "key": 7},
        {"type": "join", "room": "x", "context": "nothing"},
        {"type": "leave", "channel": "room-0000000000000000"},
        {"type": "send", "channel": "room-0000000000000000", "data": 1},
        {"type": "rooms", "context": "nothing"},
        {"type": "brandnew"},
    ],
)
def test_frames_that_are_none_are_refused_in_words(body: Any) -> None:
    world = World("a")
    a = world.nodes["a"]
    a.rooms.frame(world.now, a.page(), body)
    a.flush()
    (told,) = a.got("error")
    assert told["code"] in {"bad_request", "unknown_context", "unknown_channel", "unknown_frame"}
    assert told["reason"]


@pytest.mark.parametrize(
    "fields",
    [
        {"type": "subscribe", "after": {"H": "x"}},
        {"type": "subscribe", "after": {"H": [[1, "a", -1]]}},
        {"type": "subscribe", "handled": {"H": [None]}, "pending": {"H": [1, None, "p-1"]}},
        {"type": "ack", "epoch": "x", "host": 7, "seq": None},
        {"type": "ack", "epoch": 1, "host": "a", "seq": 10**9},
        {"type": "send", "data": 1, "id": "nonsense"},
        {"type": "send", "data": 1, "to": 9},
    ],
)
def test_frames_about_a_room_may_be_of_any_form(fields: dict[str, Any]) -> None:
    world, handle, (a,) = together("a")
    body = json.loads(json.dumps(fields).replace('"H"', f'"{handle}"'))
    body.setdefault("channels" if body["type"] == "subscribe" else "channel", handle)
    if body["type"] == "subscribe":
        body["channels"] = [handle, 3, "room-nowhere"]
    a.rooms.frame(world.now, a.page(), body)
    a.flush()
    a.send(handle, "still here")
    assert a.log(handle) == ["still here"]


def test_what_this_node_fails_on_ends_that_room_alone() -> None:
    world, handle, (a, b) = together("a", "b")
    other = a.join("other")
    world.until(lambda: joined(other, a))
    stored = a.stored[handle]
    a.rooms.set_back(world.now, handle, stored, Failure(ValueError("ours")))
    a.flush()
    assert a.room(handle).code == "failed"
    assert a.got("room")[-1]["state"] == "left"
    assert joined(other, a)
    world.until(lambda: host(handle, world) == ["b"])
    assert b.log(handle) == []


def test_a_session_that_breaks_takes_its_room_along_and_no_other() -> None:
    world = World("a", "b", contexts=[GAME])
    world.meet()
    a, b = world.nodes.values()
    for node in (a, b):
        handle = node.join("game_1")
        world.until(lambda node=node, handle=handle: joined(handle, node))

    def broken(entry: LogEntry) -> None:
        raise ZeroDivisionError

    session = a.room(handle).session
    assert session is not None
    session._session.apply = broken  # type: ignore[method-assign]
    a.send(handle, {"type": "add", "n": 1})
    world.run(100)
    assert (a.room(handle).phase, a.room(handle).code) == ("left", "plugin_failed")
    world.until(lambda: host(handle, world) == ["b"])
    assert b.log(handle) == []
