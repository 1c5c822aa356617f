# SPDX-License-Identifier: MIT
"""The member's side of a 1.0.0 group."""

from __future__ import annotations

import pytest

from goop_node.groups.joined import DEPART_MS, Hangup, Heard, JoinedGroup, Over, Say, Welcomed
from goop_node.groups.messages import GroupMessage, error


def joining() -> JoinedGroup:
    group = JoinedGroup("g", host="host")
    assert group.start(0) == [Say(GroupMessage("join", "g"))]
    return group


def member() -> JoinedGroup:
    group = joining()
    assert group.received(0, GroupMessage("welcome", "g")) == [Welcomed()]
    return group


def test_a_line_that_overtakes_the_welcome_waits_for_it() -> None:
    group = joining()
    assert group.received(1, GroupMessage("msg", "g", "host", b"1")) == []
    assert group.received(1, GroupMessage("members", "g")) == []
    assert group.received(1, GroupMessage("ping", "g")) == [Say(GroupMessage("pong", "g"))]
    assert group.received(2, GroupMessage("welcome", "g")) == [Welcomed(), Heard("host", b"1")]


def test_no_welcome_within_ten_seconds() -> None:
    group = joining()
    assert group.tick(9_999) == []
    assert group.tick(10_000) == [Over("timeout"), Hangup(drain=False)]
    assert group.received(10_001, GroupMessage("welcome", "g")) == []
    assert group.wake_at() is None


@pytest.mark.parametrize("code", ["not_found", "full", "bad_first_msg"])
def test_a_refusal(code: str) -> None:
    assert joining().received(1, error("g", code, "")) == [Over(code), Hangup()]


def test_a_bare_reset_instead_of_a_welcome() -> None:
    group = joining()
    assert group.ended("reset") == [Over("reset")]
    assert group.ended("reset") == []


def test_silence_counts_only_after_a_ping() -> None:
    group = member()
    assert group.wake_at() is None
    assert group.tick(10_000_000) == []
    group.received(1_000, GroupMessage("ping", "g"))
    assert group.tick(75_999) == []
    group.received(70_000, GroupMessage("meta", "g"))
    assert group.tick(76_000) == []
    assert group.tick(145_000) == [Over("silent"), Hangup(drain=False)]


def test_messages_name_their_author_or_the_host() -> None:
    group = member()
    assert group.received(1, GroupMessage("msg", "g", "", b"1")) == [Heard("host", b"1")]
    assert group.received(1, GroupMessage("msg", "g", "x", b"2")) == [Heard("x", b"2")]
    assert group.received(1, GroupMessage("state", "g", "x", b"2")) == []
    assert group.send(b"3") == [Say(GroupMessage("msg", "g", payload=b"3"))]


def test_the_end_comes_once() -> None:
    group = member()
    assert group.received(1, GroupMessage("close", "g")) == [Over("closed"), Hangup()]
    assert group.leave() == group.ended("eof") == group.send(b"1") == []
    group = member()
    assert group.leave() == [Say(GroupMessage("leave", "g")), Over("left"), Hangup()]
    assert group.ended("closed") == []


def test_departing_waits_until_the_host_has_let_go() -> None:
    group = member()
    assert group.depart(5) == [Say(GroupMessage("leave", "g"))]
    assert group.send(b"1") == []
    assert group.received(6, GroupMessage("msg", "g", "x", b"2")) == [Heard("x", b"2")]
    assert group.ended("eof") == [Over("left")]
    group = member()
    group.depart(5)
    assert group.wake_at() == 5 + DEPART_MS
    assert group.tick(5 + DEPART_MS) == [Over("left"), Hangup(drain=False)]
    group = member()
    group.depart(5)
    assert group.received(6, GroupMessage("close", "g")) == [Over("closed"), Hangup()]
    assert group.depart(7) == []
