# SPDX-License-Identifier: MIT
"""Ids of pages and of their messages: one living page a connection, and no number twice."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from goop_node.types import Caller
from goop_realtime.machine.places import MAX_PLACES
from goop_realtime.testing import SimNode, World
from goop_realtime.web.page_session import PageSession
from goop_realtime.web.turns import Turns
from tests.unit.test_containment import House

CLIENT = Caller(kind="program")
PAGES = ("a", "b", "~")
OPS = st.lists(
    st.one_of(
        st.tuples(st.just("socket"), st.sampled_from(PAGES)),
        st.tuples(st.just("send"), st.integers(1, 5)),
        st.tuples(st.just("restart"), st.integers(-3_600_000, 3_600_000)),
    ),
    min_size=1,
    max_size=12,
)


def talk(opener: bool) -> tuple[World, SimNode, SimNode, str]:
    """An open channel; the node whose clients send, as its opener or as the invited side."""
    world = World(5)
    alice, bob = world.node("alice"), world.node("bob")
    channel = alice.ask("bob")
    world.run(500)
    bob.accept(channel)
    world.run(1_000)
    return world, *((alice, bob) if opener else (bob, alice)), channel


@settings(max_examples=40, deadline=None)
@given(OPS, st.booleans())
def test_messages_without_ids_are_never_taken_for_one_another(
    ops: list[tuple[str, Any]], opener: bool
) -> None:
    world, node, other, channel = talk(opener)
    page = node.engine.attach(world.now, "a", CLIENT)
    sent: list[int] = []
    for what, value in ops:
        if what == "socket":
            page = node.engine.attach(world.now, value, CLIENT)
        elif what == "restart":
            node.crash()
            # Another clock, as after a start of the machine: not before the world began.
            real, world.now = world.now, max(world.now + value, 0)
            node.start()
            world.now = real
            page = node.engine.attach(world.now, page.id, CLIENT)
            world.run(30_000)
        else:
            for _ in range(value):
                answer = node.engine.send(world.now, channel, page, None, len(sent))
                assert isinstance(answer, str), answer
                sent.append(len(sent))
                node.flush()
        world.run(1_000)
    world.run(30_000)
    for side in (node, other):
        log = side.engine.core.channels[channel].log
        assert [json.loads(entry.raw) for entry in log.after(0)] == sent


async def test_a_client_that_takes_its_page_id_along_to_a_new_connection_loses_nothing() -> None:
    house = House()
    channel, bob = house.channel("bob")
    sessions: dict[str, PageSession] = {}
    caller = CLIENT
    for n in range(8):
        session = PageSession(house.bridge, caller, sessions, Turns())
        assert session.open()
        session.frame(json.dumps({"type": "subscribe", "page": "me"}))
        session.frame(json.dumps({"type": "send", "channel": channel.id, "data": n}))
        house.bridge.flush()
        session.leave()
    assert [line["payload"] for line in bob.lines if line["type"] == "msg"] == list(range(8))
    await house.bridge.close()


async def test_a_connection_is_one_living_page() -> None:
    house = House()
    session = PageSession(house.bridge, CLIENT, {}, Turns())
    assert session.open()
    for n in range(2_000):
        session.frame(json.dumps({"type": "subscribe", "page": f"p{n}", "ack": True}))
    house.bridge.flush()
    assert {page for page in house.core.pages if page != house.page.id} == {"p1999"}
    session.leave()
    assert "p1999" in house.core.pages, "its place is kept"
    await house.bridge.close()


async def test_the_places_of_pages_that_are_gone_are_bounded() -> None:
    house = House()
    for n in range(2 * MAX_PLACES):
        session = PageSession(house.bridge, CLIENT, {}, Turns())
        assert session.open(f"p{n}")
        session.frame(json.dumps({"type": "subscribe", "ack": True}))
        session.leave()
    assert len(house.core.pages) == MAX_PLACES
    assert house.page.id in house.core.pages
    await house.bridge.close()
