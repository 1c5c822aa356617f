# SPDX-License-Identifier: MIT
"""A guest's node that keeps no bounds: what it can, and cannot, make its host keep."""

from __future__ import annotations

import json

import pytest

from goop_node.types import Caller
from goop_realtime.machine.channel import Channel, Outcome, Phase
from goop_realtime.model.effects import SaveOutcome
from goop_realtime.model.limits import OUTBOX_MESSAGES, NodeLimits
from goop_realtime.model.outcomes import FORGOTTEN_TOGETHER, REMEMBERED_REFUSED
from goop_realtime.model.wire import Line
from goop_realtime.storage.journal_rows import KEPT_REFUSED, PRUNE_EVERY
from goop_realtime.testing import SimNode, World
from goop_realtime.types import Refusal


def opened() -> tuple[World, SimNode, Channel, int]:
    """Alice hosts a tally that Bob has joined; the number of her end of the stream."""
    world = World(1)
    alice, bob = world.node("alice"), world.node("bob")
    channel_id = alice.ask("bob", "tally_1")
    world.run(1_000)
    bob.accept(channel_id)
    world.run(1_000)
    channel = alice.engine.core.channels[channel_id]
    assert channel.other.link is not None
    return world, alice, channel, channel.other.link.id


def shout(node: SimNode, channel: Channel, link: int, first: int, count: int, n: int) -> None:
    """So many messages from the guest's node, in one read."""
    lines = [
        json.dumps(
            {
                "type": "msg",
                "group": channel.id,
                "id": f"x-{first + k}",
                "payload": {"type": "add", "n": n},
            }
        ).encode()
        for k in range(count)
    ]
    node.engine.lines(node.world.now, link, lines)


def acknowledge(node: SimNode, channel: Channel, link: int) -> None:
    """The guest's node has stored all that the host has ordered."""
    epoch, seq = channel.log.last
    ack = {"type": "ack", "group": channel.id, "stage": "node", "epoch": epoch, "seq": seq}
    node.engine.lines(node.world.now, link, [json.dumps(ack).encode()])


def test_refused_messages_do_not_fill_the_disk() -> None:
    world, alice, channel, link = opened()
    total = 3 * KEPT_REFUSED
    for first in range(0, total, 100):
        world.run(1_000)
        shout(alice, channel, link, first, 100, 4)  # the sum would be 5
        alice.flush()
    stored = alice.journal.load()[channel.id].outcomes
    assert len(stored) <= KEPT_REFUSED + PRUNE_EVERY
    assert stored[-1] == (channel.other.peer, f"x-{total - 1}", stored[-1][2])
    assert 0 <= len(channel.other.outcomes) - REMEMBERED_REFUSED < FORGOTTEN_TOGETHER
    assert not len(channel.log)


def test_what_was_refused_pushes_out_nothing_that_was_ordered() -> None:
    _, _, channel, _ = opened()
    channel.remember(channel.other.peer, "a-1", Outcome(epoch=1, seq=1))
    for n in range(2 * REMEMBERED_REFUSED):
        channel.remember(channel.other.peer, f"x-{n}", Outcome(code="no"))
    assert "a-1" in channel.other.outcomes


def test_a_guest_that_hurries_loses_its_stream_and_no_message() -> None:
    _, alice, channel, link = opened()
    alice.engine.core.limits = NodeLimits()
    shout(alice, channel, link, 0, 2000, 0)
    assert channel.other.link is None
    assert channel.phase is Phase.OPEN
    ordered = len(channel.log)
    assert OUTBOX_MESSAGES < ordered < 2000
    alice.engine.settle()
    effects = alice.engine.take()
    assert not any(isinstance(item, SaveOutcome) for item in effects)


def test_a_guest_with_more_unhandled_than_anybody_may_have_ends_the_channel() -> None:
    world, alice, channel, link = opened()
    first = 0
    while channel.phase is Phase.OPEN and first < 6000:
        world.run(1_000)
        shout(alice, channel, link, first, 100, 0)
        # It says that it has them: only its pages handle nothing.
        acknowledge(alice, channel, link)
        first += 100
    assert (channel.phase, channel.close_code) == (Phase.CLOSED, "overflow")
    assert len(channel.log) == 4 * OUTBOX_MESSAGES + 2


