# SPDX-License-Identifier: MIT
"""Rooms with a context: judged messages, newest values, volatile and private ones, and drift."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from goop_realtime.contexts.registry import compile_context
from goop_realtime.machine.seen import decisions
from goop_realtime.rooms import distributing
from goop_realtime.rooms.entries import RoomEntry
from goop_realtime.types import (
    ContextType,
    Joined,
    Left,
    LogEntry,
    Message,
    MessageType,
    OpenRequest,
    Refusal,
    RoomSession,
    Snapshot,
)
from tests.unit.rooms_world import Node, World
from tests.unit.test_rooms_lives import alike, joined

OBJECT = {"type": "object"}
NUMBER = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}


class Counting(RoomSession):
    """Adds up what members say; only somebody who is in the room may say anything."""

    bias = 0

    def __init__(self, state: Any) -> None:
        self.sum, self.members = (state["sum"], list(state["members"])) if state else (0, [])

    def check(self, message: LogEntry) -> Refusal | None:
        if isinstance(message, Joined) and message.peer == "barred":
            return Refusal(code="barred", reason="not you")
        if isinstance(message, Message) and message.fields["n"] < 0:
            return Refusal(code="negative", reason="only upwards")
        return None

    def apply(self, message: LogEntry) -> None:
        if isinstance(message, Joined):
            self.members.append(message.peer)
        elif isinstance(message, Left):
            self.members.remove(message.peer)
        else:
            self.sum += message.fields["n"]

    def snapshot(self) -> Any:
        return {"sum": self.sum + self.bias, "members": self.members}

    def check_latest(self, message: Message, previous: Message | None) -> Refusal | None:
        before = previous.fields["x"] if previous is not None else 0
        if abs(message.fields["x"] - before) > 10:
            return Refusal(code="teleport", reason="too far")
        return None


def opened(request: OpenRequest, snapshot: Snapshot | None) -> RoomSession:
    return Counting(snapshot.state if snapshot else None)


PLACE = {**OBJECT, "properties": {"x": {"type": "integer"}, "id": {"type": "string"}}}
GAME = ContextType(
    name="game",
    version="1",
    title="Game",
    messages={
        "add": NUMBER,
        "whisper": OBJECT,
        "place": MessageType(PLACE, delivery="latest", key="/id", max_bytes=200),
        "blink": MessageType(OBJECT, delivery="volatile", rate=2),
    },
    open_session=opened,
    max_peers=4,
    push_state=True,
)


@pytest.fixture
def game() -> tuple[World, str, list[Node]]:
    world = World("a", "b", "c", contexts=[GAME])
    world.meet()
    nodes = list(world.nodes.values())
    for node in nodes:
        handle = node.join("game_1")
        world.until(lambda node=node, handle=handle: joined(handle, node))
    world.run(300)
    return world, handle, nodes


def say(node: Node, handle: str, **data: Any) -> None:
    node.say(node.page(), type="send", channel=handle, data=data)


def test_a_session_folds_who_comes_and_goes_and_what_they_say(
    game: tuple[World, str, list[Node]],
) -> None:
    world, handle, (a, b, c) = game
    b.send(handle, {"type": "add", "n": 2})
    said = c.send(handle, {"type": "add", "n": -1})
    world.run(500)
    (refused,) = c.got("refused")
    assert (refused["id"], refused["code"]) == (said, "negative")
    c.say(c.page(), type="leave", channel=handle)
    world.run(500)
    for node in (a, b):
        assert node.room(handle).session.snapshot() == {"sum": 2, "members": ["a", "b"]}


def test_the_newest_of_each_author_and_key_is_known_to_all(
    game: tuple[World, str, list[Node]],
) -> None:
    world, handle, (a, b, c) = game
    for x in (1, 2, 3):
        say(b, handle, type="place", id="ship", x=x)
        say(b, handle, type="place", id="cat", x=-x)
    say(a, handle, type="place", id="ship", x=7)
    world.run(300)
    for node, others in ((a, {"b"}), (b, {"a"}), (c, {"a", "b"})):
        told = {(one["from"], one["key"]): one["data"]["x"] for one in node.got("latest")}
        expected = {("b", '"ship"'): 3, ("b", '"cat"'): -3, ("a", '"ship"'): 7}
        assert told == {key: x for key, x in expected.items() if key[0] in others}
    assert a.log(handle) == []
    # Who comes later is told, and who has gone is forgotten.
    page = c.page("late")
    c.say(page, type="subscribe", channels=[handle])
    assert len(c.got("latest", page)) == 3
    b.kill()
    world.run(12_000)
    assert [key.author for key in c.room(handle).newest.values] == ["a"]


def test_a_newcomer_and_a_new_host_know_the_newest(game: tuple[World, str, list[Node]]) -> None:
    world, handle, (a, b, c) = game
    say(c, handle, type="place", id="ship", x=5)
    world.run(200)
    a.kill()
    world.until(lambda: alike(handle, b, c))
    a.start()
    world.until(lambda: alike(handle, a, b, c))
    world.run(200)
    for node in (a, b, c):
        (value,) = node.room(handle).newest.values.values()
        assert value.data == {"type": "place", "id": "ship", "x": 5}


def test_a_value_that_its_author_has_lost_is_nobodys(game: tuple[World, str, list[Node]]) -> None:
    world, handle, (a, b, c) = game
    say(a, handle, type="place", id="ship", x=5)
    world.run(200)
    world.part("ab", "c")
    a.kill()
    a.start()  # its values are in memory alone
    world.run(20_000)
    world.part("abc")
    world.until(lambda: alike(handle, a, b, c))
    world.run(200)
    assert [node.room(handle).newest.values for node in (a, b, c)] == [{}, {}, {}]


def test_what_may_not_be_the_newest_is_told(game: tuple[World, str, list[Node]]) -> None:
    world, handle, (a, b, _) = game
    say(b, handle, type="place", id="ship", x=5)
    say(b, handle, type="place", id="ship", x=50)
    say(b, handle, type="place", id="ship", x="y" * 300)
    assert [one["code"] for one in b.got("error")] == ["teleport", "too_large"]
    world.run(100)
    (value,) = a.room(handle).newest.values.values()
    assert value.data["x"] == 5
    # One that the host alone finds out about is no longer ours either.
    a.room(handle).session._session.check_latest = lambda message, previous: Refusal(  # type: ignore[union-attr]
        code="referee", reason="no"
    )
    say(b, handle, type="place", id="ship", x=6)
    world.run(100)
    assert [one["code"] for one in b.got("error")][-1] == "referee"
    (value,) = b.room(handle).newest.values.values()
    assert value.data["x"] == 5


def test_volatile_messages_come_now_or_never(game: tuple[World, str, list[Node]]) -> None:
    world, handle, (a, b, c) = game
    for n in range(8):
        say(b, handle, type="blink", n=n)
    world.run(200)
    for node in (a, c):
        assert [one["data"]["n"] for one in node.got("volatile")] == [0, 1, 2, 3]
    assert {one["code"] for one in b.got("error")} == {"too_fast"}
    b.say(b.page(), type="signal", channel=handle, data="hm")
    assert b.got("error")[-1]["code"] == "unknown_type"


def test_each_node_knows_that_they_went_by(game: tuple[World, str, list[Node]]) -> None:
    world, handle, (a, b, c) = game
    say(b, handle, type="place", id="ship", x=1)
    say(b, handle, type="place", id="ship", x=2)
    say(c, handle, type="blink", n=1)
    world.run(500)
    for node in (a, b, c):
        rows = decisions(node.core)
        passed = {
            (row["code"], row["type"], row["times"], row.get("peer", ""))
            for row in rows
            if "times" in row and row["channel"] == handle
        }
        of_b, of_c = ("" if node is one else one.me for one in (b, c))
        assert passed == {("latest", "place", 2, of_b), ("volatile", "blink", 1, of_c)}


def test_signals_are_the_volatile_messages_of_a_room_without_types() -> None:
    world = World("a", "b")
    world.meet()
    a, b = world.nodes.values()
    for node in (a, b):
        handle = node.join("den")
        world.until(lambda node=node, handle=handle: joined(handle, node))
    world.run(200)
    a.say(a.page(), type="signal", channel=handle, data={"here": 1})
    world.run(100)
    assert [(one["from"], one["data"]) for one in b.got("signal")] == [("a", {"here": 1})]


def test_a_private_message_is_read_by_two_and_the_host(
    game: tuple[World, str, list[Node]],
) -> None:
    world, handle, (a, b, c) = game
    d = Node(world, "d")
    world.nodes["d"] = d
    d.start()
    d.join("game_1")
    world.until(lambda: alike(handle, a, b, c, d))
    b.send(handle, {"type": "whisper", "secret": 1}, to="c")
    world.run(500)
    assert [one["data"]["secret"] for one in c.got("message")] == [1]
    assert c.got("message")[0]["to"] == "c"
    assert a.got("message") == d.got("message") == []
    assert b"secret" not in msgspec.json.encode(list(d.stored[handle].entries))
    assert [one["stage"] for one in b.got("receipt")] == ["accepted", "ordered", "delivered"]
    refused = b.rooms.send(world.now, handle, b.page(), None, {"type": "whisper"}, "nobody")
    assert isinstance(refused, Refusal)
    assert refused.code == "unknown_peer"


def test_private_content_that_is_missing_is_asked_for(
    game: tuple[World, str, list[Node]],
) -> None:
    world, handle, (a, b, c) = game
    b.send(handle, {"type": "whisper", "secret": 1}, to="c")
    world.run(300)
    # As if the host had never had it, and had handed it on like that.
    for node in (a, c):
        room = node.room(handle)
        entry = next(room.log.after(room.log.last - 1))
        room.log.replace(msgspec.structs.replace(entry, raw=b"", salt=b""))
    room.lacking[entry.seq] = 0
    world.run(2000)
    assert room.log.get(entry.seq).raw  # type: ignore[union-attr]
    assert not room.lacking


def test_of_handling_only_those_are_told_who_said_something(
    game: tuple[World, str, list[Node]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a room of many costs: everybody's progress for everybody would be most of it."""
    world, handle, (a, b, c) = game
    told: dict[str, list[list[Any]]] = {"b": [], "c": []}
    line = Node.line

    def listen(node: Node, number: int, peer: str, data: bytes) -> None:
        body = json.loads(data)
        if body["type"] == "stable" and body.get("handled"):
            told[node.me].append(sorted(peer for peer, _ in body["handled"]))
        line(node, number, peer, data)

    monkeypatch.setattr(Node, "line", listen)
    for n in range(3):
        b.send(handle, {"type": "add", "n": n})
        world.run(300)
        last = a.room(handle).log.last
        for node in (a, c):
            place = a.room(handle).fold.last.epoch
            node.say(node.page(), type="ack", channel=handle, epoch=place[0], host="a", seq=last)
        world.run(600)
    assert {who for one in told["b"] for who in one} == {"a", "c"}
    assert told["c"] == []
    stages = [(one["id"][-1], one["stage"]) for one in b.got("receipt") if "by" not in one]
    assert [one for one in stages if one[1] == "handled"] == [(n, "handled") for n in "123"]


