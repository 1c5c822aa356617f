# SPDX-License-Identifier: MIT
"""The virtual link: paced out, throttled in, and how it ends."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from goop_node.groups import Membership
from goop_realtime.goop2.best_effort import VirtualGuest, VirtualHost
from goop_realtime.goop2.go_doors import Ears
from goop_realtime.goop2.go_link import DRAIN_MS, GoLink
from goop_realtime.model.limits import OUTBOX_MESSAGES
from goop_realtime.model.wire import Line, payload, raw, serialise
from tests.limits import HANG
from tests.unit.virtual_time import live

GROUP = "rt-0011223344556677"


class FakeMember(Membership):
    """A membership whose stream is the test."""

    def __init__(self) -> None:
        self.peer_id = "gopher"
        self.taken = True
        self.sent: list[tuple[float, bytes]] = []
        self.did: list[str] = []
        self.over = False

    @property
    def queued(self) -> int:
        """Nothing, unless the test says that the stream is stuck."""
        return 0 if self.taken else 1

    def send(self, payload: bytes) -> None:
        self.sent.append((asyncio.get_running_loop().time() * 1000, payload))

    def end(self) -> None:
        self.did.append("end")
        self.finish("left")

    def finish(self, code: str) -> None:
        """The membership is over, which is told once."""
        if not self.over:
            self.over = True
            self.on_end(code)

    def depart(self) -> None:
        self.did.append("depart")

    def drop(self) -> None:
        self.did.append("drop")

    def pause(self) -> None:
        self.did.append("pause")

    def resume(self) -> None:
        self.did.append("resume")


class Desk:
    """A link with what it tells the engine."""

    def __init__(self, *, hosted: bool = True, rate: float = 1e6, burst: int = 10**6) -> None:
        self.member = FakeMember()
        self.lines: list[Line] = []
        self.refused: list[str] = []
        self.ends: list[str] = []
        self.final = False
        self.handled = 0
        """Up to which of all that the engine was told our pages have handled it."""
        kind = VirtualGuest if hosted else VirtualHost
        self.link = GoLink(
            self.member,
            kind(GROUP, peer="gopher", prefix="g", message_bytes=1000, unread=self.unread),
            Ears(
                lines=self.lines.extend,
                refused=lambda code, detail: self.refused.append(code),
                ended=self.ends.append,
                now=lambda: 1_700_000_000_000,
                final=lambda: self.final,
            ),
            hosted=hosted,
            rate=rate,
            burst=burst,
        )

    def unread(self) -> tuple[int, int]:
        """What the engine was told and our pages have not handled."""
        return len(self.of("msg")) + len(self.of("confirm")) - self.handled, 0

    def write(self, **fields: Any) -> None:
        """The engine writes a line."""
        self.link.write(serialise(Line(group=GROUP, **fields)))

    def say(self, number: int) -> None:
        """The engine writes an entry of ours."""
        data = payload(b"%d" % number)
        self.write(type="msg", from_="me", epoch=1, seq=number, id=f"p-{number}", payload=data)

    def of(self, kind: str) -> list[Line]:
        return [line for line in self.lines if line.type == kind]


async def until(found: Callable[[], object]) -> None:
    """Let the loop run until ``found()`` is true."""
    async with asyncio.timeout(HANG):
        while not found():  # noqa: ASYNC110 - what is waited for lies in several places
            await asyncio.sleep(0.001)


async def turns() -> None:
    """Let the loop turn often enough for whatever is due at once."""
    for _ in range(20):
        await asyncio.sleep(0)


async def test_lines_leave_one_by_one_and_in_order() -> None:
    desk = Desk()
    for number in range(1, 31):
        desk.say(number)
    await until(lambda: len(desk.member.sent) == 30)
    assert [data for _, data in desk.member.sent] == [b"%d" % n for n in range(1, 31)]
    at = [when for when, _ in desk.member.sent]
    assert at[-1] - at[0] >= 29
    assert [(ack.stage, ack.seq) for ack in desk.of("ack")] == [
        ("written", number) for number in range(1, 31)
    ]


async def test_nothing_is_written_behind_what_the_stream_has_not_taken() -> None:
    desk = Desk()
    desk.member.taken = False
    desk.say(1)
    await turns()
    assert desk.member.sent == []
    desk.member.taken = True
    await until(lambda: desk.member.sent)


async def test_a_peer_that_is_too_fast_waits() -> None:
    desk = Desk(rate=200, burst=5)
    for number in range(20):
        desk.member.on_message("gopher", b"%d" % number)
    assert len(desk.of("msg")) == 5
    assert desk.member.did == ["pause"]
    await until(lambda: len(desk.of("msg")) == 20)
    assert [line.value() for line in desk.of("msg")] == list(range(20))
    assert desk.member.did == ["pause", "resume"]


async def test_reading_stops_until_our_pages_have_handled() -> None:
    desk = Desk(hosted=False)
    desk.write(type="join", payload=raw({"have": None}))
    await until(lambda: desk.of("welcome"))
    for number in range(OUTBOX_MESSAGES + 5):
        desk.member.on_message("gopher", b"%d" % number)
    assert len(desk.of("msg")) == OUTBOX_MESSAGES
    assert desk.member.did == ["pause"]
    desk.handled = 10
    await until(lambda: len(desk.of("msg")) == OUTBOX_MESSAGES + 5)
    assert desk.member.did == ["pause", "resume"]


async def test_what_a_host_says_before_our_engine_has_joined_waits() -> None:
    desk = Desk(hosted=False)
    desk.member.on_message("gopher", b"1")
    assert desk.lines == []
    desk.write(type="join", payload=raw({"have": [5, 7]}))
    await until(lambda: desk.of("msg"))
    assert [line.type for line in desk.lines] == ["welcome", "msg"]
    assert desk.lines[1].seq == 8


async def test_messages_of_others_are_not_the_peers() -> None:
    desk = Desk()
    desk.member.on_message("somebody", b"1")
    assert desk.refused == ["foreign_author"]
    assert desk.lines == []


async def test_the_end_comes_behind_what_was_read() -> None:
    desk = Desk(rate=1, burst=1)
    for number in range(3):
        desk.member.on_message("gopher", b"%d" % number)
    desk.member.on_end("eof")
    assert [line.value() for line in desk.of("msg")] == [0, 1, 2]
    assert desk.ends == ["eof"]
    desk.say(1)
    desk.link.reset()
    assert (desk.ends, desk.member.did) == (["eof"], ["pause"])


async def test_a_host_that_closes_ends_the_channel() -> None:
    desk = Desk(hosted=False)
    desk.member.on_end("closed")
    assert [line.type for line in desk.lines] == ["close"]
    assert desk.ends == ["closed"]


async def test_a_replaced_link_is_deaf_until_the_engine_lets_go() -> None:
    desk = Desk()
    desk.say(1)
    desk.member.on_end("replaced")
    await turns()
    assert (desk.member.sent, desk.ends) == ([], [])
    desk.link.reset()
    assert desk.ends == ["closed"]


@pytest.mark.parametrize(("final", "did"), [(True, "end"), (False, "drop")])
async def test_closing_waits_for_the_queue(final: bool, did: str) -> None:
    desk = Desk()
    desk.final = final
    for number in (1, 2, 3):
        desk.say(number)
    desk.link.close()
    await until(lambda: desk.ends)
    assert len(desk.member.sent) == 3
    assert desk.member.did == [did]
    assert len(desk.ends) == 1


async def test_the_last_entry_ends_the_membership() -> None:
    desk = Desk()
    desk.say(1)
    desk.write(type="msg", kind="close", from_="me", epoch=1, seq=2, id="c-1")
    await until(lambda: desk.ends)
    assert [data for _, data in desk.member.sent] == [b"1"]
    assert desk.of("ack")[-1].seq == 2
    assert desk.member.did == ["end"]


def test_a_link_that_closes_does_not_wait_for_ever() -> None:
    """Neither for our pages, nor for a stream that takes nothing."""

    async def story() -> None:
        for stuck in (False, True):
            desk = Desk(hosted=False)
            desk.write(type="join", payload=raw({"have": None}))
            await until(lambda desk=desk: desk.of("welcome"))
            desk.handled = -3 * OUTBOX_MESSAGES
            desk.member.taken = not stuck
            desk.write(type="msg", id="p-1", payload=payload(b"1"))
            await asyncio.sleep(1)
            assert desk.member.sent == []
            desk.link.close()
            await asyncio.sleep(2 * DRAIN_MS / 1000)
            assert desk.ends == ["closed"]
            assert len(desk.member.sent) == (0 if stuck else 1)

    live(story())


def test_room_that_nobody_tells_of_is_found() -> None:
    async def story() -> None:
        desk = Desk(hosted=False)
        desk.write(type="join", payload=raw({"have": None}))
        await until(lambda: desk.of("welcome"))
        desk.handled = -OUTBOX_MESSAGES
        desk.member.on_message("gopher", b"1")
        desk.say(1)
        assert desk.of("msg") == []
        desk.handled = 0
        await asyncio.sleep(1)
        assert len(desk.of("msg")) == 1
        assert desk.member.did == ["pause", "resume"]

    live(story())


async def test_what_has_no_room_is_kept_when_the_peer_falls_silent() -> None:
    desk = Desk()
    desk.handled = 2 - OUTBOX_MESSAGES
    for number in range(5):
        desk.member.on_message("gopher", b"%d" % number)
    member, waiting = desk.link.let_go()
    assert [line.value() for line in desk.of("msg")] == [0, 1]
    assert (member, waiting) == (desk.member, [b"2", b"3", b"4"])
    assert (desk.ends, desk.refused) == (["silent"], [])
    assert desk.member.did == ["pause", "resume"]


async def test_what_a_link_waits_for_is_named() -> None:
    desk = Desk()

    def waits() -> list[str]:
        return [wait.what for wait in desk.link.waits(GROUP)]

    assert waits() == []
    desk.member.taken = False
    desk.say(1)
    await turns()
    assert waits() == ["the peer to read"]
    desk.handled = -OUTBOX_MESSAGES
    desk.member.on_message("gopher", b"1")
    assert waits() == ["the peer to read", "our pages to make room"]
    desk.link.close()
    assert waits() == ["its last lines to leave", "our pages to make room"]
    next(iter(desk.link.waits(GROUP))).heal()  # type: ignore[misc]
    assert (desk.link.over, desk.ends) == (True, ["closed"])