def test_a_page_that_sends_and_never_handles_is_held_before_the_log_grows() -> None:
    world, alice, channel, _ = opened()
    bob = world.nodes["bob"]
    mute, other = alice.page("mute"), bob.page("other")
    world.run(1_000)
    mute.freeze(10**9)
    other.send(channel.id, {"type": "add", "n": 0})
    world.run(1_000)
    page, answers = alice.engine.core.pages["mute"], []
    for n in range(4 * OUTBOX_MESSAGES):
        if n % 100 == 0:
            world.run(1_000)  # the other page handles it all
        data = {"type": "add", "n": 0}
        answers.append(alice.engine.send(world.now, channel.id, page, f"mute-{n + 1}", data))
        alice.flush()
    refused = [answer for answer in answers if isinstance(answer, Refusal)]
    assert {refusal.code for refusal in refused} == {"outbox_full"}
    assert len(channel.log) == 3 * OUTBOX_MESSAGES
    mute.thaw()
    world.run(5_000)
    assert isinstance(alice.engine.send(world.now, channel.id, page, "mute-9999", data), str)
    assert channel.phase is Phase.OPEN


def test_an_id_that_both_nodes_chose_is_of_two_messages() -> None:
    world, alice, channel, link = opened()
    shout(alice, channel, link, 7, 1, 0)
    page = alice.engine.attach(world.now, "x", Caller(kind="program"))
    assert alice.engine.send(world.now, channel.id, page, "x-7", {"type": "add", "n": 1}) == "x-7"
    assert [(entry.author, entry.id) for entry in channel.log.after(0)] == [
        ("bob", "x-7"),
        ("alice", "x-7"),
    ]


def test_a_host_takes_nothing_out_of_the_outbox_by_an_id_of_its_own() -> None:
    world, _, channel, _ = opened()
    bob = world.nodes["bob"]
    ours = bob.engine.core.channels[channel.id]
    page = bob.engine.attach(world.now, "x", Caller(kind="program"))
    bob.engine.send(world.now, channel.id, page, "x-7", {"type": "add", "n": 1})
    theirs = {"type": "msg", "group": channel.id, "from": "alice", "id": "x-7", "at": world.now}
    place = {"epoch": channel.epoch, "seq": 1, "payload": {"type": "add", "n": 1}}
    assert ours.other.link is not None
    bob.engine.lines(world.now, ours.other.link.id, [json.dumps(theirs | place).encode()])
    assert list(ours.outbox) == ["x-7"]
    assert [entry.author for entry in ours.log.after(0)] == ["alice"]


@pytest.mark.parametrize("author", ["mallory", ""])
def test_a_host_attributes_words_to_members_only(author: str) -> None:
    world, _, channel, _ = opened()
    bob = world.nodes["bob"]
    ours = bob.engine.core.channels[channel.id]
    theirs = {"type": "msg", "group": channel.id, "from": author, "id": "x-7", "at": world.now}
    place = {"epoch": channel.epoch, "seq": 1, "payload": {"type": "add", "n": 1}}
    assert ours.other.link is not None
    bob.engine.lines(world.now, ours.other.link.id, [json.dumps(theirs | place).encode()])
    assert (ours.close_code, len(ours.log), len(ours.other.outcomes)) == ("diverged", 0, 0)
    assert repr(author) in ours.close_reason


def test_a_guest_of_a_channel_that_is_lost_accepts_no_new_one_under_its_id() -> None:
    world, alice, channel, link = opened()
    # Alice asked for this one after her disk was lost, and it got the same id by chance.
    channel.phase = Phase.ASKING
    channel.first_epoch = channel.epoch + 1
    older = Line(type="join", group=channel.id, epoch=channel.epoch)
    alice.engine.joined(world.now, link + 1000, "bob", older)
    assert channel.phase is Phase.ASKING
    alice.engine.joined(world.now, link + 1001, "bob", Line(type="join", group=channel.id))
    assert channel.phase.value == "open"
