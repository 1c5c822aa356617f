# SPDX-License-Identifier: MIT
"""Guests that left or were lost, and hosts that end every join without a word."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from goop_node.groups import Membership
from goop_node.types import NetworkError
from goop_realtime.goop2.go_absent import GRACE_SECONDS, INVITE_AGAIN_MAX_SECONDS, Absent
from goop_realtime.goop2.go_joining import TRIES, join
from tests.unit.test_go_pulse import FakeNetwork
from tests.unit.virtual_time import live

CHANNEL = "rt-0011223344556677"
KNOWN_WITHIN = 2.0
PAUSES = st.integers(0, 13).map(lambda n: n * 7 / 16)
"""Exact in binary, and no sum of them is the grace: which of two things due at once comes first
is nobody's promise."""


@given(st.lists(st.tuples(st.sampled_from(["left", "eof", "back", "ask"]), PAUSES), max_size=12))
def test_who_left_is_gone_unless_it_comes_back_in_time(steps: list[tuple[str, float]]) -> None:
    async def story() -> None:
        loop = asyncio.get_running_loop()
        gone: list[float] = []
        absent = Absent(lambda channel: gone.append(loop.time()))
        left: float | None = None
        expected = []
        for step, pause in steps:
            if step == "back":
                absent.back(CHANNEL)
                left = None
            elif step == "ask":
                absent.may_invite(CHANNEL)
            else:
                absent.ended(CHANNEL, step)
                left = loop.time() if step == "left" else left
            if left is not None and left + GRACE_SECONDS < loop.time() + pause:
                expected.append(left + GRACE_SECONDS)
                left = None
            await asyncio.sleep(pause)
        if left is not None:
            expected.append(left + GRACE_SECONDS)
        await asyncio.sleep(2 * GRACE_SECONDS)
        assert gone == expected

    live(story())


def test_who_was_lost_is_invited_again_and_again_ever_more_rarely() -> None:
    async def story() -> None:
        loop = asyncio.get_running_loop()
        absent = Absent(lambda channel: None)
        absent.ended(CHANNEL, "eof")
        times = []
        while loop.time() < 4 * INVITE_AGAIN_MAX_SECONDS:
            if absent.may_invite(CHANNEL):
                times.append(loop.time())
            await asyncio.sleep(5)
        pauses = [later - sooner for sooner, later in itertools.pairwise(times)]
        assert times[0] == 0
        assert pauses == sorted(pauses)
        assert pauses[-1] == INVITE_AGAIN_MAX_SECONDS
        absent.back(CHANNEL)
        assert not absent.may_invite(CHANNEL)

    live(story())


class FakeGroups:
    """Groups whose host ends our joins with these codes, and then admits us."""

    def __init__(self, *codes: str) -> None:
        self.codes = list(codes)
        self.tries = 0

    async def join(self, host: str, group: str, on_member: Callable[[Membership], None]) -> None:
        """Answer."""
        self.tries += 1
        if self.codes:
            raise NetworkError(self.codes.pop(0), "because")


async def outcome(groups: Any, network: Any, *, wanted: bool = True) -> tuple[str, float]:
    """How joining ends, and how many seconds that takes."""
    loop = asyncio.get_running_loop()
    code = ""
    try:
        await join(groups, network, "gopher", CHANNEL, lambda member: None, lambda: wanted)
    except NetworkError as error:
        code = error.code
    return code, loop.time()


@pytest.mark.parametrize("bare", ["eof", "reset"])
def test_ends_without_a_word_again_and_again_mean_that_the_group_is_gone(bare: str) -> None:
    groups = FakeGroups(*[bare] * TRIES)
    code, seconds = live(outcome(groups, FakeNetwork()))
    assert (code, groups.tries) == ("not_found", TRIES)
    assert seconds < KNOWN_WITHIN


def test_one_end_without_a_word_is_an_accident() -> None:
    groups = FakeGroups("reset", "eof")
    assert live(outcome(groups, FakeNetwork()))[0] == ""
    assert groups.tries == TRIES


def test_a_host_that_is_gone_itself_has_said_nothing_of_its_group() -> None:
    assert live(outcome(FakeGroups(*["reset"] * TRIES), FakeNetwork("unreachable")))[0] == "reset"


@pytest.mark.parametrize("code", ["not_found", "full", "closed", "timeout", "unreachable", "lost"])
def test_whatever_else_ends_a_join_is_told_at_once(code: str) -> None:
    groups = FakeGroups(code)
    assert live(outcome(groups, FakeNetwork())) == (code, 0)
    assert groups.tries == 1


def test_a_channel_that_has_ended_is_joined_no_more() -> None:
    groups = FakeGroups("eof", "eof")
    assert live(outcome(groups, FakeNetwork(), wanted=False)) == ("eof", 0)
