# SPDX-License-Identifier: MIT
"""The engine and the part that is played for a 1.0.0 peer, without any network."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from typing import Any
from unittest import mock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from goop_node.types import Caller
from goop_realtime.contexts.registry import PLAIN, Registry
from goop_realtime.engine.door import Engine
from goop_realtime.goop2 import best_effort
from goop_realtime.goop2.best_effort import Item, Virtual, VirtualGuest, VirtualHost
from goop_realtime.machine.channel import BEST_EFFORT, Channel
from goop_realtime.machine.core import Core
from goop_realtime.machine.unread import Unread
from goop_realtime.model.effects import Effect, Frame, OpenLink, SaveCursor, SendControl, SendLine
from goop_realtime.model.limits import OUTBOX_BYTES, OUTBOX_MESSAGES, NodeLimits
from goop_realtime.model.wire import Line, parse, raw, serialise
from goop_realtime.types import Refusal

GROUP = "rt-0011223344556677"
NOW = 1_700_000_000_000
PROGRAM = Caller(kind="program")


class Desk:
    """One engine with a page, and a peer whose queue is emptied when ``deliver`` is called."""

    def __init__(self) -> None:
        core = Core(
            me="alice",
            registry=Registry(),
            limits=NodeLimits(rate=1e9, burst=10**9),
            random=random.Random(1),
            authorize=lambda request: None,
            is_discovered=lambda peer: True,
            label_of=lambda peer: peer,
            epoch=NOW,
            now=NOW,
        )
        self.now = NOW
        self.engine = Engine(core)
        self.page = self.engine.attach(NOW, "p1", PROGRAM)
        self.engine.frame(NOW, self.page, {"type": "subscribe", "ack": True})
        self.frames: list[dict[str, Any]] = []
        self.asked: list[Line] = []
        self.opens = 0
        self.saved: dict[tuple[str, str], int] = {}
        self.virtual: Virtual | None = None
        self.link = 0
        self.queue: list[Item] = []
        self.got: list[Any] = []
        self.ended = False
        self.sent = 0
        self.settle()

    @property
    def channel(self) -> Channel:
        return next(iter(self.engine.core.channels.values()))

    def _step(self) -> list[Effect]:
        self.engine.settle()
        return self.engine.take()

    def settle(self) -> None:
        """Carry out effects until there are none."""
        while effects := self._step():
            for effect in effects:
                if isinstance(effect, Frame):
                    self.frames.append(json.loads(effect.data))
                elif isinstance(effect, SendControl):
                    self.asked.append(effect.line)
                elif isinstance(effect, OpenLink):
                    self.opens += 1
                elif isinstance(effect, SaveCursor):
                    self.saved[effect.peer, effect.name] = effect.seq
                elif isinstance(effect, SendLine) and effect.link == self.link:
                    assert self.virtual is not None
                    self.virtual.from_engine(parse(effect.data), self.now)
            self.pass_on()

    def pass_on(self) -> None:
        if self.virtual is None:
            return
        self.queue += self.virtual.to_peer
        self.virtual.to_peer.clear()
        lines, self.virtual.to_engine = self.virtual.to_engine, []
        if lines:
            assert self.engine.lines(self.now, self.link, [serialise(line) for line in lines])

    def deliver(self, count: int = 10**9) -> None:
        """The queue's next items have their turn."""
        assert self.virtual is not None
        while self.queue and count and self.virtual.may_write:
            count -= 1
            item = self.queue.pop(0)
            if item.payload is not None:
                self.got.append(json.loads(item.payload))
            self.ended = self.ended or item.last
            self.virtual.written(item)
            self.pass_on()
            self.settle()

    def relink(self) -> None:
        """The peer's membership ends and begins anew; what was queued is lost."""
        self.now += 5
        if self.link:
            self.engine.link_ended(self.now, self.link, "reset")
        self.queue.clear()
        self.link += 1
        prefix = f"g{self.link}"
        unread = Unread(self.channel).measure
        if self.channel.hosted:
            guest = VirtualGuest(
                self.channel.id, peer="gopher", prefix=prefix, message_bytes=100, unread=unread
            )
            self.virtual = guest
            join = guest.join(self.channel.log.position(self.channel.other.handled))
            self.engine.joined(self.now, self.link, "gopher", join)
        else:
            self.virtual = VirtualHost(
                self.channel.id, peer="gopher", prefix=prefix, message_bytes=100, unread=unread
            )
            self.engine.link_opened(self.now, self.channel.id, self.link)
        self.settle()

    def ready(self) -> bool:
        """Whether another message of the peer would be taken now."""
        assert self.virtual is not None
        return self.virtual.ready

    def say(self, data: Any) -> str | Refusal:
        """The page sends."""
        self.sent += 1
        message_id = f"p1-{self.sent}"
        done = self.engine.send(self.now, self.channel.id, self.page, message_id, data)
        self.settle()
        return done

    def hear(self, data: Any) -> Refusal | None:
        """The peer sends."""
        assert self.virtual is not None
        refusal = self.virtual.from_peer(json.dumps(data).encode(), self.now)
        self.pass_on()
        self.settle()
        return refusal

    def ack(self, part: float = 1) -> None:
        """The page has handled everything, or that part of what it has not."""
        handled, last = self.channel.handled, self.channel.log.last[1]
        seq = handled + int((last - handled) * part)
        epoch = self.channel.log.position(seq)[0]
        body = {"type": "ack", "channel": self.channel.id, "epoch": epoch, "seq": seq}
        self.engine.frame(self.now, self.page, body)
        self.settle()

    def of(self, kind: str) -> list[dict[str, Any]]:
        return [frame for frame in self.frames if frame["type"] == kind]


