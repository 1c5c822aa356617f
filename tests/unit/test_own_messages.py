# SPDX-License-Identifier: MIT
"""A guest's node decodes and judges a message of its own page once, if nothing came between."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from goop_realtime.contexts.channel_session import ChannelSession
from goop_realtime.contexts.registry import Context
from goop_realtime.machine import guest_side
from goop_realtime.machine.channel import Phase
from goop_realtime.model.message_ids import MessageId, is_of_a_page, parsed
from goop_realtime.testing import SimNode, SimPage, World

ADD = {"type": "add", "n": 5}


class Scene:
    """Alice hosts a tally, Bob is her guest. ``done`` counts what is done on Bob's node."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.world = World(1)
        self.alice, self.bob = self.world.node("alice"), self.world.node("bob")
        self.a, self.b = self.alice.page("a"), self.bob.page("b")
        self.id = self.alice.ask("bob", "tally_1")
        self.world.run(1_000)
        self.bob.accept(self.id)
        self.world.run(1_000)
        self.done: Counter[str] = Counter()
        session = self.row(self.bob).session
        check, schema, decode = ChannelSession.check, Context.check_message, guest_side.decode

        def counted_check(one: ChannelSession, message: Any) -> Any:
            self.done[f"check {message.id}"] += one is session
            return check(one, message)

        def counted_schema(context: Context, data: Any) -> Any:
            self.done["schema"] += 1
            return schema(context, data)

        def counted_decode(raw: bytes | str) -> Any:
            self.done["decode"] += 1
            return decode(raw)

        patch.setattr(ChannelSession, "check", counted_check)
        patch.setattr(Context, "check_message", counted_schema)
        patch.setattr(guest_side, "decode", counted_decode)

    def row(self, node: SimNode) -> Any:
        return node.engine.core.channels[self.id]

    def say(self, page: SimPage) -> str:
        return page.send(self.id, ADD)

    def settle(self, *ids: str) -> None:
        """Everything arrives; both have these messages, in this order, and think alike of them."""
        self.world.run(2_000)
        for node in (self.alice, self.bob):
            row = self.row(node)
            assert row.phase is Phase.OPEN
            assert [entry.id for entry in row.log.after(0)] == list(ids)
            assert not row.outbox
            assert not row.said
        states = [self.row(node).session.snapshot() for node in (self.alice, self.bob)]
        assert states[0] == states[1]


@pytest.fixture
def scene(monkeypatch: pytest.MonkeyPatch) -> Scene:
    return Scene(monkeypatch)


def test_a_message_alone_is_judged_when_it_is_sent(scene: Scene) -> None:
    said = scene.say(scene.b)
    assert scene.done[f"check {said}"] == 1
    scene.settle(said)
    # Its schema is checked once at each node.
    assert scene.done == {f"check {said}": 1, "schema": 2}


def test_one_behind_others_is_judged_when_it_has_its_place(scene: Scene) -> None:
    first, second = scene.say(scene.b), scene.say(scene.b)
    assert scene.done[f"check {second}"] == 0
    scene.settle(first, second)
    assert scene.done == {f"check {first}": 1, f"check {second}": 1, "schema": 4}


def test_what_came_between_makes_it_be_judged_anew(scene: Scene) -> None:
    theirs, ours = scene.say(scene.a), scene.say(scene.b)
    scene.settle(theirs, ours)
    assert scene.done[f"check {ours}"] == 2
    assert scene.done["decode"] == 1  # a Session that changes what it is handed changes no other


def test_what_a_start_finds_in_the_outbox_is_judged_as_anybodys(scene: Scene) -> None:
    scene.world.blocked |= {("alice", "bob"), ("bob", "alice")}
    said = scene.say(scene.b)
    scene.bob.crash()
    scene.bob.start()
    scene.done.clear()
    scene.world.heal()
    scene.world.run(15_000)
    assert said in scene.row(scene.bob).outcomes
    assert scene.done["schema"] == 2
    assert scene.done["decode"] >= 1


@pytest.mark.parametrize(
    ("text", "page", "counter"),
    [("p-7", "p", 7), ("a-b-07", "a-b", 7), ("7", "", 7), ("p-x", "p", 0), ("p-²", "p", 0)],
)
def test_an_id_says_page_and_counter(text: str, page: str, counter: int) -> None:
    assert parsed(text) == MessageId(page, counter)
    assert parsed(str(MessageId("p", 7))) == ("p", 7)
    assert is_of_a_page(text) == (text in ("p-7", "a-b-07"))
