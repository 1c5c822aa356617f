# SPDX-License-Identifier: MIT
"""Invitations over their time: how far they have come, and what becomes of those nobody answers."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from goop_realtime.machine import lookup
from goop_realtime.machine.channel import Channel, Phase
from goop_realtime.machine.missed import MISSED, MISSED_MS, MISSED_PER_PEER
from goop_realtime.machine.rights import HOME
from goop_realtime.machine.tombstones import EMPTY_PER_PEER
from goop_realtime.model.effects import SaveChannel
from goop_realtime.model.wire import Line, raw
from goop_realtime.testing import SimNode, World

MINUTE = 60_000


def two() -> tuple[World, SimNode, SimNode]:
    """Alice and Bob."""
    world = World(1)
    return world, world.node("alice"), world.node("bob")


def kept(node: SimNode) -> list[Channel]:
    """What was missed there."""
    return [one for one in node.engine.core.channels.values() if one.missed]


def row(node: SimNode, channel: str) -> dict[str, object]:
    """The row that home is given."""
    rows = lookup.rows(node.engine.core, HOME, node.world.now)
    return next(one for one in rows if one["channelId"] == channel)  # type: ignore[return-value]


def restarted(node: SimNode) -> SimNode:
    """Killed, and started from its disk."""
    node.crash()
    node.start()
    return node


@pytest.mark.parametrize("ends", ["expires", "is withdrawn"])
def test_what_nobody_answered_is_kept_through_a_restart_until_it_is_dismissed(ends: str) -> None:
    world, alice, bob = two()
    channel = alice.ask("bob", "tally_1", MINUTE)
    world.run(1_000)
    asked_at = bob.engine.core.channels[channel].asked_at
    if ends == "is withdrawn":
        alice.close(channel)
    world.run(2 * MINUTE)
    restarted(bob)
    [missed] = kept(bob)
    assert (missed.id, missed.asked_at, missed.other.peer) == (channel, asked_at, "alice")
    assert row(bob, channel)["missedAt"] == asked_at
    assert bob.engine.dismiss(world.now, channel, HOME) is None
    bob.flush()
    assert not kept(restarted(bob))
    assert "missedAt" not in row(bob, channel)


def test_what_ran_out_while_the_node_was_off_is_found_at_its_start() -> None:
    world, alice, bob = two()
    channel = alice.ask("bob", "tally_1", MINUTE)
    world.run(1_000)
    bob.crash()
    world.run(2 * MINUTE)
    bob.start()
    world.run(5_000)
    assert [one.id for one in kept(bob)] == [channel]


def test_a_request_in_a_journal_from_before_there_were_missed_ones_goes_on() -> None:
    world, alice, bob = two()
    channel = alice.ask("bob", "tally_1", MINUTE)
    world.run(1_000)
    bob.crash()
    kept_row = {
        name: value
        for name, value in bob.engine.core.channels[channel].row().items()
        if name not in ("askedAt", "missed")
    }
    assert not bob.journal.commit([SaveChannel(channel, kept_row)])
    bob.start()
    assert bob.engine.core.channels[channel].phase is Phase.ASKED
    world.run(2 * MINUTE)
    assert [one.id for one in kept(bob)] == [channel]


@pytest.mark.parametrize("answer", ["accept", "decline"])
def test_what_was_answered_is_not_missed(answer: str) -> None:
    world, alice, bob = two()
    channel = alice.ask("bob", "tally_1", MINUTE)
    world.run(1_000)
    getattr(bob, answer)(channel)
    world.run(2 * MINUTE)
    assert not kept(bob)
    refusal = bob.engine.dismiss(world.now, channel, HOME)
    assert (refusal is None) is (answer == "decline"), "only what has ended can be put away"


@pytest.mark.parametrize("what", ["she asks again", "he asks back"])
def test_what_was_missed_is_past_once_they_ask_again(what: str) -> None:
    world, alice, bob = two()
    alice.ask("bob", "tally_1", 1_000)
    world.run(MINUTE)
    assert kept(bob)
    if what == "he asks back":
        bob.ask("alice", "tally_2")
    else:
        alice.ask("bob", "tally_2")
        world.run(1_000)
    assert not kept(bob)


def test_what_was_missed_of_another_context_or_another_person_stays() -> None:
    world, alice, bob = two()
    carol = world.node("carol")
    carol.ask("bob", "tally_1", 1_000)
    alice.ask("bob", "", 1_000)
    world.run(MINUTE)
    alice.ask("bob", "tally_1")
    world.run(1_000)
    assert sorted((one.other.peer, one.request.context) for one in kept(bob)) == [
        ("alice", ""),
        ("carol", "tally_1"),
    ]


def test_a_week_later_it_is_gone_and_so_is_what_a_blocked_person_asked() -> None:
    world, alice, bob = two()
    carol = world.node("carol")
    alice.ask("bob", "tally_1", 1_000)
    carol.ask("bob", "tally_1", 1_000)
    world.run(MINUTE)
    bob.engine.core.is_blocked = lambda peer: peer == "carol"
    bob.engine.standing_changed(world.now, "carol")
    bob.flush()
    assert [one.other.peer for one in kept(bob)] == ["alice"]
    bob.engine.tick(world.now + MISSED_MS - 2 * MINUTE)
    assert kept(bob)
    bob.engine.tick(world.now + MISSED_MS)
    bob.flush()
    assert not kept(restarted(bob))


def ring(node: SimNode, peer: str, number: int) -> None:
    """An invitation of that peer that is withdrawn at once; each for something of its own."""
    group, world = f"rt-{number:016x}", node.world
    world.now += 50
    asked = {"timeout": MINUTE, "app": f"app{number}"}
    node.engine.control(world.now, peer, Line(type="invite", group=group, payload=raw(asked)))
    node.engine.control(world.now, peer, Line(type="cancel", group=group, code="cancelled"))
    node.flush()


@settings(max_examples=20, deadline=None)
@given(st.lists(st.sampled_from(("m1", "m2", "m3", "friend")), max_size=60))
def test_each_peer_has_a_share_and_its_newest_are_kept(peers: list[str]) -> None:
    _, _, bob = two()
    for number, peer in enumerate(peers):
        ring(bob, peer, number)
    for peer in set(peers):
        its = [f"rt-{n:016x}" for n, one in enumerate(peers) if one == peer]
        assert [one.id for one in kept(bob) if one.other.peer == peer] == its[-MISSED_PER_PEER:]


def test_a_crowd_of_strangers_pushes_out_nothing_of_a_friend() -> None:
    _, _, bob = two()
    bob.engine.core.is_friend = lambda peer: peer == "friend"
    ring(bob, "friend", 0)
    for number in range(1, 3 * MISSED):
        ring(bob, f"m{number}", number)
        ring(bob, "mallory", 10_000 + number)
    assert len(kept(bob)) == MISSED
    assert [one.id for one in kept(bob) if one.other.peer == "friend"] == [f"rt-{0:016x}"]
    ended = [one for one in bob.engine.core.channels.values() if one.other.peer == "mallory"]
    assert len(ended) <= EMPTY_PER_PEER + MISSED_PER_PEER
    restarted(bob)
    assert len(kept(bob)) == MISSED


def test_the_asker_hears_honestly_how_far_it_has_come() -> None:
    world, alice, bob = two()
    world.blocked = {("alice", "bob"), ("bob", "alice")}
    channel = alice.ask("bob", "tally_1")

    def reach() -> object:
        return row(alice, channel)["reach"]

    world.run(4_000)
    assert reach() == "sent"
    world.blocked.clear()
    assert world.run(10_000, lambda: reach() == "node")
    page = bob.page("b")
    world.run(2_000)
    assert reach() == "node", "a page that handles no requests shows none"
    page.say("shown", channel=channel)
    assert world.run(2_000, lambda: reach() == "page")
    page.die()
    assert world.run(2_000, lambda: reach() == "node")
    line = Line(type="invite", group=channel)
    alice.engine.control_failed(world.now, "bob", line, "unreachable", "")
    assert reach() == "away"
    assert world.run(10_000, lambda: reach() == "node"), "it is repeated, and comes through"
    restarted(alice)
    alice.engine.control_failed(world.now, "bob", line, "unreachable", "")
    assert alice.engine.core.channels[channel].phase is Phase.ASKING, "a restart ends nothing"
    bob.accept(channel)
    assert world.run(10_000, lambda: row(alice, channel)["state"] == "connected")
    assert "reach" not in row(alice, channel)


def test_who_was_never_reached_ends_the_request_at_once() -> None:
    world, alice, _ = two()
    channel = alice.ask("bob", "tally_1")
    line = Line(type="invite", group=channel)
    alice.engine.control_failed(world.now, "bob", line, "unreachable", "down")
    assert alice.engine.core.channels[channel].close_code == "unreachable"


def test_a_stranger_says_nothing_of_how_far_it_has_come() -> None:
    world, alice, _ = two()
    channel = alice.ask("bob", "tally_1")
    for peer in ("mallory", "bob"):
        line = Line(type="received", group=channel, stage="page")
        alice.engine.control(world.now, peer, line)
        assert (row(alice, channel)["reach"] == "page") is (peer == "bob")


def test_a_request_lives_on_without_any_page_and_a_new_page_is_told_of_it() -> None:
    world, alice, bob = two()
    first = alice.page("first")
    channel = alice.ask("bob", "tally_1", 5 * MINUTE)
    world.run(1_000)
    first.die()
    world.run(2 * MINUTE)  # longer than a page's place is kept
    told: list[dict[str, object]] = []
    page = alice.page("second")
    page.frame = lambda data: told.append(json.loads(data))  # type: ignore[method-assign]
    page.cut()
    assert world.run(10_000, lambda: any(one["type"] == "state" for one in told))
    [state] = [one for one in told if one["type"] == "state"]
    assert (state["channel"], state["state"], state["reach"]) == (channel, "connecting", "node")
    assert 2 * MINUTE < int(str(state["expiresIn"])) < 3 * MINUTE
    alice.close(channel)
    world.run(1_000)
    assert bob.engine.core.channels[channel].close_code == "cancelled"


def test_withdrawing_takes_back_what_crossing_requests_led_to() -> None:
    """Bob joins Alice's request without asking, because he asks for the same: then he does not."""
    world, alice, bob = two()
    bob.ask("alice", "tally_1")
    channel = alice.ask("bob", "tally_1")
    world.run(10_000, lambda: channel in bob.engine.core.channels)
    assert bob.engine.core.channels[channel].phase is Phase.JOINING
    for own in list(bob.engine.core.channels.values()):
        if own.hosted:
            bob.close(own.id)
    world.run(MINUTE)
    for node in (alice, bob):
        assert all(one.final for one in node.engine.core.channels.values())