def hosting() -> Desk:
    desk = Desk()
    desk.engine.request(NOW, "gopher", "", None, 60_000, new=False, caller=PROGRAM)
    desk.channel.delivery = BEST_EFFORT
    desk.settle()
    assert [line.type for line in desk.asked] == ["invite"]
    desk.relink()
    return desk


def visiting() -> Desk:
    desk = Desk()
    fields = {"context": "", "hash": PLAIN.hash, "timeout": 60_000}
    invite = Line(type="invite", group=GROUP, payload=raw(fields))
    desk.engine.control(NOW, "gopher", invite)
    desk.channel.delivery = BEST_EFFORT
    desk.settle()
    assert desk.opens == 0, "nobody has been asked yet"
    desk.engine.accept(NOW, GROUP, PROGRAM)
    desk.settle()
    assert desk.opens == 1
    desk.relink()
    return desk


BOTH = pytest.mark.parametrize("begin", [hosting, visiting])


@BOTH
def test_messages_pass_and_nothing_is_claimed(begin: Callable[[], Desk]) -> None:
    desk = begin()
    state = desk.of("state")[-1]
    assert (state["state"], state["delivery"]) == ("connected", "best-effort")
    assert state["peerPage"] == "unknown"
    desk.say({"n": 1})
    assert [receipt["stage"] for receipt in desk.of("receipt")] == ["accepted"]
    desk.deliver()
    assert desk.got == [{"n": 1}]
    stages = [receipt["stage"] for receipt in desk.of("receipt")]
    assert stages == ["accepted", "unsupported"]
    assert desk.hear([2]) is None
    (message,) = desk.of("message")
    assert (message["from"], message["data"]) == ("gopher", [2])


@BOTH
def test_what_was_written_is_saved_at_once(begin: Callable[[], Desk]) -> None:
    """The peer never says how far it is: after a kill it would be written again."""
    desk = begin()
    for number in range(3):
        desk.say(number)
        desk.deliver()
        last = desk.channel.log.last[1]
        assert [desk.saved["gopher", name] for name in ("handled", "written")] == [last, last]


@BOTH
def test_close_goes_behind_everything(begin: Callable[[], Desk]) -> None:
    desk = begin()
    desk.say(1)
    desk.engine.close(NOW, desk.channel.id, PROGRAM)
    desk.settle()
    assert not desk.ended
    desk.deliver()
    assert (desk.got, desk.ended) == ([1], True)
    assert desk.channel.final
    assert desk.of("state")[-1]["code"] == "closed"


@BOTH
def test_what_breaks_a_bound_stays_out(begin: Callable[[], Desk]) -> None:
    desk = begin()
    assert desk.virtual is not None
    codes = []
    for message in (
        b'"' + b"x" * 100 + b'"',
        b"[" * 40 + b"]" * 40,
        b"9" * 16,
        b"NaN",
        b'"\\ud800"',
    ):
        refusal = desk.virtual.from_peer(message, NOW)
        assert refusal is not None
        codes.append(refusal.code)
    assert codes == ["too_large", "too_deep", "unsafe_integer", "malformed_json", "malformed_json"]
    assert desk.virtual.to_engine == []
    assert desk.virtual.from_peer(None, NOW) is None


@BOTH
def test_the_peer_waits_for_pages_that_do_not_handle(begin: Callable[[], Desk]) -> None:
    desk = begin()
    for number in range(OUTBOX_MESSAGES):
        assert desk.ready()
        desk.hear(number)
        desk.deliver()
    assert not desk.ready()
    desk.relink()
    assert not desk.ready(), "coming back does not make room"
    # Our own messages go on: where we host for as long as the page may send, and where their
    # number is given when they are written for as long as an engine takes them.
    for number in range(OUTBOX_MESSAGES + 1):
        desk.say(number)
        desk.deliver()
    assert len(desk.got) == OUTBOX_MESSAGES + desk.channel.hosted
    assert not desk.channel.final
    while desk.channel.handled < desk.channel.log.last[1]:
        desk.ack()
    assert desk.ready()
    desk.deliver()
    assert len(desk.got) == OUTBOX_MESSAGES + 1


