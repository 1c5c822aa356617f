# SPDX-License-Identifier: MIT
"""What went wrong in the Go implementation, and cannot here: one test for each failing.

Nodes and pages are simulated, in virtual time, over the real state machine.
"""

from __future__ import annotations

from typing import Any

import pytest

from goop_realtime.machine.channel import Channel, Phase
from goop_realtime.model.effects import SendLine
from goop_realtime.model.wire import Line, raw, serialise
from goop_realtime.testing import SimNode, SimPage, World

BURST = 3_000
KNOWN_WITHIN_MS = 10_000


class Scene:
    """Alice and Bob with a page each, and Mallory, who knows everything and breaks rules."""

    def __init__(self, seed: int = 1) -> None:
        self.world = World(seed)
        self.alice, self.bob = self.world.node("alice"), self.world.node("bob")
        self.mallory = self.world.node("mallory")
        self.a, self.b = self.alice.page("a"), self.bob.page("b")

    def asked(self, **more: Any) -> str:
        """Alice asks Bob, whose page has heard of it; the channel's id."""
        channel = self.alice.ask("bob", **more)
        assert self.world.run(10_000, lambda: channel in self.b.incoming)
        return channel

    def agreed(self) -> str:
        """A channel that both have."""
        channel = self.asked()
        assert self.bob.accept(channel) == ""
        assert self.world.run(10_000, lambda: self.states(channel) == ("connected", "connected"))
        return channel

    def rows(self, channel: str) -> tuple[Channel, Channel]:
        """The channel at Alice's and at Bob's node."""
        return self.alice.engine.core.channels[channel], self.bob.engine.core.channels[channel]

    def states(self, channel: str) -> tuple[str, str]:
        """The state that Alice's and Bob's pages are told."""
        alice, bob = self.rows(channel)
        return alice.page_state, bob.page_state

    def arrives(self, page: SimPage, channel: str, sent: list[str]) -> bool:
        """Whether exactly that reaches the page's handler, in that order."""
        self.world.run(60_000, lambda: len(page.got.get(channel, [])) >= len(sent))
        self.world.run(1_000)
        return page.got.get(channel, []) == sent

    def control(self, node: SimNode, peer: str, **fields: Any) -> None:
        """A line of the invitation protocol reaches ``node`` from ``peer``."""
        node.engine.control(self.world.now, peer, Line(**fields))
        node.flush()


@pytest.fixture
def scene() -> Scene:
    """A fresh one."""
    return Scene()


def test_no_invitation_is_joined_without_a_persons_consent(scene: Scene) -> None:
    channel = scene.asked()
    scene.world.run(55_000)
    assert scene.states(channel) == ("connecting", "connecting")
    assert scene.world.wires() == []
    scene.world.run(10_000)
    assert scene.states(channel) == ("disconnected", "disconnected")
    assert scene.a.ended[channel] == "timeout"


def test_what_is_sent_before_the_other_side_joined_is_refused_aloud(scene: Scene) -> None:
    channel = scene.asked()
    message = scene.a.send(channel, "too early")
    scene.world.run(100)
    assert scene.a.fate[message] == "not_connected"
    assert scene.bob.accept(channel) == ""
    assert scene.world.run(10_000, lambda: scene.states(channel) == ("connected", "connected"))
    assert scene.arrives(scene.b, channel, [])


@pytest.mark.parametrize("seed", range(30))
def test_the_first_messages_arrive_however_late_the_guest_hears_its_welcome(seed: int) -> None:
    scene = Scene(seed)
    channel = scene.asked()
    scene.b.die()  # nobody has a handler yet
    scene.bob.accept(channel)
    host, _ = scene.rows(channel)
    assert scene.world.run(10_000, lambda: host.page_state == "connected")
    sent = [scene.a.send(channel, n) for n in range(20)]
    scene.world.run(2_000)
    late = scene.bob.page("late")
    assert scene.arrives(late, channel, sent)


@pytest.mark.parametrize("slow_ms", [0, 5])
def test_bursts_arrive_whole_through_every_buffer(scene: Scene, slow_ms: int) -> None:
    """Go's held 64, 10 and 64 messages, and dropped what did not fit."""
    channel = scene.agreed()
    for sender, receiver in ((scene.a, scene.b), (scene.b, scene.a)):
        receiver.handler_ms = slow_ms
        sent: list[str] = []
        refused = 0
        while len(sent) < BURST:
            burst = [sender.send(channel, {"n": n}) for n in range(BURST - len(sent))]
            scene.world.run(BURST * 10)
            # A bound of the sender's own node, told to the sender: nothing accepted is lost.
            taken = [one for one in burst if sender.fate.get(one) != "outbox_full"]
            refused += len(burst) - len(taken)
            sent += taken
        assert scene.arrives(receiver, channel, sent)
        assert refused > 0
        assert all(sender.fate[message] == "handled" for message in sent)


