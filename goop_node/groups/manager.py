# SPDX-License-Identifier: MIT
"""Drives the group machines over streams: hosts groups, joins them, sends and takes invitations.

Everything runs on the event loop's thread. What arrives goes to the ``Membership`` it belongs
to; a malformed or over-long line resets its stream and nothing else.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable

from goop_node.clock import now_ms
from goop_node.groups.hosted import HostedGroup
from goop_node.groups.joined import JoinedGroup
from goop_node.groups.memberships import Hosting, Joining, Membership
from goop_node.groups.messages import (
    GROUP_PROTOCOL,
    MAX_LINE,
    GroupMessage,
    Invite,
    MalformedMessage,
    error,
    parse,
    parse_invite,
    serialise,
    serialise_invite,
)
from goop_node.types import LineStream, Network

FIRST_LINE_SECONDS = 10.0
"""How long an inbound stream may stay without its join."""


class Groups:
    """The groups of one node.

    ``note(code, group, detail)`` is told of every refusal and drop.
    """

    def __init__(self, network: Network, note: Callable[[str, str, str], None]) -> None:
        self._network = network
        self._note = note
        self._hosted: dict[str, Hosting] = {}
        self._streams: dict[int, LineStream] = {}
        self._next = 0

    # Hosting

    def host(
        self,
        group_id: str,
        *,
        name: str,
        invited: Iterable[str],
        on_member: Callable[[Membership], None],
    ) -> None:
        """Host a group; ``on_member`` gets each membership as it begins. Idempotent."""
        if group_id not in self._hosted:
            group = HostedGroup(
                group_id,
                host=self._network.peer_id,
                invited=frozenset(invited),
                created_at=now_ms(),
                name=name,
            )
            self._hosted[group_id] = Hosting(self._streams, group, on_member)

    def close(self, group_id: str) -> None:
        """End a hosted group for everybody. Idempotent."""
        hosting = self._hosted.pop(group_id, None)
        if hosting is not None:
            hosting.close()

    def inbound(self, stream: LineStream) -> None:
        """A guest's stream: its first line must be a join."""
        self._next += 1
        conn = self._next
        self._streams[conn] = stream
        hosting: Hosting | None = None
        loop = asyncio.get_running_loop()
        timer = loop.call_later(FIRST_LINE_SECONDS, stream.reset)

        def on_message(message: GroupMessage) -> None:
            nonlocal hosting
            if hosting is not None:
                hosting.received(conn, message)
                return
            timer.cancel()
            hosting = self._hosted.get(message.group) if message.type == "join" else None
            if hosting is not None:
                hosting.join(conn, stream)
            elif message.type == "join":
                self._refuse(stream, error(message.group, "not_found", "group not found"))
            else:
                self._refuse(stream, error("", "bad_first_msg", "first message must be join"))

        def on_end(code: str) -> None:
            timer.cancel()
            self._streams.pop(conn, None)
            if hosting is not None:
                hosting.ended(conn, code)

        self._read(stream, on_message, on_end)

    def _refuse(self, stream: LineStream, message: GroupMessage) -> None:
        self._note("refused", message.group, f"a first line of {stream.peer_id}")
        stream.write(serialise(message))
        stream.close()

    # Joining

    async def join(self, host: str, group_id: str, on_member: Callable[[Membership], None]) -> None:
        """Become a member of ``host``'s group: ``on_member`` is called before any message.

        Raises ``NetworkError``; beside the codes of a stream ``not_found``, ``full`` or another
        refusal of the host, ``closed``, ``timeout`` (no welcome in time), or ``eof`` and
        ``reset`` (ended without a word).
        """
        stream = await self._network.open_stream(host, [GROUP_PROTOCOL])
        joining = Joining(stream, JoinedGroup(group_id, host=host), on_member)
        self._next += 1
        conn = self._next
        self._streams[conn] = stream

        def on_end(code: str) -> None:
            self._streams.pop(conn, None)
            joining.ended(code)

        self._read(stream, joining.received, on_end)
        await joining.welcome()

    # Invitations

    def invite(self, stream: LineStream, invite: Invite) -> None:
        """Write the one line of an invitation stream."""
        stream.start(lambda lines: None, lambda code: None)
        stream.write(serialise_invite(invite))
        stream.close()

    def inbound_invite(self, stream: LineStream, on_invite: Callable[[Invite], None]) -> None:
        """Read an invitation. One that names another host than its sender is refused."""
        timer = asyncio.get_running_loop().call_later(FIRST_LINE_SECONDS, stream.reset)

        def on_lines(lines: list[bytes]) -> None:
            timer.cancel()
            try:
                invite = parse_invite(lines[0])
            except MalformedMessage as failure:
                self._note("malformed_json", "", str(failure))
                stream.reset()
                return
            if invite.host_peer_id != stream.peer_id:
                self._note("wrong_host", invite.group_id, f"{invite.host_peer_id} is not its peer")
            else:
                on_invite(invite)
            stream.close()

        stream.start(on_lines, lambda code: timer.cancel())

    # All

    def _read(
        self,
        stream: LineStream,
        on_message: Callable[[GroupMessage], None],
        on_end: Callable[[str], None],
    ) -> None:
        def on_lines(lines: list[bytes]) -> None:
            for raw in lines:
                if not raw.strip():
                    continue
                try:
                    message = parse(raw)
                except MalformedMessage as failure:
                    self._note("malformed_json", "", f"from {stream.peer_id}: {failure}")
                    stream.reset()
                    return
                on_message(message)

        def ended(code: str) -> None:
            if code == "line_too_long":
                self._note(code, "", f"from {stream.peer_id}: more than {MAX_LINE} bytes")
            # "closed" is kept for a group that its host has ended.
            on_end("dropped" if code == "closed" else code)

        stream.start(on_lines, ended)

    def stop(self) -> None:
        """End every stream; the groups themselves are not closed."""
        for hosting in self._hosted.values():
            hosting.stop()
        for stream in list(self._streams.values()):
            stream.close()