def test_private_content_that_nobody_has_keeps_nothing_waiting(
    game: tuple[World, str, list[Node]],
) -> None:
    """Its author has lost it in a power cut: the addressee hears what follows."""
    world, handle, (a, b, c) = game
    b.send(handle, {"type": "whisper", "secret": 1}, to="c")
    world.run(300)
    for node in (a, b, c):
        room = node.room(handle)
        entry = next(room.log.after(room.log.last - 1))
        room.log.replace(msgspec.structs.replace(entry, raw=b"", salt=b""))
    room.lacking[entry.seq] = 0
    a.send(handle, {"type": "add", "n": 5})
    world.run(2000)
    assert not room.lacking
    assert c.got("message")[-1]["data"]["n"] == 5
    assert a.room(handle).stable == room.log.last


def test_what_follows_private_content_that_is_out_of_reach_comes_all_the_same(
    game: tuple[World, str, list[Node]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """However little may be on its way; its author may come back."""
    monkeypatch.setattr(distributing, "LINK_WINDOW", 50)
    world, handle, (a, b, c) = game
    b.send(handle, {"type": "whisper", "secret": 1}, to="c")
    world.run(300)
    b.kill()
    for node in (a, c):
        room = node.room(handle)
        entry = next(room.log.after(room.log.last - 1))
        room.log.replace(msgspec.structs.replace(entry, raw=b"", salt=b""))
    room.lacking[entry.seq] = 0
    for n in range(10):
        a.send(handle, {"type": "add", "n": n})
        world.run(50)
    world.run(2000)
    assert room.log.last == a.room(handle).log.last


def test_states_that_differ_are_named(game: tuple[World, str, list[Node]]) -> None:
    world, handle, (a, b, c) = game
    told: list[tuple[str, str]] = []
    for node in (a, b):
        node.core.report = lambda plugin, error, doing, code, about: told.append((plugin, about))
    b.room(handle).session._session.bias = 1  # type: ignore[union-attr]
    world.run(1200)
    for n in range(3):
        c.send(handle, {"type": "add", "n": n})
        world.run(1100)
    assert [plugin for plugin, _ in told] == ["plugin", "plugin"]
    assert all(handle in about for _, about in told)
    assert joined(handle, a, b, c)


def test_who_is_not_let_in_hears_why(game: tuple[World, str, list[Node]]) -> None:
    world, _handle, _ = game
    barred = Node(world, "barred")
    world.nodes["barred"] = barred
    barred.start()
    barred.join("game_1")
    world.run(500)
    assert barred.got("room")[-1]["code"] == "barred"


def test_nobody_says_what_its_author_has_not_signed(
    game: tuple[World, str, list[Node]],
) -> None:
    world, handle, (a, b, _c) = game
    room = a.room(handle)
    forged = RoomEntry(
        number=room.epoch.number,
        host="a",
        seq=room.log.last + 1,
        kind="msg",
        author="c",
        at=0,
        id="page-of-c-1",
        raw=b'{"type":"add","n":1}',
        salt=b"s" * 16,
        sig=b"g" * 64,
    )
    room.log.append(forged)
    room.fold.take(forged)
    a.rooms._sh.grow(room)
    a.flush()
    world.run(50)
    assert {row["code"] for row in b.core.trace.rows(handle)} >= {"forged"}
    assert b.log(handle) == []


def test_a_room_waits_for_its_plugin(game: tuple[World, str, list[Node]]) -> None:
    world, handle, (a, b, c) = game
    a.send(handle, {"type": "add", "n": 3})
    world.run(300)
    for node in (b, c):
        node.say(node.page(), type="leave", channel=handle)
    world.run(300)
    a.kill()
    world.contexts = ()
    a.start()
    assert a.rooms.rows(a.page().caller)[0]["code"] == "plugin_missing"
    a.core.registry.add(compile_context("plugin", GAME))
    assert a.join("game_1") == handle
    world.until(lambda: joined(handle, a))
    assert a.room(handle).session.snapshot()["sum"] == 3


def test_plain_schemas_keep_their_contract() -> None:
    def hash_of(**messages: Any) -> str:
        kind = ContextType(name="x", version="1", title="x", messages=messages)
        return compile_context("p", kind).hash

    assert hash_of(a=OBJECT) == hash_of(a=MessageType(OBJECT))
    assert hash_of(a=OBJECT) != hash_of(a=MessageType(OBJECT, delivery="latest"))
    latest = hash_of(a=MessageType(OBJECT, delivery="latest"))
    assert latest != hash_of(a=MessageType(OBJECT, delivery="latest", key="/id"))
