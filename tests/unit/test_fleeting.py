# SPDX-License-Identifier: MIT
"""Channels of contexts with types that are not ordered: the newest counts, or now or never."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from goop_node.types import JsonValue
from goop_realtime.machine.channel import Channel
from goop_realtime.machine.newest import MAX_KEYS
from goop_realtime.machine.unlogged import ROUND
from goop_realtime.model.effects import SendLine
from goop_realtime.model.limits import NodeLimits
from goop_realtime.testing import SimNode, World
from goop_realtime.testing.page import SimPage
from goop_realtime.types import (
    ContextType,
    Limits,
    LogEntry,
    Message,
    MessageType,
    OpenRequest,
    Refusal,
    Snapshot,
)

OBJECT = {"type": "object"}


class Steps:
    """Things go one step at a time; how many messages were folded is the state."""

    def __init__(self, count: Any) -> None:
        self.count: int = count or 0

    def check(self, entry: LogEntry) -> Refusal | None:
        return None

    def apply(self, entry: LogEntry) -> None:
        self.count += 1

    def check_latest(self, message: Message, previous: Message | None) -> Refusal | None:
        before = previous.fields["x"] if previous is not None else 0
        if abs(message.fields["x"] - before) > 10:
            return Refusal(code="leap", reason="too far", pointer="/x")
        return None

    def snapshot(self) -> JsonValue:
        return self.count


def opened(request: OpenRequest, snapshot: Snapshot | None) -> Steps:
    return Steps(snapshot.state if snapshot else None)


GAME = ContextType(
    name="game",
    version="1",
    title="Game",
    messages={
        "add": OBJECT,
        "rare": MessageType(OBJECT, rate=1, max_bytes=100),
        "at": MessageType(
            {**OBJECT, "properties": {"x": {"type": "integer"}}, "required": ["x"]},
            delivery="latest",
            key="/id",
            max_bytes=100,
            rate=1e9,
        ),
        "blink": MessageType(OBJECT, delivery="volatile", rate=2),
    },
    open_session=opened,
)


class Tab(SimPage):
    """A page that remembers what it was told."""

    def __init__(self, node: SimNode, name: str) -> None:
        super().__init__(node, name)
        self.heard: list[dict[str, Any]] = []
        node.pages[name] = self
        self.attach()

    def take(self, body: dict[str, Any]) -> None:
        self.heard.append(body)
        super().take(body)

    def told(self, kind: str) -> list[dict[str, Any]]:
        """The frames of a kind that it has been given."""
        return [one for one in self.heard if one["type"] == kind]

    def xs(self) -> list[tuple[str, int]]:
        """Who was said to be where."""
        return [(one["from"], one["data"]["x"]) for one in self.told("latest")]


class Game:
    """Alice hosts, Bob is her guest, each with a page."""

    def __init__(self, context: ContextType = GAME) -> None:
        self.world = World(3, [context])
        self.alice, self.bob = self.world.node("alice"), self.world.node("bob")
        self.a, self.b = Tab(self.alice, "a"), Tab(self.bob, "b")
        self.id = self.alice.ask("bob", "game")
        self.world.run(1_000)
        self.bob.accept(self.id)
        self.world.run(2_000)

    def submit(self, page: Tab, **data: Any) -> None:
        """A page says something that has no id."""
        self.world.watch.fleeting.said(page, self.id, data)
        page.say("send", channel=self.id, data=data)

    def say(self, page: Tab, **data: Any) -> None:
        """A page says something that has no id, and it arrives."""
        self.submit(page, **data)
        self.world.run(1_000)

    def channel(self, node: SimNode) -> Channel:
        """The channel, from inside."""
        return node.engine.core.channels[self.id]

    def values(self, node: SimNode) -> dict[str, int]:
        """Where everything is, as a node knows it."""
        found = self.channel(node).unlogged
        return (
            {}
            if found is None
            else {
                f"{key.author} {key.key}": value.data["x"]  # type: ignore[index, call-overload, misc]
                for key, value in found.newest.values.items()
            }
        )

    def line(self, node: SimNode, **line: Any) -> None:
        """A line of the other node's."""
        link = self.channel(node).other.link
        assert link is not None
        raw = json.dumps({"group": self.id, **line}).encode()
        assert node.engine.lines(self.world.now, link.id, [raw])
        node.flush()


