# SPDX-License-Identifier: MIT
"""The streams by which rooms are found: one between two nodes while either has a question.

Whoever has one first opens it, and both write on it. Where both did at the same moment each writes
on its own. A line that cannot leave at once is lost: it is said again anyway.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine
from typing import Any

from goop_node.clock import now_ms
from goop_node.types import LineStream, NetworkError, NodeApi
from goop_realtime.driver.introductions import Introductions
from goop_realtime.driver.streams import Steps
from goop_realtime.engine.door import Engine
from goop_realtime.model.jsonio import MalformedJson
from goop_realtime.rooms.find_lines import FIND_PROTOCOL

IDLE_SECONDS = 60.0
"""After so long without a line a stream is closed."""
OPEN_MS = 5_000
PAUSE = 1.0
LONGEST_PAUSE = 30.0
"""Seconds until a peer that could not be reached is tried again, each time twice as long."""
UNSUPPORTED_PAUSE = 300.0
"""The same for one that knows no rooms; whoever connects anew is tried at once."""
WAITING = 64
"""Lines that wait while a stream is being opened; the oldest is lost for one more."""
QUEUED = 256 * 1024
"""Bytes that a peer may leave unread before lines to it are lost."""


class _Pair:
    """This node and one peer. Times are those of the loop, in seconds."""

    def __init__(self) -> None:
        self.ours: LineStream | None = None
        self.theirs: LineStream | None = None
        self.opening = False
        self.waiting: deque[bytes] = deque(maxlen=WAITING)
        self.used_at = 0.0
        self.retry_at = 0.0
        self.pause = PAUSE

    @property
    def streams(self) -> list[LineStream]:
        """Those that live; the first one is written on."""
        return [one for one in (self.ours, self.theirs) if one is not None]

    def failed(self, now: float, code: str) -> None:
        """It could not be reached."""
        self.waiting.clear()
        self.retry_at = now + (UNSUPPORTED_PAUSE if code == "unsupported" else self.pause)
        self.pause = min(self.pause * 2, LONGEST_PAUSE)

    def drop(self, stream: LineStream) -> None:
        """A stream has ended."""
        if self.ours is stream:
            self.ours = None
        if self.theirs is stream:
            self.theirs = None


class FindStreams:
    """The finding protocol of one node."""

    def __init__(
        self,
        node: NodeApi,
        engine: Engine,
        steps: Steps,
        spawn: Callable[[Coroutine[Any, Any, None]], None],
    ) -> None:
        self._network = node.network
        self._introductions = Introductions(node, engine, self.send, spawn)
        self._rooms = engine.rooms
        self._steps = steps
        self._spawn = spawn
        self._loop = asyncio.get_running_loop()
        self._pairs: dict[str, _Pair] = {}
        self._sweep: asyncio.TimerHandle | None = None

    def send(self, peer: str, data: bytes) -> None:
        """Send a peer a line, if that is possible now."""
        pair = self._pairs.setdefault(peer, _Pair())
        now = self._loop.time()
        if pair.streams:
            self._write(pair, data)
        elif pair.opening:
            pair.waiting.append(data)
        elif now >= pair.retry_at:
            pair.opening = True
            pair.waiting.append(data)
            self._spawn(self._open(peer, pair))

    def connected(self, peer: str) -> None:
        """The peer is there again: it may be tried at once."""
        pair = self._pairs.get(peer)
        if pair is not None:
            pair.retry_at, pair.pause = 0.0, PAUSE

    def inbound(self, stream: LineStream) -> None:
        """A peer opened one; a newer one takes the place of its older one."""
        pair = self._pairs.setdefault(stream.peer_id, _Pair())
        older, pair.theirs = pair.theirs, stream
        if older is not None:
            older.reset()
        self._read(pair, stream)

    async def _open(self, peer: str, pair: _Pair) -> None:
        try:
            stream = await self._network.open_stream(peer, [FIND_PROTOCOL], timeout_ms=OPEN_MS)
        except NetworkError as error:
            pair.failed(self._loop.time(), error.code)
            self._sweep_later()
            return
        finally:
            pair.opening = False
        pair.ours, pair.pause = stream, PAUSE
        self._read(pair, stream)
        while pair.waiting:
            self._write(pair, pair.waiting.popleft())

    def _write(self, pair: _Pair, data: bytes) -> None:
        stream = pair.streams[0]
        if stream.queued <= QUEUED:
            pair.used_at = self._loop.time()
            stream.write(data)

    def _read(self, pair: _Pair, stream: LineStream) -> None:
        pair.used_at = self._loop.time()
        self._sweep_later()

        def on_lines(raws: list[bytes]) -> None:
            pair.used_at = self._loop.time()
            for raw in raws:
                if not self._received(stream.peer_id, raw):
                    stream.reset()
                    break
            self._steps.look()
            self._steps.step()

        stream.start(on_lines, lambda code: pair.drop(stream))

    def _received(self, peer: str, raw: bytes) -> bool:
        try:
            if self._introductions.takes(peer, raw):
                return True
        except MalformedJson:
            return False
        return self._rooms.found(now_ms(), peer, raw)

    def _sweep_later(self) -> None:
        if self._sweep is None:
            self._sweep = self._loop.call_later(IDLE_SECONDS / 2, self._close_idle)

    def _close_idle(self) -> None:
        """Close what nobody uses, and forget peers with whom there is nothing."""
        self._sweep = None
        now = self._loop.time()
        for peer, pair in list(self._pairs.items()):
            if now - pair.used_at >= IDLE_SECONDS:
                for stream in pair.streams:
                    stream.close()
            if not (pair.streams or pair.opening) and now >= pair.retry_at:
                del self._pairs[peer]
        if self._pairs:
            self._sweep_later()

    def cut_off(self) -> None:
        """End every stream at once."""
        for pair in self._pairs.values():
            for stream in pair.streams:
                stream.reset()

    def close(self) -> None:
        """Stop: every stream ends."""
        self._introductions.close()
        if self._sweep is not None:
            self._sweep.cancel()
        for pair in self._pairs.values():
            for stream in pair.streams:
                stream.close()
