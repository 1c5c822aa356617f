# SPDX-License-Identifier: MIT
"""A peer that is there is never given up, one that is not is, in time."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from goop_node.p2p.data_path.liveness import (
    DOUBTED_SECONDS,
    PING_SECONDS,
    SILENT_SECONDS,
    Liveness,
)


class Watched:
    """A connection whose peer answers pings after a while, and is looked at when that is due."""

    def __init__(self) -> None:
        self.now = 0.0
        self.heard = 0
        self.pings: list[float] = []
        self.looked = False
        self.liveness = Liveness(0.0)

    def look(self) -> bool:
        """Look when it is due; whether the peer is given up."""
        assert self.liveness.due > self.now or not self.looked  # it does not spin
        self.looked = True
        self.now = max(self.now, self.liveness.due)
        what = self.liveness.look(self.heard, self.now)
        if what == "ping":
            self.pings.append(self.now)
        return what == "silent"

    def doubt(self) -> None:
        if self.liveness.doubt(self.heard, self.now):
            self.pings.append(self.now)


@given(st.lists(st.sampled_from(["look", "look", "doubt", "hear"]), max_size=60))
def test_who_answers_every_ping_is_kept(steps: list[str]) -> None:
    one = Watched()
    for step in steps:
        if step == "doubt":
            one.doubt()
            one.heard += 1
        elif step == "hear":
            one.heard += 1
        else:
            assert not one.look()
            one.heard += 1
    assert all(later - earlier <= SILENT_SECONDS for earlier, later in pairwise(one.pings))


@pytest.mark.parametrize("doubted", [False, True])
@given(before=st.integers(0, 10))
def test_who_says_nothing_is_given_up_in_time(doubted: bool, before: int) -> None:
    one = Watched()
    for _ in range(before):
        assert not one.look()
        one.heard += 1
    if doubted:
        one.doubt()
    silent_since = one.now
    looks = 0
    while not one.look():
        looks += 1
    patience = DOUBTED_SECONDS if doubted else SILENT_SECONDS + PING_SECONDS
    assert one.now - silent_since <= patience
    assert looks >= 1  # after a stop of our own there was a turn to read in


def test_a_quiet_connection_is_pinged_every_five_seconds() -> None:
    one = Watched()
    while one.now < 60:
        assert not one.look()
        one.heard += 1
    assert [round(at) for at in one.pings] == list(range(0, 61, int(PING_SECONDS)))


def test_doubt_is_not_added_to_doubt() -> None:
    one = Watched()
    one.look()
    for _ in range(3):
        one.doubt()
    assert len(one.pings) == 2


@pytest.mark.parametrize("stopped_at", [1.0, 6.0])
def test_after_a_stop_of_our_own_there_is_a_turn_to_read_in(stopped_at: float) -> None:
    liveness = Liveness(0.0)
    now = 0.0
    assert liveness.look(0, now) == "ping"
    while liveness.due < stopped_at:
        now = liveness.due
        assert liveness.look(0, now) == ""
    now = stopped_at + 100
    assert liveness.look(0, now) == ""
    now = liveness.due
    assert liveness.look(1, now) != "silent"
    while liveness.look(1, liveness.due) != "silent":
        assert liveness.due < now + SILENT_SECONDS + PING_SECONDS
