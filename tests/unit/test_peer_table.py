# SPDX-License-Identifier: MIT
"""The table of peers under whatever is thrown at it: who matters is always there."""

from __future__ import annotations

from collections import defaultdict

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from goop_node.p2p import limits
from goop_node.p2p.peers import PeerTable
from goop_node.p2p.presence import EXPIRY, Presence
from goop_node.types import PeerEvent

KINDS = {"found", "changed", "gone", "connected", "disconnected"}
few = st.sampled_from([f"peer {n}" for n in range(12)])
forwarders = st.sampled_from(["F", "G", "H"])


def said(peer: str, kind: str = "update", label: str = "") -> Presence:
    return Presence(type=kind, peer_id=peer, content=label)


class Told:
    """What a subscriber hears, held against the rate and against the table."""

    def __init__(self, table: PeerTable) -> None:
        self.now = 0.0
        self.online: set[str] = set()
        self.connected: set[str] = set()
        self.labels: dict[str, str] = {}
        self.at: dict[str, list[float]] = defaultdict(list)
        self.all: list[float] = []
        table.subscribe(self.hear)

    def hear(self, event: PeerEvent) -> None:
        if event.kind not in KINDS:
            return
        peer = event.peer
        self.at[peer.peer_id].append(self.now)
        self.all.append(self.now)
        self.labels[peer.peer_id] = peer.label
        (self.online.add if peer.online else self.online.discard)(peer.peer_id)
        (self.connected.add if peer.connected else self.connected.discard)(peer.peer_id)


class Anything(RuleBasedStateMachine):
    """Peers, forwarders and a person in any order, on a clock that only tests move."""

    def __init__(self) -> None:
        super().__init__()
        self.patch = pytest.MonkeyPatch()
        self.patch.setattr(limits, "HEARD_PEERS", 6)
        self.patch.setattr(limits, "SHARE", 3)
        self.table = PeerTable(lambda: self.told.now)
        self.told = Told(self.table)
        self.connected: set[str] = set()
        self.named: set[str] = set()
        self.blocked: set[str] = set()

    def teardown(self) -> None:
        self.patch.undo()

    @rule(peer=few, forwarder=forwarders, label=st.sampled_from(["", "a", "b"]))
    def hears(self, peer: str, forwarder: str, label: str) -> None:
        self.table.heard(said(peer, label=label), forwarder)

    @rule(peer=few, forwarder=forwarders)
    def hears_a_farewell(self, peer: str, forwarder: str) -> None:
        self.table.heard(said(peer, "offline"), forwarder)

    @rule(peer=few, connected=st.booleans())
    def connects(self, peer: str, connected: bool) -> None:
        self.table.connected(peer, connected)
        if peer not in self.blocked:
            (self.connected.add if connected else self.connected.discard)(peer)

    @rule(peer=few)
    def names(self, peer: str) -> None:
        self.table.name(peer)
        if peer not in self.blocked:
            self.named.add(peer)

    @rule(peer=few)
    def unnames(self, peer: str) -> None:
        self.table.unname(peer)
        self.named.discard(peer)

    @rule(peer=few)
    def blocks(self, peer: str) -> None:
        self.table.block(peer)
        self.blocked.add(peer)
        self.named.discard(peer)
        self.connected.discard(peer)

    @rule(peer=few)
    def unblocks(self, peer: str) -> None:
        self.table.unblock(peer)
        self.blocked.discard(peer)

    @rule(seconds=st.sampled_from([0.01, 0.5, 1.0, 5.0, EXPIRY + 1]))
    def time_goes_by(self, seconds: float) -> None:
        self.told.now += seconds
        self.table.expire(self.told.now)

    @rule(peer=few)
    def flaps(self, peer: str) -> None:
        for _ in range(100):
            self.table.heard(said(peer, label="x"), "F")
            self.table.heard(said(peer, "offline"), "F")

    @invariant()
    def who_matters_is_there(self) -> None:
        here = {peer.peer_id for peer in self.table.all()}
        assert self.connected | self.named <= here
        assert not self.blocked & here
        online = {peer.peer_id for peer in self.table.all() if peer.online}
        assert here <= self.connected | self.named | online, "who has gone takes no place"
        for peer in here:
            assert self.table.standing(peer) == (
                "friend" if peer in self.named else _seen(self, peer)
            )

    @invariant()
    def places_are_shared(self) -> None:
        here = {peer.peer_id for peer in self.table.all()}
        assert len(here - self.connected - self.named) <= 6
        for forwarder in ("F", "G", "H"):
            assert self.table.heard_through(forwarder) <= 3

    @invariant()
    def events_have_a_rate(self) -> None:
        for times in self.told.at.values():
            last = [at for at in times if at > self.told.now - 1]
            assert len(last) <= limits.EVENT_BURST + limits.EVENT_RATE

    @rule()
    def in_the_end_all_is_told(self) -> None:
        for _ in range(40):
            self.told.now += 0.45
            self.table.expire(self.told.now)
        peers = self.table.all()
        assert self.told.online == {peer.peer_id for peer in peers if peer.online}
        assert self.told.connected == {peer.peer_id for peer in peers if peer.connected}
        for peer in peers:
            if peer.online:
                assert self.told.labels[peer.peer_id] == peer.label


