# SPDX-License-Identifier: MIT
"""Who has gone is not counted as online: farewells, kills, and what arrives late."""

from __future__ import annotations

import pytest

from goop_node.p2p.departures import FAREWELL_SECONDS, SILENT_SECONDS
from goop_node.p2p.peers import PeerTable
from goop_node.p2p.presence import EXPIRY, HEARTBEAT, Presence
from goop_node.types import Refusal

REFUSED = Refusal(code="refused", reason="nothing listens at that address")
TIMEOUT = Refusal(code="timeout", reason="no answer")


class Here:
    """A table with Bob in it, online and connected, and a clock."""

    def __init__(self, *, friend: bool) -> None:
        self.now = 100.0
        self.table = PeerTable(lambda: self.now)
        if friend:
            self.table.name("bob")
        self.says("online", 1)
        self.table.connected("bob", True)
        assert self.online

    def says(self, kind: str, ts: int) -> None:
        message = Presence(type=kind, peer_id="bob", content="Bob", ts=ts)
        self.table.heard(message, "carol")

    def passes(self, seconds: float) -> None:
        self.now += seconds
        self.table.expire(self.now)

    @property
    def online(self) -> bool:
        """Whether Bob counts as online."""
        peer = self.table.get("bob")
        return peer is not None and peer.online


@pytest.fixture(params=[True, False], ids=["friend", "discovered"])
def here(request: pytest.FixtureRequest) -> Here:
    """Bob, who is a friend or not."""
    return Here(friend=request.param)


def test_one_that_was_killed_is_gone_once_nothing_listens(here: Here) -> None:
    here.table.undialled("bob", REFUSED)
    assert here.online  # still connected: an old address of his does not answer
    here.table.connected("bob", False)
    assert here.online  # connections break
    here.table.undialled("bob", TIMEOUT)
    assert here.online
    here.table.undialled("bob", REFUSED)
    assert not here.online


def test_one_that_was_lost_and_stays_silent_is_gone_in_seconds(here: Here) -> None:
    assert HEARTBEAT < SILENT_SECONDS < EXPIRY / 2
    here.passes(HEARTBEAT)
    here.table.connected("bob", False)
    here.passes(SILENT_SECONDS - 0.1)
    assert here.online
    here.passes(0.2)
    assert not here.online


def test_one_that_others_still_hear_stays(here: Here) -> None:
    here.table.connected("bob", False)
    for beat in range(10):
        here.passes(HEARTBEAT)
        here.says("update", 2 + beat)
        here.table.undialled("bob", REFUSED)
        assert here.online
    here.table.connected("bob", True)
    here.passes(EXPIRY - 1)
    assert here.online


def test_what_was_said_before_the_farewell_brings_nobody_back(here: Here) -> None:
    here.says("update", 5)
    here.says("offline", 7)
    assert not here.online
    for ts in (5, 6):
        here.says("update", ts)
        assert not here.online
    here.says("online", 8)
    assert here.online


def test_a_clock_that_was_set_back_shuts_nobody_out_for_long(here: Here) -> None:
    here.says("offline", 10_000)
    here.passes(FAREWELL_SECONDS + 1)
    here.says("online", 3)
    assert here.online


def test_why_a_dial_failed_is_known_until_one_succeeds() -> None:
    here = Here(friend=True)
    here.table.connected("bob", False)
    here.table.undialled("bob", TIMEOUT)
    assert here.table.trouble("bob") == TIMEOUT
    here.table.connected("bob", True)
    assert here.table.trouble("bob") is None
    here.table.undialled("nobody", TIMEOUT)
    assert here.table.trouble("nobody") is None