def test_who_knows_an_id_may_not_join(scene: Scene) -> None:
    channel = scene.agreed()
    line = Line(type="join", group=channel, payload=raw({"have": None, "handled": 0}))
    scene.alice.engine.joined(scene.world.now, 99, "mallory", line)
    scene.alice.engine.settle()
    answers = [e for e in scene.alice.engine.take() if isinstance(e, SendLine) and e.link == 99]
    assert [b'"not_found"' in answer.data for answer in answers] == [True]
    assert scene.rows(channel)[0].other.peer == "bob"
    sent = [scene.a.send(channel, n) for n in range(5)]
    assert scene.arrives(scene.b, channel, sent)


def test_an_unknown_id_and_a_foreign_one_get_the_same_answer(scene: Scene) -> None:
    channel = scene.agreed()
    said = []
    for link, group in ((97, channel), (99, "rt-0000000000000000")):
        line = Line(type="join", group=group, payload=raw({"have": None, "handled": 0}))
        scene.alice.engine.joined(scene.world.now, link, "mallory", line)
        scene.alice.engine.settle()
        effects = scene.alice.engine.take()
        said += [e.data.replace(group.encode(), b"ID") for e in effects if isinstance(e, SendLine)]
    assert len(said) == 2
    assert said[0] == said[1]


def test_an_invitation_cannot_take_over_a_channel_nor_name_another_host(scene: Scene) -> None:
    channel = scene.agreed()
    payload = raw({"context": "", "hash": "", "params": None, "base": None, "timeout": 60_000})
    scene.control(scene.bob, "mallory", type="invite", group=channel, payload=payload)
    assert scene.rows(channel)[1].other.peer == "alice"

    forged = "rt-00000000000000aa"
    payload = raw(
        {"context": "", "hash": "", "timeout": 60_000, "host_peer_id": "alice", "opener": "alice"}
    )
    scene.control(scene.bob, "mallory", type="invite", group=forged, from_="alice", payload=payload)
    found = scene.bob.engine.core.channels[forged]
    assert (found.other.peer, found.request.opener) == ("mallory", "mallory")


@pytest.mark.parametrize("kind", ["close", "cancel", "decline", "gone", "poke", "exists"])
def test_a_stranger_cannot_touch_a_channel_by_its_id(scene: Scene, kind: str) -> None:
    channel, waiting = scene.agreed(), scene.asked()
    for node in (scene.alice, scene.bob):
        for group in (channel, waiting):
            scene.control(node, "mallory", type=kind, group=group, id=channel, code="closed")
    scene.world.run(1_000)
    assert scene.states(channel) == ("connected", "connected")
    assert scene.states(waiting) == ("connecting", "connecting")
    sent = [scene.b.send(channel, n) for n in range(5)]
    assert scene.arrives(scene.a, channel, sent)


def test_the_author_of_a_message_is_the_connections_peer(scene: Scene) -> None:
    channel = scene.agreed()
    host, _ = scene.rows(channel)
    assert host.other.link is not None
    forged = Line(
        type="msg",
        group=channel,
        from_="alice",
        id="x-1",
        payload=raw("forged"),
        at=scene.world.now,
    )
    elsewhere = Line(type="msg", group="rt-0000000000000000", id="x-2", payload=raw("astray"))
    assert scene.alice.engine.lines(
        scene.world.now, host.other.link.id, [serialise(forged), serialise(elsewhere)]
    )
    entry = host.log.get(host.log.last[1])
    assert entry is not None
    assert (entry.author, entry.id) == ("bob", "x-1")


def test_a_second_stream_leaves_no_deaf_guest(scene: Scene) -> None:
    """In Go the end of the first stream removed the member that the second had made."""
    channel = scene.agreed()
    host, _ = scene.rows(channel)
    first = host.other.link
    assert first is not None
    line = Line(type="join", group=channel, payload=raw({"have": None, "handled": 0}))
    scene.alice.engine.joined(scene.world.now, 99, "bob", line)
    scene.alice.engine.link_ended(scene.world.now, first.id, "reset")
    scene.alice.engine.settle()
    scene.alice.engine.take()
    assert host.other.link is not None
    assert host.other.link.id == 99
    assert host.page_state == "connected"
    scene.a.send(channel, "do you hear me")
    # The page's step took its effects already, so the log says what was distributed.
    assert host.other.link.sent == host.log.last[1]