@BOTH
def test_what_our_pages_handled_before_it_had_its_turn_holds_nothing_up(
    begin: Callable[[], Desk],
) -> None:
    desk = begin()
    for number in range(OUTBOX_MESSAGES):
        desk.say(number)
        assert desk.ready()
        assert desk.hear(number) is None
        desk.ack()
    desk.deliver()
    desk.ack()
    assert desk.ready()
    assert len(desk.got) == len(desk.of("message")) == OUTBOX_MESSAGES


@BOTH
def test_without_the_peer_the_page_is_told_when_no_more_fits(begin: Callable[[], Desk]) -> None:
    desk = begin()
    for number in range(OUTBOX_MESSAGES):
        assert isinstance(desk.say(number), str)
    refused = desk.say("one too many")
    assert isinstance(refused, Refusal)
    assert refused.code == "outbox_full"
    desk.deliver()
    assert isinstance(desk.say("now there is room"), str)


def test_the_host_ends_the_channel_for_good() -> None:
    desk = visiting()
    assert desk.virtual is not None
    desk.virtual.ended_by_peer()
    desk.pass_on()
    desk.settle()
    assert (desk.channel.final, desk.of("state")[-1]["code"]) == (True, "closed")


@BOTH
def test_bytes_are_bounded_too(begin: Callable[[], Desk]) -> None:
    desk = begin()
    assert desk.virtual is not None
    bound = type(desk.virtual)(
        desk.channel.id,
        peer="gopher",
        prefix="g",
        message_bytes=100,
        unread=lambda: (1, OUTBOX_BYTES),
    )
    assert not bound.ready
    assert bound.may_write


@BOTH
@given(
    steps=st.lists(
        st.one_of(
            st.just("say"),
            st.just("hear"),
            st.just("relink"),
            st.just("ack"),
            st.integers(1, 4),
        ),
        max_size=40,
    )
)
def test_any_life_loses_and_doubles_nothing(
    begin: Callable[[], Desk], steps: list[str | int]
) -> None:
    desk = begin()
    said = heard = 0
    for step in steps:
        if step == "say":
            said += 1
            assert isinstance(desk.say(said), str)
        elif step == "hear":
            heard += 1
            assert desk.hear(heard) is None
        elif step == "relink":
            desk.relink()
        elif step == "ack":
            desk.ack()
        else:
            desk.deliver(int(step))
    desk.deliver()
    assert desk.got == list(range(1, said + 1))
    messages = desk.of("message")
    assert [message["data"] for message in messages] == list(range(1, heard + 1))
    numbers = [entry.seq for entry in desk.channel.log.after(0)]
    assert numbers == list(range(1, said + heard + 1))
    stages = [receipt["stage"] for receipt in desk.of("receipt")]
    assert stages.count("unsupported") == said
    assert "handled" not in stages


LITTLE = 3


@BOTH
@given(
    steps=st.lists(
        st.one_of(
            st.sampled_from(["say", "hear", "ack", "relink"]),
            st.integers(1, 4),
            st.floats(0, 1),
        ),
        max_size=40,
    )
)
def test_whatever_order_things_come_in_nothing_waits_once_all_is_handled(
    begin: Callable[[], Desk], steps: list[str | int | float]
) -> None:
    """Written, acknowledged and joined again in any order, with bounds that are soon reached."""
    with mock.patch.object(best_effort, "OUTBOX_MESSAGES", LITTLE):
        desk = begin()
        said = heard = 0
        for step in steps:
            if step == "say":
                said += 1
                assert isinstance(desk.say(said), str)
            elif step == "hear":
                unread = desk.channel.log.last[1] - desk.channel.handled
                assert desk.ready() == (unread < LITTLE)
                if desk.ready():
                    heard += 1
                    assert desk.hear(heard) is None
            elif step == "relink":
                desk.relink()
            elif step == "ack":
                desk.ack()
            elif isinstance(step, float):
                desk.ack(part=step)
            else:
                desk.deliver(int(step))
        for _ in range(said + 2):
            desk.ack()
            desk.deliver()
        assert desk.ready()
        assert desk.virtual is not None
        assert desk.virtual.may_write
        assert desk.queue == []
        assert desk.got == list(range(1, said + 1))
        assert [m["data"] for m in desk.of("message")] == list(range(1, heard + 1))
