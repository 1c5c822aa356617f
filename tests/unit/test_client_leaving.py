# SPDX-License-Identifier: MIT
"""What a program has under way when it gives up, fails or leaves, at a node that says little."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest
from websockets import ConnectionClosed
from websockets.asyncio.server import ServerConnection, serve

from goop_realtime.client import Channel, Client, GoopError, Sent
from goop_realtime.client.endpoints import Endpoints

CHANNEL = "rt-0123456789abcdef"


class Node:
    """Its frames are written by the tests; ``heard`` are those of the program, besides the first.

    A request is answered once ``answers`` is set, and is then ``connecting`` or ``connected``.
    """

    def __init__(self, state: str) -> None:
        self.heard: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.answers = asyncio.Event()
        self.asked = asyncio.Event()
        self.left = asyncio.Event()
        self._state = state
        self._socket: ServerConnection | None = None

    async def attend(self, socket: ServerConnection) -> None:
        """A program has connected."""
        self._socket = socket
        with suppress(ConnectionClosed):
            async for text in socket:
                frame = json.loads(text)
                if "page" in frame:
                    await self.say("subscribed")
                else:
                    self.heard.put_nowait(frame)
        self.left.set()

    async def post(self, *_: object, **__: object) -> Any:
        """The answer of an endpoint."""
        self.asked.set()
        await self.answers.wait()
        return {"channelId": CHANNEL, "state": self._state}

    async def say(self, kind: str, **body: Any) -> None:
        """Write a frame."""
        assert self._socket is not None
        await self._socket.send(json.dumps({"type": kind, "channel": CHANNEL, **body}))

    async def message(self, seq: int) -> None:
        """Somebody says something."""
        place = {"epoch": 1, "seq": seq, "sentAt": 0}
        await self.say("message", **{"from": "bob", "data": seq, "id": f"p-{seq}"}, **place)

    async def hears(self, kind: str) -> dict[str, Any]:
        """The next frame of that type."""
        while True:
            frame = await self.heard.get()
            if frame["type"] == kind:
                return frame


At = Callable[[str], Any]


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> At:
    """Makes a node and a program at it."""

    @asynccontextmanager
    async def made(state: str) -> AsyncIterator[tuple[Node, Client]]:
        node = Node(state)
        monkeypatch.setattr(Endpoints, "post", node.post)
        async with asyncio.timeout(20), serve(node.attend, "127.0.0.1", 0) as server:
            port = next(iter(server.sockets)).getsockname()[1]
            yield node, Client.at(f"http://127.0.0.1:{port}", "token")

    return made


async def opened(node: Node, program: Client) -> Channel:
    """A channel that is open."""
    node.answers.set()
    return await program.connect("bob")


async def code_of(what: Any) -> str:
    """The code that awaiting it raises."""
    with pytest.raises(GoopError) as failed:
        await what
    return failed.value.code


async def test_whoever_awaits_something_hears_that_the_program_has_left(at: At) -> None:
    async with at("connected") as (node, client):
        async with client as program:
            channel = await opened(node, program)
            sent = channel.send("hello")
            await node.say("receipt", id=(await node.hears("send"))["id"], stage="accepted")
            await sent

            async def loop() -> list[Any]:
                return [message.data async for message in channel]

            looping = asyncio.create_task(loop())
            closing = asyncio.create_task(channel.close())
            await node.hears("close")
        assert await looping == []
        assert await code_of(closing) == "client_closed"
        assert await code_of(sent.delivered) == "client_closed"
        assert await code_of(channel.send("late")) == "client_closed"
        assert await code_of(channel.history()) == "client_closed"


@pytest.mark.parametrize("answered", [True, False])
async def test_a_request_is_withdrawn_when_nobody_waits_for_it(at: At, answered: bool) -> None:
    async with at("connecting") as (node, client), client as program:
        asking = asyncio.create_task(program.connect("bob"))
        await node.asked.wait()
        if answered:
            node.answers.set()
            await node.hears("subscribe")
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        node.answers.set()
        assert await node.hears("close") == {"type": "close", "channel": CHANNEL}


async def test_a_request_is_withdrawn_when_the_program_leaves(at: At) -> None:
    async with at("connecting") as (node, client):
        node.answers.set()
        async with client as program:
            asking = asyncio.create_task(program.connect("bob"))
            await node.hears("subscribe")
        assert await code_of(asking) == "client_closed"
        await node.hears("close")


async def test_who_leaves_has_said_what_was_handled(at: At) -> None:
    async with at("connected") as (node, client):
        async with client as program:
            channel = await opened(node, program)
            got = asyncio.Event()
            channel.on_message = lambda data, meta: got.set()
            await node.message(1)
            await got.wait()
        assert (await node.hears("ack"))["seq"] == 1


async def test_a_refusal_is_heard_by_who_leaves_without_awaiting(at: At) -> None:
    async with at("connected") as (node, client):
        errors = []
        async with client as program:
            channel = await opened(node, program)
            channel.on_error = lambda error: errors.append(error.code)
            channel.send("hello")

            async def refuse() -> None:
                await node.say("refused", id=(await node.hears("send"))["id"], code="full")

            refusing = asyncio.create_task(refuse())
        await refusing
        assert errors == ["full"]


async def test_who_has_no_time_to_leave_leaves_all_the_same(at: At) -> None:
    async with at("connected") as (node, client):
        sent: list[Sent] = []

        async def hurry() -> None:
            async with asyncio.timeout(None) as limit, client as program:
                channel = await opened(node, program)
                sent.append(channel.send("nobody takes it"))
                limit.reschedule(asyncio.get_running_loop().time() + 0.05)

        with pytest.raises(TimeoutError):
            await hurry()
        await node.left.wait()
        assert await code_of(sent[0]) == "client_closed"


async def test_a_handler_that_awaits_what_was_cancelled_fails_alone(at: At) -> None:
    async with at("connected") as (node, client), client as program:
        channel = await opened(node, program)
        got: asyncio.Queue[Any] = asyncio.Queue()

        async def handler(data: Any, meta: object) -> None:
            if data == 1:
                other = asyncio.create_task(asyncio.sleep(60))
                other.cancel()
                await other
            got.put_nowait(data)

        channel.on_message = handler
        await node.message(1)
        await node.message(2)
        assert await got.get() == 2
        assert (await node.hears("ack"))["failed"] == [1]


@pytest.mark.parametrize(
    ("url", "token"),
    [
        ("127.0.0.1:8787", "t"),
        ("ws://127.0.0.1:8787", "t"),
        ("http://127.0.0.1:99999", "t"),
        ("http://[::1", "t"),
        ("http://127.0.0.1:8787", "two\nlines"),
        ("http://127.0.0.1:8787", "Schlüssel"),
    ],
)
def test_an_address_that_can_be_none_is_said_at_once(url: str, token: str) -> None:
    with pytest.raises(ValueError, match=r"^(url|token): found"):
        Client.at(url, token)
