# SPDX-License-Identifier: MIT
"""The streams of the invitation protocol: one line each, from and to peers that are discovered."""

from __future__ import annotations

import asyncio
from collections import Counter

from goop_node.types import LineStream, NetworkError, NodeApi, Peers
from goop_realtime.engine.door import Engine
from goop_realtime.goop2.go_doors import Doors
from goop_realtime.goop2.go_invitations import protocols_for, why_not
from goop_realtime.goop2.go_peers import GoPeers
from goop_realtime.model.effects import SendControl
from goop_realtime.model.jsonio import MalformedJson
from goop_realtime.model.wire import INVITE_PROTOCOL, Line, parse, serialise

DISCOVERY_WAIT = 6.0
"""Seconds an invitation from a peer that is not discovered yet may wait for its presence."""
MAX_WAITING = 256
WAITING_PER_PEER = 4
"""Lines of undiscovered peers, and of each of them, that wait at a time; more are dropped."""
SENDING_PER_PEER = 32
"""Lines to one peer that are on their way; what is said again anyway is dropped beyond that."""


class InvitationStreams:
    """Takes invitations and their answers from peers, and sends ours."""

    def __init__(self, node: NodeApi, engine: Engine, go: GoPeers, doors: Doors) -> None:
        self._node = node
        self._engine = engine
        self._go = go
        self._doors = doors
        self._waiting: Counter[str] = Counter()
        self._sending: Counter[str] = Counter()
        self._telling: dict[tuple[str, str], SendControl | None] = {}
        """How far requests have come, by peer and request: while one word of it is on its way, the
        newest waits behind it."""

    def inbound(self, stream: LineStream) -> None:
        """Another node opened a stream of the protocol."""

        def on_lines(lines: list[bytes]) -> None:
            for raw in lines:
                try:
                    line = parse(raw)
                except MalformedJson as error:
                    self._note(error.code, "", error.reason)
                    stream.reset()
                    return
                self._received(stream.peer_id, line)

        stream.start(on_lines, lambda code: None if code == "closed" else stream.close())

    def _received(self, peer: str, line: Line) -> None:
        if self._node.peers.is_discovered(peer):
            self._take(peer, line)
        elif self._waiting[peer] < WAITING_PER_PEER and self._waiting.total() < MAX_WAITING:
            self._waiting[peer] += 1
            self._doors.spawn(self._when_discovered(peer, line))
        else:
            self._note("busy", line.group, f"undiscovered: {peer}")

    def _take(self, peer: str, line: Line) -> None:
        try:
            self._engine.control(self._doors.now(), peer, line)
        except MalformedJson as error:
            self._note(error.code, line.group, error.reason)
        self._doors.step()

    async def _when_discovered(self, peer: str, line: Line) -> None:
        try:
            if await self._doors.discovered(peer):
                self._take(peer, line)
                return
        finally:
            _less(self._waiting, peer)
        self._note("undiscovered", line.group, peer)
        if line.type == "invite":
            refusal = Line(
                type="decline", group=line.group, code="refused", reason="not discovered"
            )
            await self.send(SendControl(peer, refusal))

    async def send(self, action: SendControl) -> None:
        """Send one line; the machine learns when that fails."""
        if self._go.takes(action):
            return
        line = action.line
        # A peer that answers no stream has no more of ours waiting for it.
        if line.type != "invite" and self._sending[action.peer] >= SENDING_PER_PEER:
            self._note("busy", line.group, f"no {line.type} is sent")
            return
        self._sending[action.peer] += 1
        try:
            await (self._tell if line.type == "received" else self._send)(action)
        finally:
            _less(self._sending, action.peer)

    async def _tell(self, action: SendControl) -> None:
        """Say how far a request has come. On streams of their own an older word could overtake."""
        key = (action.peer, action.line.group)
        if key in self._telling:
            self._telling[key] = action
            return
        newest: SendControl | None = action
        try:
            while newest is not None:
                self._telling[key] = None
                await (await self._send(newest)).wait()
                newest = self._telling[key]
        finally:
            del self._telling[key]

    async def _send(self, action: SendControl) -> asyncio.Event:
        """Open a stream for one line; what is given is set once that has left, or cannot."""
        line, over = action.line, asyncio.Event()
        protocols = [INVITE_PROTOCOL, *protocols_for(line)]
        try:
            stream = await self._node.network.open_stream(action.peer, protocols, early=True)
        except NetworkError as error:
            reason = error.reason
            if error.code == "unsupported":
                reason = why_not(line, self._engine.read.label_of(action.peer))
            self._engine.control_failed(self._doors.now(), action.peer, line, error.code, reason)
            self._doors.step()
            over.set()
            return over
        if self._go.invite(stream, line):
            over.set()
            return over

        def ended(code: str) -> None:
            if code == "unanswered":
                self._doors.spawn(self._again(action, over))
            else:
                over.set()

        stream.start(lambda lines: None, ended)
        stream.write(serialise(line))
        stream.close()
        return over

    async def _again(self, action: SendControl, over: asyncio.Event) -> None:
        """Nobody knows whether a line was taken: it may come twice, but not get lost."""
        await (await self._send(action)).wait()
        over.set()

    def _note(self, code: str, group: str, detail: str) -> None:
        self._engine.note(self._doors.now(), "peer", code, group, detail)


def _less(counter: Counter[str], peer: str) -> None:
    counter[peer] -= 1
    if not counter[peer]:
        del counter[peer]


async def until_discovered(peers: Peers, peer: str) -> bool:
    """Whether the peer is discovered, now or within ``DISCOVERY_WAIT``.

    An invitation may come a heartbeat before its sender's presence.
    """
    seen = asyncio.Event()
    stop = peers.subscribe(lambda event: seen.set())
    try:
        async with asyncio.timeout(DISCOVERY_WAIT):
            while not peers.is_discovered(peer):
                await seen.wait()
                seen.clear()
    except TimeoutError:
        return False
    finally:
        stop()
    return True