@pytest.mark.parametrize("seed", range(30))
def test_joining_again_and_again_ends_in_one_membership_that_hears(seed: int) -> None:
    scene = Scene(seed)
    channel = scene.agreed()
    for n in range(6):
        scene.world.cut()
        scene.world.run(scene.world.random.randrange(400))
        scene.a.send(channel, n)
    assert scene.world.run(30_000, lambda: scene.states(channel) == ("connected", "connected"))
    assert scene.arrives(scene.b, channel, list(scene.a.sent))


def test_a_channel_is_connected_only_when_the_other_side_has_accepted(scene: Scene) -> None:
    channel = scene.asked()
    seen: list[tuple[str, str]] = []

    def watch() -> bool:
        seen.append(scene.states(channel))
        return False

    scene.world.run(20_000, watch)
    assert {alice for alice, _ in seen} == {"connecting"}
    scene.bob.accept(channel)
    assert scene.world.run(10_000, lambda: scene.states(channel) == ("connected", "connected"))


def test_joining_a_host_that_never_answers_comes_to_an_end(scene: Scene) -> None:
    channel = scene.asked()
    _, guest = scene.rows(channel)
    scene.bob.accept(channel)
    assert scene.world.run(5_000, lambda: guest.other.link is not None)
    assert guest.phase is Phase.JOINING
    # The stream stands, and nothing comes back on it any more.
    scene.world.blocked.add(("alice", "bob"))
    for wire in scene.world.wires():
        wire.cut((60_000_000, 60_000_000))
    assert scene.world.run(KNOWN_WITHIN_MS + 1_000, lambda: guest.other.link is None)
    assert scene.world.run(90_000, lambda: channel in scene.b.ended)
    assert guest.final


def test_accepting_twice_is_one_membership(scene: Scene) -> None:
    """In Go an accept of what had been joined already left and joined again, in a loop."""
    channel = scene.asked()
    assert scene.bob.accept(channel) == ""
    assert scene.bob.accept(channel) == ""
    assert scene.world.run(10_000, lambda: scene.states(channel) == ("connected", "connected"))
    before = scene.rows(channel)[0].other.link
    assert scene.bob.accept(channel) == ""
    scene.world.run(2_000)
    assert scene.rows(channel)[0].other.link == before
    assert len(scene.world.wires()) == 1


@pytest.mark.parametrize("silent", [False, True])
@pytest.mark.parametrize("victim", ["alice", "bob"])
def test_each_side_knows_within_ten_seconds_that_the_other_is_gone(
    scene: Scene, victim: str, silent: bool
) -> None:
    channel = scene.agreed()
    scene.world.run(3_000)
    node, other = (scene.alice, scene.bob) if victim == "alice" else (scene.bob, scene.alice)
    left = other.engine.core.channels[channel]
    node.crash(silent=silent)
    assert scene.world.run(KNOWN_WITHIN_MS, lambda: left.page_state == "disconnected")
    assert not left.final


def test_a_stale_channels_id_leads_nowhere_else(scene: Scene) -> None:
    """In Go, what was sent by an old id went to whatever group was active."""
    old, new = scene.agreed(), scene.agreed()
    scene.alice.close(old)
    assert scene.world.run(10_000, lambda: all(row.final for row in scene.rows(old)))
    messages = [page.send(group, "stray") for page in (scene.a, scene.b) for group in (old, "rt-1")]
    scene.world.run(1_000)
    fates = [(scene.a.fate | scene.b.fate)[message] for message in messages]
    assert fates == ["closed", "unknown_channel", "closed", "unknown_channel"]
    scene.bob.close(old)
    scene.world.run(2_000)
    assert scene.states(new) == ("connected", "connected")
    assert scene.a.got.get(new, []) == scene.b.got.get(new, []) == []


def test_the_request_is_known_here_before_the_other_side_can_answer(scene: Scene) -> None:
    """Go registered a channel only after its invitation had been written."""
    channel = scene.alice.ask("bob")
    assert channel in scene.alice.engine.core.channels
    line = Line(type="join", group=channel, payload=raw({"have": None, "handled": 0}))
    scene.alice.engine.joined(scene.world.now, 99, "bob", line)
    scene.alice.engine.settle()
    scene.alice.engine.take()
    assert scene.alice.engine.core.channels[channel].page_state == "connected"


def test_a_restarted_hosts_channels_are_no_ghosts(scene: Scene) -> None:
    """In Go hosted groups came back from the database without anybody in them."""
    channel = scene.agreed()
    scene.alice.crash()
    scene.alice.start()
    assert scene.world.run(30_000, lambda: scene.states(channel) == ("connected", "connected"))
    sent = [scene.b.send(channel, n) for n in range(5)]
    assert scene.arrives(scene.a, channel, sent)