@pytest.fixture
def game() -> Game:
    return Game()


def test_each_node_knows_that_they_went_by_and_not_what_was_said(game: Game) -> None:
    for n in range(3):
        game.say(game.a, type="at", id=str(n), x=n)
    game.say(game.b, type="blink")
    game.b.say("signal", channel=game.id, data="typing")
    game.say(game.a, type="at", id="far", x=99)  # too far: refused, and passed on to nobody
    expected = {("alice", "latest", "at", 3), ("bob", "volatile", "blink", 1)}
    expected |= {("bob", "signal", "", 1)}
    for node, other in ((game.alice, "bob"), (game.bob, "alice")):
        rows, count, dropped = node.engine.read.all_decisions()
        passed = [row for row in rows if "times" in row]
        who = {"page": node.peer_id, "link": other}
        told = {
            (who[str(row["hop"])], row["code"], row.get("type", ""), row["times"]) for row in passed
        }
        assert told == expected
        assert {row["channel"] for row in passed} == {game.id}
        assert [row["n"] for row in rows] == sorted(int(str(row["n"])) for row in rows)
        assert (dropped, count >= len(rows)) == (0, True)
        assert "typing" not in str(passed)


def test_the_newest_of_each_author_and_key_is_known_to_both(game: Game) -> None:
    game.say(game.a, type="at", id="ship", x=1)
    game.say(game.b, type="at", id="ship", x=2)
    game.say(game.b, type="at", id="shot", x=3)
    game.say(game.b, type="at", id="ship", x=4)
    everything = {'alice "ship"': 1, 'bob "ship"': 4, 'bob "shot"': 3}
    assert game.values(game.alice) == game.values(game.bob) == everything
    assert game.a.xs() == [("bob", 2), ("bob", 3), ("bob", 4)]
    assert game.b.xs() == [("alice", 1)]
    (first,) = game.b.told("latest")
    assert (first["key"], first["channel"]) == ('"ship"', game.id)
    assert game.channel(game.alice).log.last[1] == 0
    other = Tab(game.bob, "b2")
    game.world.run(1_000)
    assert sorted(other.xs()) == [("alice", 1), ("bob", 3), ("bob", 4)]
    row = game.b.told("state")[-1]["messages"]
    assert {name: one["delivery"] for name, one in row.items()} == {
        "at": "latest",
        "blink": "volatile",
    }
    assert (row["at"]["key"], row["blink"]["limits"]["rate"]) == ("/id", 2)


def test_what_was_said_apart_is_told_when_both_are_there_again(game: Game) -> None:
    game.say(game.a, type="at", id="ship", x=1)
    game.say(game.b, type="at", id="ship", x=1)
    game.alice.crash()
    for x in (5, 9):
        game.say(game.b, type="at", id="ship", x=x)
    game.alice.start()
    game.world.run(20_000)
    # What Alice had said is lost with her memory, and nobody takes it for hers any more.
    assert game.values(game.alice) == game.values(game.bob) == {'bob "ship"': 9}
    game.say(game.a, type="at", id="ship", x=2)
    assert game.values(game.bob) == {'bob "ship"': 9, 'alice "ship"': 2}


def test_what_a_host_does_not_take_is_told_and_what_was_before_still_counts(game: Game) -> None:
    game.say(game.b, type="at", id="ship", x=1)
    game.say(game.b, type="at", id="ship", x=50)
    game.say(game.b, type="at", id="ship", x="far")
    game.say(game.b, type="at", id="x" * 200, x=1)
    codes = [one["code"] for one in game.b.told("error")]
    assert codes == ["leap", "invalid_message", "too_large"]
    # A node that does not judge what its pages say: its host does.
    value = {"type": "latest", "epoch": 2**50, "seq": 1, "at": 5}
    game.line(game.alice, **value, payload={"type": "at", "id": "ship", "x": 99})
    game.line(game.alice, **value, payload={"type": "at", "id": "shot", "x": 99})
    game.line(game.alice, **value, payload={"type": "add"})
    game.line(game.alice, **value, payload={"type": "at", "id": "a", "x": 1}, **{"from": "alice"})
    game.world.run(1_000)
    assert game.values(game.alice) == game.values(game.bob) == {'bob "ship"': 1}
    found = game.channel(game.bob).unlogged
    assert found is not None
    (mine,) = found.newest.values.values()
    start, count = mine.version
    refusal = {"code": "leap", "reason": "too far", "pointer": "/x"}
    game.line(game.bob, type="unfit", epoch=start, seq=count, **refusal)
    assert game.values(game.bob) == {}
    game.world.run(100)
    assert game.b.told("error")[-1].items() >= refusal.items()


