# SPDX-License-Identifier: MIT
"""Signs of life of 1.0.0 peers, and memberships that sleep."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from goop_node.groups import Membership
from goop_node.types import NetworkError
from goop_realtime.goop2.go_pulse import CONTENT_PROTOCOL, Sleepers, answers
from tests.unit.test_go_link import FakeMember

CHANNEL = "rt-0011223344556677"


class FakeStream:
    """What is only ever reset."""

    def __init__(self) -> None:
        self.resets = 0

    def reset(self) -> None:
        """Count."""
        self.resets += 1


class FakeNetwork:
    """A network whose peer answers with ``code``, or with a stream where there is none."""

    peer_id = "me"
    addrs: tuple[str, ...] = ()

    def __init__(self, code: str = "") -> None:
        self.code = code
        self.stream = FakeStream()
        self.asked: list[tuple[str, tuple[str, ...]]] = []
        self.meanwhile: Callable[[], None] = lambda: None

    async def open_stream(
        self, peer_id: str, protocols: Sequence[str], *, timeout_ms: int = 10_000
    ) -> Any:
        """Answer."""
        self.asked.append((peer_id, tuple(protocols)))
        self.meanwhile()
        if self.code:
            raise NetworkError(self.code, "because")
        return self.stream


@pytest.mark.parametrize(
    ("code", "alive"), [("", True), ("unsupported", True), ("unreachable", False)]
)
async def test_any_answer_is_a_sign_of_life(code: str, alive: bool) -> None:
    network = FakeNetwork(code)
    assert await answers(network, "gopher") is alive
    assert network.asked == [("gopher", (CONTENT_PROTOCOL,))]
    assert network.stream.resets == (0 if code else 1)


class Bed:
    """Sleepers with one membership among them."""

    def __init__(self, code: str = "", waiting: Sequence[bytes] = ()) -> None:
        self.woken: list[str] = []
        self.ended: list[tuple[str, str]] = []
        self.heard: list[bytes | None] = []
        self.network = FakeNetwork(code)
        self.member = FakeMember()
        self.sleepers = Sleepers(self.network, self._wake, self._end)
        self.sleepers.add(CHANNEL, self.member, list(waiting))

    def _wake(self, channel_id: str, member: Membership) -> None:
        self.woken.append(channel_id)
        member.on_message = lambda _, data: self.heard.append(data)

    def _end(self, channel_id: str, code: str) -> None:
        self.ended.append((channel_id, code))


async def test_who_answers_is_woken_once() -> None:
    bed = Bed()
    assert await bed.sleepers.rouse(CHANNEL)
    assert not await bed.sleepers.rouse(CHANNEL)
    assert bed.woken == [CHANNEL]
    assert CHANNEL not in bed.sleepers


async def test_who_does_not_answer_sleeps_on() -> None:
    bed = Bed("unreachable")
    assert not await bed.sleepers.rouse(CHANNEL)
    assert bed.woken == []
    assert CHANNEL in bed.sleepers


async def test_a_message_wakes_and_is_passed_on() -> None:
    bed = Bed("unreachable")
    bed.member.on_message("gopher", b"1")
    bed.member.on_message("gopher", b"2")
    assert (bed.woken, bed.heard) == ([CHANNEL], [b"1", b"2"])


async def test_a_membership_may_end_in_its_sleep() -> None:
    bed = Bed()
    bed.member.on_end("eof")
    assert bed.ended == [(CHANNEL, "eof")]
    assert not await bed.sleepers.rouse(CHANNEL)
    assert bed.woken == []


async def test_with_its_channel_a_sleeper_leaves() -> None:
    bed = Bed()
    bed.sleepers.leave(CHANNEL)
    bed.sleepers.leave(CHANNEL)
    assert bed.member.did == ["end"]
    assert (bed.ended, bed.woken) == ([], [])


@pytest.mark.parametrize("code", ["", "unreachable"])
async def test_who_ends_while_it_is_asked_is_not_awake(code: str) -> None:
    bed = Bed(code)
    bed.network.meanwhile = lambda: bed.member.on_end("reset")
    assert not await bed.sleepers.rouse(CHANNEL)
    assert (bed.woken, bed.ended) == ([], [(CHANNEL, "reset")])


async def test_who_is_heard_while_it_is_asked_is_woken_once() -> None:
    bed = Bed()
    bed.network.meanwhile = lambda: bed.member.on_message("gopher", b"1")
    assert not await bed.sleepers.rouse(CHANNEL)
    assert (bed.woken, bed.heard) == ([CHANNEL], [b"1"])


async def test_messages_that_had_no_room_wait_with_the_membership() -> None:
    bed = Bed(waiting=[b"1", b"2"])
    bed.member.on_message("gopher", b"3")
    assert bed.heard == [b"1", b"2", b"3"]
