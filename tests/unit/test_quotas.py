# SPDX-License-Identifier: MIT
"""What one peer may use up: never the places of others, nor our own."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from goop_node.types import Caller
from goop_realtime.machine import tombstones
from goop_realtime.machine.channel import Phase
from goop_realtime.machine.tombstones import EMPTY_PER_PEER, ENDED_PER_PEER
from goop_realtime.model.quotas import LINES_BURST, WITHDRAWN_PER_PEER
from goop_realtime.model.trace import RING, STRANGERS, Trace
from goop_realtime.model.wire import Line, raw
from goop_realtime.testing import SimNode, World
from goop_realtime.types import Refusal

PENDING = 8
"""Open requests of one peer."""


def node() -> tuple[World, SimNode]:
    """Alice, alone in her world."""
    world = World(1)
    return world, world.node("alice")


def hears(alice: SimNode, peer: str, kind: str, number: int) -> None:
    """A line of that peer, about a channel of that number, after a while."""
    world = alice.world
    world.now += 50
    payload = raw({"timeout": 60_000}) if kind == "invite" else raw(None)
    group = f"rt-{number:016x}"
    alice.engine.control(world.now, peer, Line(type=kind, group=group, payload=payload, id="x"))
    alice.flush()


def test_thousands_of_invitations_of_one_peer_leave_our_own_requests_alone() -> None:
    _, alice = node()
    for number in range(4_200):
        hears(alice, "mallory", "invite", number)
        hears(alice, "mallory", "cancel", number)
    assert len(alice.engine.core.channels) <= EMPTY_PER_PEER + PENDING
    assert alice.ask("bob")
    assert alice.ask("mallory")
    hears(alice, "carol", "invite", 10**6)
    assert alice.engine.core.channels[f"rt-{10**6:016x}"].phase is Phase.ASKED
    alice.crash()
    assert len(alice.journal.load()) <= EMPTY_PER_PEER + PENDING + 3
    alice.start()
    assert alice.ask("bob", new=True)


def test_many_strangers_together_do_not_keep_out_who_is_known() -> None:
    world, alice = node()
    bob = world.node("bob")
    channel = alice.ask("bob")
    world.run(500)
    bob.accept(channel)
    world.run(1_000)
    for number in range(600):
        hears(alice, f"stranger{number}", "invite", number)
    asked = [row for row in alice.engine.core.channels.values() if row.phase is Phase.ASKED]
    assert len(asked) == alice.engine.core.limits.channels // 4
    hears(alice, "bob", "invite", 10**6)
    assert f"rt-{10**6:016x}" in alice.engine.core.channels


def test_an_invitation_that_was_withdrawn_does_not_come_up_again() -> None:
    _, alice = node()
    for number in range(2 * EMPTY_PER_PEER):
        hears(alice, "mallory", "invite", number)
        hears(alice, "mallory", "cancel", number)
    for number in range(EMPTY_PER_PEER + 1, 2 * EMPTY_PER_PEER):
        hears(alice, "mallory", "invite", number)
    assert all(channel.final for channel in alice.engine.core.channels.values())


def test_a_stranger_withdraws_nobody_elses_invitation() -> None:
    _, alice = node()
    hears(alice, "mallory", "cancel", 7)
    hears(alice, "bob", "invite", 7)
    assert [channel.other.peer for channel in alice.engine.core.channels.values()] == ["bob"]
    hears(alice, "bob", "cancel", 8)
    hears(alice, "bob", "invite", 8)
    assert len(alice.engine.core.channels) == 1


def test_lines_faster_than_anybody_needs_are_dropped_and_those_of_others_are_not() -> None:
    world, alice = node()
    for number in range(10_000):
        alice.engine.control(world.now, "mallory", Line(type="cancel", group=f"rt-{number:016x}"))
    dropped = [row for row in alice.engine.core.trace.rows() if row["code"] == "too_fast"]
    assert len(dropped) > RING // 2
    hears(alice, "bob", "invite", 1)
    assert alice.engine.core.channels
    assert len(alice.engine.core.withdrawn) == WITHDRAWN_PER_PEER
    assert LINES_BURST < 10_000


def test_our_own_requests_that_end_do_not_use_up_our_places() -> None:
    world, alice = node()
    for number in range(300):
        channel = alice.ask(f"peer{number % 3}", new=True)
        assert channel
        alice.close(channel)
        world.now += 50
    assert len(alice.engine.core.channels) <= 3 * EMPTY_PER_PEER


def test_a_peer_that_opens_and_closes_leaves_few_tombstones() -> None:
    world = World(2)
    alice, bob = world.node("alice"), world.node("bob")
    talker = alice.page("p")
    for _ in range(ENDED_PER_PEER + 10):
        channel = alice.ask("bob", new=True)
        world.run(200)
        bob.accept(channel)
        world.run(1_000)
        talker.send(channel, 1)
        bob.close(channel)
        world.run(3_000)
    assert len(alice.engine.core.channels) <= ENDED_PER_PEER + 1
    assert len(alice.journal.load()) <= ENDED_PER_PEER + 1


def test_of_all_peers_few_tombstones_are_kept_and_the_newest(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(tombstones, "ENDED", 5)
    world = World(4)
    alice, bob = world.node("alice"), world.node("bob")
    talker = alice.page("p")
    ended = []
    for _ in range(12):
        channel = alice.ask("bob", new=True)
        world.run(200)
        bob.accept(channel)
        world.run(1_000)
        talker.send(channel, 1)
        world.run(200)
        bob.close(channel)
        world.run(3_000)
        ended.append(channel)
    for one in (alice, bob):
        assert set(one.engine.core.channels) <= set(ended[-6:])
        assert set(one.journal.load()) == set(one.engine.core.channels)


LINES = st.lists(
    st.tuples(
        st.sampled_from(("mallory", "trudy", "oscar")),
        st.sampled_from(("invite", "cancel", "decline", "exists", "poke", "gone", "close")),
        st.integers(0, 60),
    ),
    max_size=400,
)


@settings(max_examples=25, deadline=None)
@given(LINES)
def test_whatever_peers_say_the_places_are_bounded_and_ours_are_free(
    lines: list[tuple[str, str, int]],
) -> None:
    _, alice = node()
    for peer, kind, number in lines:
        hears(alice, peer, kind, number)
        channels = alice.engine.core.channels.values()
        theirs = [channel for channel in channels if channel.other.peer == peer]
        assert sum(not channel.final for channel in theirs) <= PENDING
        assert len(theirs) <= PENDING + EMPTY_PER_PEER
    assert len(alice.engine.core.withdrawn) <= 3 * WITHDRAWN_PER_PEER
    assert alice.ask("bob")


def noisy_join(alice: SimNode, n: int) -> None:
    line = Line(type="join", group=f"rt-{n:016x}", payload=raw({}))
    alice.engine.joined(alice.world.now, 10_000 + n, "mallory", line)


def noisy_line(alice: SimNode, n: int) -> None:
    hears(alice, "mallory", "invite", n)


@pytest.mark.parametrize("noise", [noisy_join, noisy_line])
def test_a_strangers_noise_takes_only_a_strangers_share_of_the_trace(
    noise: Callable[[SimNode, int], None],
) -> None:
    world = World(3)
    alice, bob = world.node("alice"), world.node("bob")
    channel = alice.ask("bob")
    world.run(500)
    bob.accept(channel)
    world.run(1_000)
    before = alice.engine.core.trace.rows(channel)
    assert before
    for n in range(3 * RING):
        noise(alice, n)
        alice.flush()
    assert alice.engine.core.trace.rows(channel)[: len(before)] == before
    assert len(alice.engine.core.trace.rows()) == RING


@given(st.lists(st.sampled_from(("", "bob", STRANGERS)), max_size=60))
def test_the_trace_takes_from_whoever_has_most(sources: list[str]) -> None:
    trace = Trace()
    for source in sources:
        trace.note(0, "peer", "few", source=source)
    for n in range(2 * RING):
        trace.note(n, "peer", "many", source="mallory")
    rows = trace.rows()
    assert [row["n"] for row in rows] == sorted(row["n"] for row in rows)
    assert sum(row["code"] == "few" for row in rows) == len(sources)
    assert len(rows) == RING


def test_the_trace_remembers_nobody_of_whom_it_holds_nothing() -> None:
    trace = Trace()
    for n in range(3 * RING):
        trace.note(n, "peer", "once", source=f"peer {n}")
    assert len(trace._rows) == len(trace.rows()) == RING


@pytest.mark.parametrize("wanted", ["", "tally_2", "tally_1 anew"])
def test_a_request_does_not_become_a_channel_for_something_else(wanted: str) -> None:
    world, alice = node()
    bob = world.node("bob")
    old = alice.ask("bob", "tally_1")
    world.run(500)
    bob.accept(old)
    world.run(1_000)
    name, _, new = wanted.partition(" ")
    asked = alice.ask("bob", name, new=bool(new))
    alice.engine.control(world.now, "bob", Line(type="exists", group=asked, id=old))
    alice.flush()
    assert alice.engine.core.channels[asked].phase is Phase.ASKING
    assert not alice.engine.core.channels[asked].replaced_by


def test_requests_of_many_strangers_leave_a_place_for_those_of_friends() -> None:
    _, alice = node()
    core = alice.engine.core
    core.is_friend = lambda peer: peer == "bob"
    for number in range(core.limits.channels // 4 + 10):
        hears(alice, f"stranger {number // PENDING}", "invite", number)
    asked = [one for one in core.channels.values() if one.phase is Phase.ASKED]
    assert len(asked) == core.limits.channels // 4
    hears(alice, "bob", "invite", 10**6)
    assert core.channels[f"rt-{10**6:016x}"].phase is Phase.ASKED


def test_what_pages_are_refused_drowns_nothing_that_the_node_did() -> None:
    world = World(1)
    core = world.node("alice").engine.core
    core.note("node", "told", "rt-0123456789abcdef")
    for _ in range(2 * RING):
        core.note("page", "unknown_channel", "rt-0000000000000000")
    assert any(row["code"] == "told" for row in core.trace.rows())


def test_a_page_hears_of_no_context_that_it_may_not_use() -> None:
    world = World(1)
    engine = world.node("alice").engine
    names = {context.type.name for context in engine.core.registry.all()}
    assert names
    for caller in (Caller(kind="template", name="ping"), Caller(kind="home")):
        found = engine.request(0, "bob", "nonsense", None, 60_000, new=False, caller=caller)
        assert isinstance(found, Refusal)
        assert found.code == "unknown_context"
        assert all((name in found.reason) == (caller.kind == "home") for name in names)
