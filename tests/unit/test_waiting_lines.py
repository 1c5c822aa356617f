# SPDX-License-Identifier: MIT
"""Lines outside channels that wait, for a presence or for a stream: each peer has its share."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

from goop_node.groups import Invite
from goop_node.types import NetworkError
from goop_realtime.driver.invitation_streams import SENDING_PER_PEER, InvitationStreams
from goop_realtime.goop2.go_invitations import WAITING, WAITING_PER_PEER, Invited
from goop_realtime.model.effects import SendControl
from goop_realtime.model.wire import INVITE_PROTOCOL, Line, parse, serialise


class Desk:
    """What stands around the streams; nobody is discovered but friends, nobody answers a stream."""

    def __init__(self) -> None:
        self.notes: list[str] = []
        self.taken: list[tuple[str, str]] = []
        self.opened: list[str] = []
        self.tasks: list[asyncio.Task[Any]] = []
        self.answer = asyncio.Event()
        read = SimpleNamespace(
            channel=lambda channel_id: None,
            is_discovered=lambda peer: peer.startswith("friend"),
            label_of=lambda peer: peer,
        )
        self.engine: Any = SimpleNamespace(
            read=read,
            note=lambda now, hop, code, channel="", detail="": self.notes.append(code),
            control=lambda now, peer, line: self.taken.append((peer, line.type)),
            control_failed=lambda now, peer, line, code, reason: self.notes.append(code),
        )
        self.doors: Any = SimpleNamespace(
            now=lambda: 0,
            step=lambda: None,
            spawn=lambda work: self.tasks.append(asyncio.create_task(work)),
            discovered=self.discovered,
        )

    async def discovered(self, peer: str) -> bool:
        if not peer.startswith("friend"):
            await self.answer.wait()
        return peer.startswith("friend")

    async def open_stream(self, peer: str, protocols: Any, *, early: bool) -> Any:
        self.opened.append(peer)
        await self.answer.wait()
        raise NetworkError("unreachable", "it does not answer")

    async def end(self) -> None:
        self.answer.set()
        await asyncio.gather(*self.tasks)


def asks(peer: str, number: int) -> Invite:
    return Invite(f"rt-{number:016x}", "", peer, "realtime")


async def test_invitations_of_strangers_keep_nobody_elses_out() -> None:
    desk = Desk()
    invited = Invited(desk.engine, desk.doors)
    for number in range(10 * WAITING):
        desk.doors.spawn(invited.take(f"stranger {number % 3}", asks("x", number)))
    await asyncio.sleep(0)
    assert desk.notes.count("busy") == 10 * WAITING - 3 * WAITING_PER_PEER
    for number in range(WAITING):
        desk.doors.spawn(invited.take(f"stranger {number}", asks("x", number)))
    await asyncio.sleep(0)
    await invited.take("friend", asks("friend", 1))
    assert desk.taken == [("friend", "invite")]
    await desk.end()
    assert not invited._waiting


async def test_a_peer_that_answers_no_stream_has_few_lines_on_their_way() -> None:
    desk = Desk()
    node: Any = SimpleNamespace(
        network=desk, peers=SimpleNamespace(is_discovered=desk.engine.read.is_discovered)
    )
    go: Any = SimpleNamespace(takes=lambda action: False)
    streams = InvitationStreams(node, desk.engine, go, desk.doors)
    for number in range(1000):
        line = Line(type="gone", group=f"rt-{number:016x}")
        desk.doors.spawn(streams.send(SendControl("stranger", line)))
    desk.doors.spawn(streams.send(SendControl("friend", Line(type="gone", group="rt-" + "0" * 16))))
    await asyncio.sleep(0)
    assert desk.opened == ["stranger"] * SENDING_PER_PEER + ["friend"]
    await desk.end()
    assert not streams._sending


class Slow(Desk):
    """Streams open when they are told to; what is written on each has left when it is let go."""

    def __init__(self) -> None:
        super().__init__()
        self.opening: list[asyncio.Future[Any]] = []
        self.written: list[str] = []
        self.leaving: list[Any] = []

    async def open_stream(self, peer: str, protocols: Any, *, early: bool) -> Any:
        self.opening.append(asyncio.get_running_loop().create_future())
        return await self.opening[-1]

    async def open(self, number: int) -> None:
        self.opening[number].set_result(
            SimpleNamespace(
                protocol=INVITE_PROTOCOL,
                start=lambda on_lines, on_end: self.leaving.append(on_end),
                write=lambda raw: self.written.append(parse(raw).stage),
                close=lambda: None,
            )
        )
        await asyncio.sleep(0)
        await asyncio.sleep(0)


async def test_how_far_a_request_has_come_is_told_in_order_and_the_newest_is_told_at_once() -> None:
    desk = Slow()
    node: Any = SimpleNamespace(network=desk)
    go: Any = SimpleNamespace(takes=lambda action: False, invite=lambda stream, line: False)
    streams = InvitationStreams(node, desk.engine, go, desk.doors)

    def tells(stage: str, group: int = 0) -> None:
        line = Line(type="received", group=f"rt-{group:016x}", stage=stage)
        desk.doors.spawn(streams.send(SendControl("bob", line)))

    for stage in ("node", "page", "node", "page"):
        tells(stage)
    tells("node", group=1)
    await asyncio.sleep(0)
    assert len(desk.opening) == 2  # one for each request
    await desk.open(0)
    assert desk.written == ["node"]
    assert len(desk.opening) == 2
    desk.leaving[0]("closed")
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    await desk.open(2)
    assert desk.written == ["node", "page"]
    desk.leaving[1]("closed")
    await desk.open(1)
    desk.leaving[2]("reset")
    await desk.end()
    assert (len(desk.opening), streams._telling, streams._sending) == (3, {}, {})


async def test_lines_that_come_in_one_piece_are_counted_as_they_come() -> None:
    desk = Desk()
    node: Any = SimpleNamespace(
        network=desk, peers=SimpleNamespace(is_discovered=desk.engine.read.is_discovered)
    )
    streams = InvitationStreams(node, desk.engine, SimpleNamespace(), desk.doors)  # type: ignore
    heard: list[Any] = []
    stream: Any = SimpleNamespace(
        peer_id="stranger",
        protocol=INVITE_PROTOCOL,
        start=lambda on_lines, on_end: heard.append(on_lines),
    )
    streams.inbound(stream)
    heard[0]([serialise(Line(type="poke", group=f"rt-{n:016x}")) for n in range(500)])
    assert len(desk.tasks) < 20
    await desk.end()
