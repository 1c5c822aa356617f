# SPDX-License-Identifier: MIT
"""Who takes part in a room without a connection to all others is told where they are.

As a rule presence has told that long ago. Where it has not, a member that is connected with both
is asked; what it says is dialled within the bounds for everything that others tell.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from goop_node.clock import now_ms
from goop_node.types import NetworkError, NodeApi
from goop_realtime.engine.door import Engine
from goop_realtime.rooms.forms import serialise
from goop_realtime.rooms.room import handle_of
from goop_realtime.rooms.where_lines import MAX_ADDRESSES, IsAt, WhereIs, parse

LOOK_SECONDS = 3.0
"""How often it is asked where who is missing is."""
ANSWER_SECONDS = 10.0
"""How late an answer may come."""
UNDER_WAY = 16
"""Peers that are dialled at a time because others told of them."""
ANSWERED = 1024
"""Answers that are remembered: nobody is told the same twice within ``LOOK_SECONDS``."""


class Introductions:
    """Asks, answers, and dials. Times are those of the loop, in seconds."""

    def __init__(
        self,
        node: NodeApi,
        engine: Engine,
        send: Callable[[str, bytes], None],
        spawn: Callable[[Coroutine[Any, Any, None]], None],
    ) -> None:
        """``send`` writes a line to a peer on the stream for finding rooms."""
        self._node = node
        self._engine = engine
        self._send = send
        self._spawn = spawn
        self._loop = asyncio.get_running_loop()
        self._asked: dict[tuple[str, str], float] = {}
        """When somebody was asked where somebody is."""
        self._answered: dict[tuple[str, str], float] = {}
        self._under_way: set[str] = set()
        self._timer = self._loop.call_later(LOOK_SECONDS, self._look)

    def close(self) -> None:
        """Stop asking."""
        self._timer.cancel()

    def _look(self) -> None:
        self._timer = self._loop.call_later(LOOK_SECONDS, self._look)
        now = self._loop.time()
        late = [key for key, at in self._asked.items() if now - at > ANSWER_SECONDS]
        for key in late:
            del self._asked[key]
        for name, peer, neighbours in self._engine.rooms.missing(now_ms()):
            if peer in self._under_way:
                continue
            line = serialise(WhereIs(room=name, peer=peer))
            for neighbour in neighbours:
                self._asked[neighbour, peer] = now
                self._send(neighbour, line)

    def takes(self, peer: str, raw: bytes) -> bool:
        """Take a line of ``peer``, if it is about where somebody is. Raises ``MalformedJson``."""
        line = parse(raw)
        if isinstance(line, WhereIs):
            self._answer(peer, line)
        elif isinstance(line, IsAt):
            asked = self._asked.pop((peer, line.peer), None)
            if asked is not None and len(self._under_way) < UNDER_WAY:
                self._meet(line, peer)
        return line is not None

    def _answer(self, peer: str, line: WhereIs) -> None:
        """Where a member is it has told everybody by its presence: that is no secret."""
        now, key = self._loop.time(), (peer, line.peer)
        known = self._node.peers.get(line.peer)
        if (
            known is None
            or not (known.online and known.addrs)
            or line.peer not in self._engine.rooms.members(handle_of(line.room))
            or now - self._answered.get(key, -LOOK_SECONDS) < LOOK_SECONDS / 2
        ):
            return
        self._answered.pop(key, None)
        self._answered[key] = now
        if len(self._answered) > ANSWERED:
            del self._answered[next(iter(self._answered))]
        addrs = list(known.addrs[:MAX_ADDRESSES])
        self._send(peer, serialise(IsAt(peer=line.peer, addrs=addrs)))

    def _meet(self, line: IsAt, told_by: str) -> None:
        if line.peer not in self._under_way:
            self._under_way.add(line.peer)
            self._spawn(self._dial(line, told_by))

    async def _dial(self, line: IsAt, told_by: str) -> None:
        try:
            await self._node.network.meet(line.peer, line.addrs, told_by=told_by)
        except NetworkError as error:
            detail = f"{line.peer} is not where {told_by} says: {error.reason}"
            self._engine.note(now_ms(), "peer", error.code, detail=detail)
        finally:
            self._under_way.discard(line.peer)