def test_volatile_messages_come_now_or_never(game: Game) -> None:
    other = Tab(game.alice, "a2")
    game.say(game.a, type="blink", n=1)
    assert [one["data"]["n"] for one in game.b.told("volatile")] == [1]
    assert [one["from"] for one in other.told("volatile")] == ["alice"]
    assert game.a.told("volatile") == []
    for n in range(9):
        game.submit(game.a, type="blink", n=n)
    game.world.run(1_000)
    assert "too_fast" in [one["code"] for one in game.a.told("error")]
    game.world.run(5_000)
    game.bob.crash()
    game.world.run(100)
    game.say(game.a, type="blink", n=5)
    assert game.a.told("error")[-1]["code"] == "not_connected"


def test_a_type_travels_as_its_context_says_and_not_otherwise(game: Game) -> None:
    """Nodes enforce it, whatever the other node says."""
    game.line(game.alice, type="msg", id="b-1", at=5, payload={"type": "at", "id": "x", "x": 1})
    game.line(game.alice, type="volatile", payload={"type": "add"})
    game.line(game.alice, type="latest", epoch=1, seq=1, payload={"type": "blink"})
    game.world.run(1_000)
    assert game.channel(game.alice).outcomes_of("bob").get("b-1").code == "unknown_type"  # type: ignore[union-attr]
    assert game.channel(game.alice).log.last[1] == 0
    assert game.a.told("volatile") == game.a.told("latest") == []


def test_ordered_types_have_their_own_bounds_too(game: Game) -> None:
    page = game.a._page
    assert page is not None
    answers = [
        game.alice.engine.send(
            game.world.now, game.id, page, None, {"type": "rare", "pad": "x" * n}
        )
        for n in (200, 1, 1, 1)
    ]
    codes = [one.code if isinstance(one, Refusal) else "" for one in answers]
    assert codes == ["too_large", "", "", "too_fast"]


def test_a_peer_that_does_not_answer_is_sent_one_round_and_then_what_is_newest(game: Game) -> None:
    engine = game.alice.engine
    for n in range(3 * ROUND):
        body = {"type": "send", "channel": game.id, "data": {"type": "at", "id": n % 100, "x": 1}}
        engine.frame(game.world.now, engine.core.pages["a"], body)
        engine.settle()
    lines = [json.loads(one.data) for one in engine.take() if isinstance(one, SendLine)]
    assert [one["type"] for one in lines].count("latest") == ROUND
    assert [one["type"] for one in lines].count("ping") == 1
    link = game.channel(game.alice).other.link
    assert link is not None
    engine.lines(game.world.now, link.id, [json.dumps({"type": "pong", "group": game.id}).encode()])
    engine.settle()
    lines = [json.loads(one.data) for one in engine.take() if isinstance(one, SendLine)]
    ids = [one["payload"]["id"] for one in lines if one["type"] == "latest"]
    assert ids[:3] == [64, 65, 66]
    assert len(ids) == len(set(ids)) == ROUND


def test_all_values_are_told_to_a_new_link_however_slowly_they_may_be_said() -> None:
    seldom = MessageType(OBJECT, delivery="latest", key="/id")
    limits = Limits(rate=1, burst=1)
    game = Game(replace(GAME, messages={"at": seldom}, limits=limits))
    game.alice.engine.core.limits = NodeLimits()
    for n in range(MAX_KEYS):
        game.say(game.b, type="at", id=n, x=1)
    assert len(game.values(game.alice)) == MAX_KEYS
    game.world.cut()
    game.world.run(20_000)
    assert len(game.values(game.alice)) == MAX_KEYS


def test_an_ended_channel_keeps_nothing_of_it(game: Game) -> None:
    game.say(game.a, type="at", id="ship", x=1)
    game.say(game.a, type="blink")
    game.a.say("close", channel=game.id)
    game.world.run(1_000)
    assert game.channel(game.alice).unlogged is game.channel(game.bob).unlogged is None
