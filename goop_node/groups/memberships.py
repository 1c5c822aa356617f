# SPDX-License-Identifier: MIT
"""What drives one group machine over its streams, and the membership that its owner sees."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable

from goop_node.clock import now_ms
from goop_node.groups.hosted import Action, End, HostedGroup, Joined, Left, Received, Write
from goop_node.groups.joined import Hangup, Heard, JoinedGroup, Over, Say, Step, Welcomed
from goop_node.groups.messages import GroupMessage, serialise
from goop_node.types import LineStream, NetworkError


class Membership:
    """One living connection between us and another peer in a group, on either side.

    ``on_message(author, payload)`` gets each message, encoded; ``on_end(code)`` comes once.
    """

    def __init__(
        self,
        stream: LineStream,
        send: Callable[[bytes], None],
        end: Callable[[], None],
        depart: Callable[[], None],
    ) -> None:
        self.peer_id = stream.peer_id
        self.on_message: Callable[[str, bytes | None], None] = lambda author, payload: None
        self.on_end: Callable[[str], None] = lambda code: None
        self._stream = stream
        self._send = send
        self._end = end
        self._depart = depart

    @property
    def queued(self) -> int:
        """Bytes of ours that the stream has not taken yet."""
        return self._stream.queued

    def send(self, payload: bytes) -> None:
        """Send a message to the group. Not paced: see ``Pacing``."""
        self._send(payload)

    def end(self) -> None:
        """Leave the group, or as its host close it for everybody."""
        self._end()

    def depart(self) -> None:
        """As ``end``; for a guest ``on_end`` comes only when its host has let go of it."""
        self._depart()

    def drop(self) -> None:
        """End the stream and leave the group as it is."""
        self._stream.close()

    def pause(self) -> None:
        """Read no more for now."""
        self._stream.pause()

    def resume(self) -> None:
        """Read on."""
        self._stream.resume()


class Hosting:
    """One hosted group with its streams, its timer and its memberships."""

    def __init__(
        self,
        streams: dict[int, LineStream],
        group: HostedGroup,
        on_member: Callable[[Membership], None],
    ) -> None:
        self._streams = streams
        self._group = group
        self._on_member = on_member
        self._memberships: dict[int, Membership] = {}
        self._timer: asyncio.TimerHandle | None = None

    def join(self, conn: int, stream: LineStream) -> None:
        """A stream's first line was a join for this group."""
        self._do(self._group.join(now_ms(), conn, stream.peer_id))

    def received(self, conn: int, message: GroupMessage) -> None:
        """A later line of that stream."""
        self._do(self._group.received(now_ms(), conn, message))

    def ended(self, conn: int, code: str) -> None:
        """That stream ended."""
        self._do(self._group.ended(conn, code))

    def close(self) -> None:
        """End the group for everybody."""
        self._do(self._group.close())

    def stop(self) -> None:
        """Let the timer go."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _do(self, actions: Iterable[Action]) -> None:
        for action in actions:
            stream = self._streams.get(action.conn)
            match action:
                case Write(message=message) if stream is not None:
                    stream.write(serialise(message))
                case End(drain=True) if stream is not None:
                    stream.close()
                case End() if stream is not None:
                    stream.reset()
                case Joined(conn=conn) if stream is not None:
                    member = Membership(stream, self._send, self.close, self.close)
                    self._memberships[conn] = member
                    self._on_member(member)
                case Received(conn=conn, peer=peer, payload=payload):
                    self._memberships[conn].on_message(peer, payload)
                case Left(conn=conn, code=code):
                    self._memberships.pop(conn).on_end(code)
        self._arm()

    def _send(self, payload: bytes) -> None:
        self._do(self._group.send(payload))

    def _arm(self) -> None:
        self.stop()
        at = self._group.wake_at()
        if at is not None:
            delay = max(0, at - now_ms()) / 1000
            self._timer = asyncio.get_running_loop().call_later(delay, self._tick)

    def _tick(self) -> None:
        self._do(self._group.tick(now_ms()))


class Joining:
    """One membership of ours with its stream and its timer.

    ``on_member`` is called at the welcome, before any message.
    """

    def __init__(
        self,
        stream: LineStream,
        group: JoinedGroup,
        on_member: Callable[[Membership], None],
    ) -> None:
        self._stream = stream
        self._group = group
        self._on_member = on_member
        self._membership = Membership(stream, self._send, self.leave, self.depart)
        self._welcome: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._timer: asyncio.TimerHandle | None = None

    async def welcome(self) -> None:
        """Say join and wait for the welcome. Raises ``NetworkError`` where none comes."""
        self._do(self._group.start(now_ms()))
        try:
            await self._welcome
        except asyncio.CancelledError:
            self.leave()
            raise

    def received(self, message: GroupMessage) -> None:
        """A line of the host."""
        self._do(self._group.received(now_ms(), message))

    def ended(self, code: str) -> None:
        """The stream ended."""
        self._do(self._group.ended(code))

    def depart(self) -> None:
        """Quit the group; it is over when the host ends the stream."""
        self._do(self._group.depart(now_ms()))

    def leave(self) -> None:
        """Quit the group."""
        self._do(self._group.leave())

    def _send(self, payload: bytes) -> None:
        self._do(self._group.send(payload))

    def _do(self, steps: Iterable[Step]) -> None:
        for step in steps:
            match step:
                case Say(message=message):
                    self._stream.write(serialise(message))
                case Hangup(drain=True):
                    self._stream.close()
                case Hangup():
                    self._stream.reset()
                case Welcomed():
                    self._on_member(self._membership)
                    if not self._welcome.done():
                        self._welcome.set_result(None)
                case Heard(author=author, payload=payload):
                    self._membership.on_message(author, payload)
                case Over(code=code):
                    self._over(code)
        self._arm()

    def _over(self, code: str) -> None:
        if self._welcome.done():
            self._membership.on_end(code)
        else:
            self._welcome.set_exception(NetworkError(code, f"the host did not admit us: {code}"))

    def _arm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        at = self._group.wake_at()
        if at is not None:
            delay = max(0, at - now_ms()) / 1000
            self._timer = asyncio.get_running_loop().call_later(delay, self._tick)

    def _tick(self) -> None:
        self._do(self._group.tick(now_ms()))
