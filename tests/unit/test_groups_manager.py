# SPDX-License-Identifier: MIT
"""Groups over streams: first lines, refusals, invitations, and what a stream's end means."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from goop_node.groups import Groups, Invite, Membership, manager
from goop_node.types import LineStream, NetworkError
from tests.limits import HANG


class FakeStream:
    """A stream whose other end is the test."""

    protocol = ""
    queued = 0

    def __init__(self, peer_id: str = "peer") -> None:
        self.peer_id = peer_id
        self.out: list[Any] = []
        self.end = ""

    def start(self, on_lines: Callable[[list[bytes]], None], on_end: Callable[[str], None]) -> None:
        self.on_lines, self.on_end = on_lines, on_end

    def put(self, *lines: Any) -> None:
        """Lines of the other end."""
        self.on_lines([x if isinstance(x, bytes) else json.dumps(x).encode() for x in lines])

    def over(self, code: str) -> None:
        """The stream's end, once."""
        if not self.end:
            self.end = code
            self.on_end(code)

    def write(self, line: bytes) -> None:
        self.out.append(json.loads(line))

    def pause(self) -> None:
        pass

    def resume(self) -> None:
        pass

    def close(self) -> None:
        self.over("closed")

    def reset(self) -> None:
        self.over("closed")

    @property
    def types(self) -> list[str]:
        return [line["type"] for line in self.out]


class FakeNetwork:
    """A network with one stream to give."""

    peer_id = "me"
    addrs: tuple[str, ...] = ()

    def __init__(self) -> None:
        self.stream = FakeStream("host")

    async def open_stream(
        self, peer_id: str, protocols: Sequence[str], *, timeout_ms: int = 10_000
    ) -> LineStream:
        return self.stream


class World:
    """Groups with notes, and members with what they said."""

    def __init__(self) -> None:
        self.network = FakeNetwork()
        self.notes: list[str] = []
        self.members: list[Membership] = []
        self.heard: list[tuple[str, bytes | None]] = []
        self.ends: list[str] = []
        self.groups = Groups(self.network, lambda code, group, detail: self.notes.append(code))

    def member(self, member: Membership) -> None:
        """A membership begins."""
        self.members.append(member)
        member.on_message = lambda author, payload: self.heard.append((author, payload))
        member.on_end = self.ends.append

    def host(self) -> None:
        """Host the group ``g`` for ``peer``."""
        self.groups.host("g", name="rt:g", invited=["peer"], on_member=self.member)

    def inbound(self, *lines: Any) -> FakeStream:
        """A stream of ``peer`` that begins with these lines."""
        stream = FakeStream()
        self.groups.inbound(stream)
        stream.put(*lines)
        return stream


async def test_a_first_line_must_be_a_join_of_a_known_group() -> None:
    world = World()
    for line, code in (
        ({"type": "msg", "group": "g"}, "bad_first_msg"),
        ({"type": "join", "group": "g"}, "not_found"),
    ):
        stream = world.inbound(line)
        assert [answer["payload"]["code"] for answer in stream.out] == [code]
        assert stream.end == "closed"
    assert world.notes == ["refused", "refused"]


async def test_a_stream_without_a_first_line_is_reset(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(manager, "FIRST_LINE_SECONDS", 0.0)
    world, stream = World(), FakeStream()
    ended = asyncio.Event()
    world.groups.inbound(stream)
    monkeypatch.setattr(stream, "on_end", lambda code: ended.set())
    async with asyncio.timeout(HANG):
        await ended.wait()


async def test_lines_in_one_read_and_blank_ones() -> None:
    world = World()
    world.host()
    stream = world.inbound({"type": "join", "group": "g"}, b"", b" ", {"type": "msg", "payload": 1})
    assert stream.types == ["welcome"]
    assert world.heard == [("peer", b"1")]
    world.members[0].send(b"[2]")
    assert stream.out[-1] == {"type": "msg", "group": "g", "from": "me", "payload": [2]}


@pytest.mark.parametrize("junk", [b"{", b"[]", b'{"type":1}'])
async def test_a_malformed_line_ends_its_stream(junk: bytes) -> None:
    world = World()
    world.host()
    stream = world.inbound({"type": "join", "group": "g"}, junk, {"type": "msg", "payload": 1})
    assert (stream.end, world.ends, world.heard) == ("closed", ["dropped"], [])
    assert world.notes == ["malformed_json"]


async def test_closing_a_group_tells_its_members_once() -> None:
    world = World()
    world.host()
    stream = world.inbound({"type": "join", "group": "g"})
    world.groups.close("g")
    world.groups.close("g")
    assert stream.types == ["welcome", "close"]
    assert world.ends == ["closed"]
    assert world.inbound({"type": "join", "group": "g"}).out[0]["payload"]["code"] == "not_found"


async def test_stopping_leaves_the_groups_as_they_are() -> None:
    world = World()
    world.host()
    stream = world.inbound({"type": "join", "group": "g"})
    world.groups.stop()
    assert stream.types == ["welcome"]
    assert world.ends == ["dropped"]


async def test_joining_and_leaving() -> None:
    world = World()
    stream = world.network.stream
    joining = asyncio.create_task(world.groups.join("host", "g", world.member))
    await asyncio.sleep(0)
    assert stream.types == ["join"]
    stream.put({"type": "msg", "group": "g", "payload": 1}, {"type": "welcome", "group": "g"})
    assert world.heard == [("host", b"1")]
    await joining
    world.members[0].end()
    assert stream.types == ["join", "leave"]
    assert world.ends == ["left"]


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ({"type": "error", "payload": {"code": "full"}}, "full"),
        ({"type": "close"}, "closed"),
        (None, "reset"),
    ],
)
async def test_joining_fails_with_a_code(line: Any, code: str) -> None:
    world = World()
    stream = world.network.stream
    joining = asyncio.create_task(world.groups.join("host", "g", world.member))
    await asyncio.sleep(0)
    if line is None:
        stream.over("reset")
    else:
        stream.put(line)
    with pytest.raises(NetworkError) as caught:
        await joining
    assert caught.value.code == code
    assert world.members == []


async def test_giving_up_a_join_leaves() -> None:
    world = World()
    joining = asyncio.create_task(world.groups.join("host", "g", world.member))
    await asyncio.sleep(0)
    joining.cancel()
    with pytest.raises(asyncio.CancelledError):
        await joining
    assert world.network.stream.types == ["join", "leave"]


async def test_invitations() -> None:
    world = World()
    got: list[Invite] = []
    stream = FakeStream("host")
    world.groups.inbound_invite(stream, got.append)
    stream.put({"group_id": "g", "group_name": "n", "host_peer_id": "host"})
    assert got == [Invite("g", "n", "host")]
    for line in ({"group_id": "g", "host_peer_id": "other"}, b"{"):
        stream = FakeStream("host")
        world.groups.inbound_invite(stream, got.append)
        stream.put(line)
        assert stream.end == "closed"
    assert len(got) == 1
    assert world.notes == ["wrong_host", "malformed_json"]
    out = FakeStream("host")
    world.groups.invite(out, Invite("g", "n", "me", "realtime"))
    assert out.out[0]["volatile"] is False
    assert out.end == "closed"
