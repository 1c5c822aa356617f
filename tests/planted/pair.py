# SPDX-License-Identifier: MIT
"""Two nodes in one process, their streams in memory: everything of a node but libp2p."""

from __future__ import annotations

import asyncio
import contextlib
import functools
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import Any

import httpx

from goop_node.config.model import NodeConfig
from goop_node.node import Node
from goop_node.p2p.mdns.discovery import Discovery
from goop_node.plugins.environment import Candidate
from goop_node.plugins.status import PluginStatus
from goop_node.types import NetworkError, Peer, PeerEvent, Standing, StreamHandler
from goop_node.web.app import create_app
from goop_realtime.driver.bridge import Bridge
from goop_realtime.machine.channel import Channel, Phase
from goop_realtime.plugin import RealtimePlugin

SECONDS = 60.0
"""A limit for hangs."""


class Stream:
    """One end of a stream. What is written arrives in a later turn of the loop."""

    def __init__(self, peer_id: str, protocol: str) -> None:
        self.peer_id = peer_id
        self.protocol = protocol
        self.queued = 0
        self.other: Stream
        self._on_lines: Callable[[list[bytes]], None] | None = None
        self._on_end: Callable[[str], None] | None = None
        self._early: list[bytes] = []
        self._end = ""
        self._over = False

    def start(self, on_lines: Callable[[list[bytes]], None], on_end: Callable[[str], None]) -> None:
        self._on_lines, self._on_end = on_lines, on_end
        asyncio.get_running_loop().call_soon(self._deliver)

    def write(self, line: bytes) -> None:
        self.other._early.append(line)
        asyncio.get_running_loop().call_soon(self.other._deliver)

    def pause(self) -> None:
        """There is no window to fill."""

    def resume(self) -> None:
        """As ``pause``."""

    def close(self) -> None:
        self._finish("closed")
        self.other._finish("eof")

    def reset(self) -> None:
        self._finish("closed")
        self.other._finish("reset")

    def _finish(self, code: str) -> None:
        self._end = self._end or code
        asyncio.get_running_loop().call_soon(self._deliver)

    def _deliver(self) -> None:
        if self._on_lines is None or self._over:
            return
        lines, self._early = self._early, []
        if lines:
            self._on_lines(lines)
        if self._end and not self._over:
            self._over = True
            assert self._on_end is not None
            self._on_end(self._end)


class Memory:
    """libp2p as far as these nodes need it: network, peers and service in one."""

    def __init__(self, peer_id: str) -> None:
        self.peer_id = peer_id
        self.network = self.peers = self
        self.addrs = ()
        self.mdns = Discovery("off", (), peer_id, tuple, lambda peers, news: None)
        self.handlers: dict[str, StreamHandler] = {}
        self.callbacks: list[Callable[[PeerEvent], None]] = []
        self.other: Memory

    def __getattr__(self, name: str) -> Any:
        """Whatever else the status page tells of libp2p is nothing here."""
        return ()

    def get(self, peer_id: str) -> Peer | None:
        return None

    def all(self) -> list[Peer]:
        return []

    def is_discovered(self, peer_id: str) -> bool:
        return True

    def standing(self, peer_id: str) -> Standing:
        return "discovered"

    def subscribe(self, callback: Callable[[PeerEvent], None]) -> Callable[[], None]:
        self.callbacks.append(callback)
        return lambda: self.callbacks.remove(callback)

    def handle(self, handler: StreamHandler) -> None:
        self.handlers[handler.protocol] = handler

    def announce(self) -> None: ...

    async def start(self) -> None: ...

    async def stop(self) -> None: ...

    async def open_stream(
        self,
        peer_id: str,
        protocols: Sequence[str],
        *,
        timeout_ms: int = 10_000,
        early: bool = False,
    ) -> Any:
        await asyncio.sleep(0)
        protocol = next((one for one in protocols if one in self.other.handlers), None)
        if protocol is None:
            raise NetworkError("unsupported", "no such protocol")
        mine, theirs = Stream(self.other.peer_id, protocol), Stream(self.peer_id, protocol)
        mine.other, theirs.other = theirs, mine
        self.other.handlers[protocol].handle(theirs)
        return mine


