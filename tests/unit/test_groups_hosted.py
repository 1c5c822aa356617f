# SPDX-License-Identifier: MIT
"""The host's side of a 1.0.0 group: one membership a peer, whatever the order of its streams."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

from hypothesis import given
from hypothesis import strategies as st

from goop_node.groups.hosted import Action, End, HostedGroup, Joined, Left, Received, Write
from goop_node.groups.messages import GroupMessage, error_code


def group(*invited: str, max_members: int = 2) -> HostedGroup:
    return HostedGroup(
        "g",
        host="host",
        invited=frozenset(invited),
        created_at=5,
        name="rt:g",
        max_members=max_members,
    )


def written(actions: list[Action], conn: int) -> list[GroupMessage]:
    return [act.message for act in actions if isinstance(act, Write) and act.conn == conn]


def test_the_welcome_comes_first_and_lists_everybody() -> None:
    hosted = group("a", "b")
    first = hosted.join(10, 1, "a")
    assert isinstance(first[0], Write)
    assert first[0].message.type == "welcome"
    second = hosted.join(20, 2, "b")
    (welcome,) = written(second, 2)
    assert json.loads(welcome.payload or b"") == {
        "group_name": "rt:g",
        "app_type": "realtime",
        "max_members": 2,
        "volatile": False,
        "members": [
            {"peer_id": "host", "joined_at": 5},
            {"peer_id": "a", "joined_at": 10},
            {"peer_id": "b", "joined_at": 20},
        ],
    }
    assert [message.type for message in written(second, 1)] == ["members"]
    assert second[-1] == Joined(2, "b")


def test_only_the_invited_and_only_so_many() -> None:
    hosted = group("a", "b", "c")
    stranger = hosted.join(0, 1, "x")
    assert error_code(written(stranger, 1)[0]) == "not_found"
    assert stranger[-1] == End(1)
    hosted.join(0, 2, "a")
    hosted.join(0, 3, "b")
    late = hosted.join(0, 4, "c")
    assert error_code(written(late, 4)[0]) == "full"
    # A peer that is in already does not count against itself.
    assert Joined(5, "b") in hosted.join(0, 5, "b")
    assert hosted.members == {2: "a", 5: "b"}


def test_author_and_group_are_what_the_connection_says() -> None:
    hosted = group("a", "b")
    hosted.join(0, 1, "a")
    hosted.join(0, 2, "b")
    actions = hosted.received(1, 1, GroupMessage("msg", "other", "b", b"1"))
    assert actions == [Write(2, GroupMessage("msg", "g", "a", b"1")), Received(1, "a", b"1")]
    assert hosted.received(1, 1, GroupMessage("state", "g", "", b"2")) == [
        Write(2, GroupMessage("state", "g", "a", b"2"))
    ]
    assert hosted.received(1, 1, GroupMessage("what", "g")) == []
    assert hosted.send(b"3") == [
        Write(conn, GroupMessage("msg", "g", "host", b"3")) for conn in (1, 2)
    ]


def test_leaving_and_closing() -> None:
    hosted = group("a", "b")
    hosted.join(0, 1, "a")
    hosted.join(0, 2, "b")
    left = hosted.received(1, 1, GroupMessage("leave", "g"))
    assert Left(1, "a", "left") in left
    assert End(1) in left
    assert [message.type for message in written(left, 2)] == ["members"]
    assert hosted.ended(1, "eof") == []
    assert hosted.close() == [
        Write(2, GroupMessage("close", "g")),
        Left(2, "b", "closed"),
        End(2),
    ]
    assert hosted.wake_at() is None


def test_keep_alive() -> None:
    hosted = group("a", "b")
    hosted.join(0, 1, "a")
    hosted.join(0, 2, "b")
    assert hosted.wake_at() == 30_000
    pings = hosted.tick(30_000)
    assert [message.type for message in written(pings, 1)] == ["ping"]
    hosted.received(30_001, 1, GroupMessage("pong", "g"))
    hosted.tick(60_000)
    hosted.tick(90_000)
    gone = hosted.tick(105_001)
    # One that has never ponged is of the time before keep-alive, and stays.
    assert Left(1, "a", "silent") in gone
    assert End(1, drain=False) in gone
    assert hosted.members == {2: "b"}


@dataclass
class Life:
    """What a test knows of the peer's streams: the newest join that has not left or ended."""

    joined: list[int] = field(default_factory=list)
    over: set[int] = field(default_factory=set)

    @property
    def living(self) -> set[int]:
        return {self.joined[-1]} - self.over if self.joined else set()


@given(st.lists(st.tuples(st.sampled_from(["join", "leave", "end", "msg"]), st.integers(0, 5))))
def test_any_order_of_streams_leaves_exactly_the_newest(script: list[tuple[str, int]]) -> None:
    hosted, life = group("a"), Life()
    told: set[int] = set()
    for now, (what, conn) in enumerate(script):
        actions: list[Action] = []
        if what == "join":
            if conn in life.joined:
                continue
            actions = hosted.join(now, conn, "a")
            life.joined.append(conn)
        elif conn not in life.joined:
            continue
        elif what == "msg":
            heard = hosted.received(now, conn, GroupMessage("msg", "g", payload=b"1"))
            assert (Received(conn, "a", b"1") in heard) == (conn in life.living)
        else:
            life.over.add(conn)
            if what == "leave":
                actions = hosted.received(now, conn, GroupMessage("leave", "g"))
            else:
                actions = hosted.ended(conn, "eof")
        for action in actions:
            if isinstance(action, Joined):
                told.add(action.conn)
            elif isinstance(action, Left):
                told.remove(action.conn)
        assert set(hosted.members) == life.living == told
        # What we send reaches that one, and no other.
        assert {act.conn for act in hosted.send(b"2")} == life.living