def _seen(state: Anything, peer: str) -> str:
    found = state.table.get(peer)
    assert found is not None
    return "discovered" if found.online else "unknown"


Anything.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
TestAnything = Anything.TestCase


def test_a_thousand_fakes_through_one_connection_hide_nobody() -> None:
    table = PeerTable(lambda: 100.0)
    for n in range(1100):
        table.heard(said(f"fake {n}"), "attacker")
    table.heard(said("friend of a friend"), "another")
    assert table.is_discovered("friend of a friend")
    assert table.heard_through("attacker") == limits.SHARE
    for n in range(20):
        for one in range(limits.SHARE):
            table.heard(said(f"fake {n} {one}"), f"attacker {n}")
    assert len(table.all()) == limits.HEARD_PEERS
    table.connected("friend", True)
    table.heard(said("friend"), "friend")
    table.heard(said("friend of a friend"), "another")
    assert table.standing("friend") == "discovered"
    assert table.standing("friend of a friend") == "discovered"


def test_a_peer_that_flaps_makes_few_events_and_its_last_state_is_told() -> None:
    table = PeerTable(lambda: told.now)
    told = Told(table)
    for _ in range(2000):
        table.heard(said("flapping"), "F")
        table.heard(said("flapping", "offline"), "F")
        told.now += 0.005
    assert len(told.all) <= limits.EVENT_BURST + limits.EVENT_RATE * 10 + 1
    table.heard(said("flapping"), "F")
    told.now += 2
    table.expire(told.now)
    assert told.online == {"flapping"}


def test_peers_that_come_and_go_make_few_events_together() -> None:
    table = PeerTable(lambda: told.now)
    told = Told(table)
    for n in range(5000):
        table.heard(said(f"fake {n}"), f"attacker {n % 10}")
        table.heard(said(f"fake {n}", "offline"), f"attacker {n % 10}")
        told.now += 0.001
        if n % 1000 == 999:
            table.expire(told.now)
    assert len(told.all) <= limits.STRANGER_BURST + limits.STRANGER_RATE * 5 + 1


def test_however_many_come_and_go_nobody_who_has_gone_stays_on_the_pages() -> None:
    table = PeerTable(lambda: told.now)
    told = Told(table)
    for n in range(12_000):
        table.heard(said(f"fake {n}"), f"attacker {n % 3}")
        if n >= 100:
            table.heard(said(f"fake {n - 100}", "offline"), f"attacker {n % 3}")
        told.now += 0.01
        if n % 100 == 99:
            table.expire(told.now)
        assert len(told.online) <= limits.HEARD_PEERS + limits.STRANGER_BURST


def test_what_a_peer_said_earlier_and_others_say_again_counts_for_nothing() -> None:
    table = PeerTable(lambda: told.now)
    told = Told(table)
    table.heard(Presence(type="online", peer_id="friend", content="new", ts=200), "F")
    table.heard(Presence(type="offline", peer_id="friend", ts=100), "mallory")
    table.heard(Presence(type="update", peer_id="friend", content="old", ts=150), "mallory")
    assert [(one.label, one.online) for one in table.all()] == [("new", True)]
    # A clock that was set back mutes nobody for long.
    told.now += EXPIRY + 1
    table.expire(told.now)
    table.heard(Presence(type="update", peer_id="friend", content="back", ts=50), "F")
    assert [(one.label, one.online) for one in table.all()] == [("back", True)]


def test_found_on_the_local_network() -> None:
    """Somebody's word in the network counts once the peer itself is connected, and no longer."""
    table = PeerTable(lambda: 0.0)
    told: list[tuple[str, str]] = []
    table.subscribe(lambda event: told.append((event.kind, event.peer.peer_id)))
    table.near(frozenset({"A", "B"}))
    assert not table.is_discovered("A")
    assert table.all() == []
    table.connected("A", True)
    table.connected("C", True)
    assert [table.standing(one) for one in "ABC"] == ["discovered", "unknown", "unknown"]
    told.clear()
    table.near(frozenset({"C"}))
    assert [table.standing(one) for one in "ABC"] == ["unknown", "unknown", "discovered"]
    assert sorted(told) == [("standing", "A"), ("standing", "C")]
    table.connected("C", False)
    assert not table.is_discovered("C")
    table.block("C")
    table.connected("C", True)
    assert table.standing("C") == "blocked"