class Side:
    """One node of the pair."""

    def __init__(self, node: Node, realtime: RealtimePlugin, memory: Memory) -> None:
        self.node = node
        self.memory = memory
        self._realtime = realtime
        self._count = 0
        self._app = create_app(node)
        transport = httpx.ASGITransport(self._app, raise_app_exceptions=False)
        headers = {"Authorization": f"Bearer {node.tokens.bearer}"}
        base = f"http://127.0.0.1:{node.http_port}"
        self._client = httpx.AsyncClient(transport=transport, base_url=base, headers=headers)

    @property
    def bridge(self) -> Bridge:
        """That of its running realtime plugin."""
        return self._realtime._running()

    def status(self, plugin: str) -> PluginStatus:
        """What became of a plugin."""
        return next(one for one in self.node.plugin_status() if one.name == plugin)

    def channel(self, channel_id: str) -> Channel:
        """Its side of a channel."""
        return self.bridge.engine.core.channels[channel_id]

    async def http(self, method: str, path: str, body: Any = None) -> httpx.Response:
        """A request of a program."""
        return await self._client.request(method, path, json=body)

    async def socket(self, path: str) -> list[Any]:
        """What a WebSocket of a program is sent."""
        sent: list[Any] = []
        arriving = [{"type": "websocket.connect"}, {"type": "websocket.disconnect", "code": 1000}]

        async def receive() -> Any:
            return arriving.pop(0)

        async def send(message: Any) -> None:
            sent.append(message)

        port = self.node.http_port
        bearer = self._client.headers["authorization"]
        headers = {"host": f"127.0.0.1:{port}", "authorization": bearer}
        scope = {
            "type": "websocket",
            "path": path,
            "raw_path": path.encode(),
            "query_string": b"",
            "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
            "subprotocols": [],
            "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", port),
            "scheme": "ws",
            "root_path": "",
            "extensions": {},
            "state": {},
        }
        await self._app(scope, receive, send)
        return sent

    async def send(self, channel: Channel, data: Any) -> str:
        """A program sends a message: ``placed``, or the code with which it went wrong."""
        self._count += 1
        own, message_id = self.channel(channel.id), f"page-{self._count}"
        body = {"channelId": channel.id, "data": data, "id": message_id}
        answer = await self.http("POST", "/api/realtime/send", body)
        if answer.status_code != 200:
            return str(answer.json()["code"])
        await until(lambda: own.final or own.obstacle or message_id in own.outcomes)
        outcome = own.outcomes.get(message_id)
        if outcome is None and own.obstacle is not None and not own.final:
            return own.obstacle.code
        return own.close_code if outcome is None else outcome.code or "placed"


class Pair:
    """Alice and Bob."""

    def __init__(self, alice: Side, bob: Side) -> None:
        self.alice = alice
        self.bob = bob

    async def open(self, context: str, params: Any = None) -> Channel | str:
        """Alice asks, Bob accepts as soon as he is asked: her channel, or why there is none."""
        body = {"peerId": "bob", "context": context, "params": params, "new": True}
        answer = await self.alice.http("POST", "/api/realtime/request", body)
        if answer.status_code != 201:
            return str(answer.json()["code"])
        channel_id = answer.json()["channelId"]
        mine, theirs = self.alice.channel(channel_id), self.bob.bridge.engine.core.channels
        await until(lambda: mine.final or channel_id in theirs)
        if mine.final:
            return mine.close_code
        await self.bob.http("POST", "/api/realtime/accept", {"channelId": channel_id})
        both = (mine, theirs[channel_id])
        await until(
            lambda: any(one.final for one in both) or all(one.phase is Phase.OPEN for one in both)
        )
        return mine


async def until(condition: Callable[[], bool]) -> None:
    """Turn the loop until ``condition`` holds."""
    async with asyncio.timeout(SECONDS):
        while not condition():  # noqa: ASYNC110  # there is no one event that it could wait for
            await asyncio.sleep(0.002)


@contextlib.asynccontextmanager
async def pair_of(folder: Path, candidates: Sequence[Candidate]) -> AsyncIterator[Pair]:
    """Both nodes, running, each with these plugins and realtime."""
    sides = []
    async with contextlib.AsyncExitStack() as stack:
        memories = Memory("alice"), Memory("bob")
        memories[0].other, memories[1].other = memories[1], memories[0]
        for memory in memories:
            realtime = RealtimePlugin()
            load = functools.partial(_same, realtime)
            every = [*candidates, Candidate(name="realtime", load=load)]
            data = folder / memory.peer_id
            data.mkdir()
            plugins: dict[str, dict[str, Any]] = {one.name: {} for one in every}
            plugins["realtime"] = {"channels_per_peer": 1000}
            node = Node(NodeConfig(data=data, plugins=plugins), every)
            node.__dict__["p2p"] = memory
            await stack.enter_async_context(node.running())
            sides.append(Side(node, realtime, memory))
        yield Pair(*sides)


def _same(value: object) -> object:
    return value
