# SPDX-License-Identifier: MIT
"""A Session in a room knows its host: what only the host may say, whoever follows it may say."""

from __future__ import annotations

from typing import Any

from goop_realtime.types import (
    ContextType,
    LogEntry,
    Message,
    MessageType,
    OpenRequest,
    Refusal,
    RoomSession,
    Snapshot,
)
from tests.unit.rooms_world import Node, World
from tests.unit.test_rooms_lives import alike, host, joined

OBJECT = {"type": "object"}
NOT_REFEREE = Refusal(code="not_referee", reason="only the host may say that")


class Refereed(RoomSession):
    """Only the host whistles, and only it says where the ball is."""

    def __init__(self, state: Any) -> None:
        self.hosts: list[str] = list(state["hosts"]) if state else []
        """Who placed the log's entries, one after the other."""
        self.whistles: list[str] = list(state["whistles"]) if state else []

    def check(self, message: LogEntry) -> Refusal | None:
        if isinstance(message, Message) and message.sender != message.host:
            return NOT_REFEREE
        return None

    def apply(self, message: LogEntry) -> None:
        if self.hosts[-1:] != [message.host]:
            self.hosts.append(message.host)
        if isinstance(message, Message):
            self.whistles.append(message.sender)

    def snapshot(self) -> Any:
        return {"hosts": self.hosts, "whistles": self.whistles}

    def check_latest(self, message: Message, previous: Message | None) -> Refusal | None:
        return None if message.sender == message.host else NOT_REFEREE


def opened(request: OpenRequest, snapshot: Snapshot | None) -> RoomSession:
    return Refereed(snapshot.state if snapshot else None)


MATCH = ContextType(
    name="match",
    version="1",
    title="Match",
    messages={"whistle": OBJECT, "ball": MessageType(OBJECT, delivery="latest")},
    open_session=opened,
    max_peers=4,
)


def match() -> tuple[World, str, list[Node]]:
    world = World("a", "b", "c", contexts=[MATCH])
    world.meet()
    nodes, handle = list(world.nodes.values()), ""
    for node in nodes:
        handle = node.join("match_1")
        world.until(lambda node=node, handle=handle: joined(handle, node))
    world.run(300)
    return world, handle, nodes


def state(node: Node, handle: str) -> Any:
    session = node.room(handle).session
    assert session is not None
    return session.snapshot()


def test_what_is_the_hosts_to_say_is_the_next_ones_when_the_host_was_killed() -> None:
    world, handle, (a, b, c) = match()
    a.send(handle, {"type": "whistle"})
    b.send(handle, {"type": "whistle"})
    b.say(b.page(), type="send", channel=handle, data={"type": "ball", "x": 1})
    world.run(500)
    assert [one["code"] for one in b.got("refused") + b.got("error")] == ["not_referee"] * 2
    a.kill()
    world.until(lambda: host(handle, world) in (["b"], ["c"]) and joined(handle, b, c))
    (heir,) = host(handle, world)
    world.nodes[heir].send(handle, {"type": "whistle"})
    page = world.nodes[heir].page()
    world.nodes[heir].say(page, type="send", channel=handle, data={"type": "ball", "x": 2})
    world.run(500)
    other = b if heir == "c" else c
    assert [one["data"]["x"] for one in other.got("latest")] == [2]
    a.start()
    world.until(lambda: alike(handle, a, b, c))
    expected = {"hosts": ["a", heir], "whistles": ["a", heir]}
    assert [state(node, handle) for node in (a, b, c)] == [expected] * 3


def test_what_a_host_said_on_a_branch_that_is_lost_is_not_the_next_ones_word() -> None:
    world, handle, (a, b, c) = match()
    world.part("a", "bc")
    said = a.send(handle, {"type": "whistle"})
    world.until(lambda: host(handle, world) in (["a", "b"], ["a", "c"]))
    (heir,) = set(host(handle, world)) - {"a"}
    for _ in range(3):
        world.nodes[heir].send(handle, {"type": "whistle"})
    world.part("abc")
    world.until(lambda: alike(handle, a, b, c))
    world.run(1000)
    assert host(handle, world) == [heir]
    assert [(one["id"], one["code"]) for one in a.got("refused")] == [(said, "not_referee")]
    expected = {"hosts": ["a", heir], "whistles": [heir] * 3}
    assert [state(node, handle) for node in (a, b, c)] == [expected] * 3
