# SPDX-License-Identifier: MIT
"""The host's side of a group as a state machine: membership, relay, keep-alive.

A membership belongs to a connection, never to a peer: a newer stream of the same peer takes the
older one's place in one step, and whatever the older one still says, its end included, counts
for nothing. So a quick leave and re-join, in either order, leaves one living membership.
"""

from __future__ import annotations

from dataclasses import dataclass

from goop_node.groups.messages import GroupMessage, encoded, error, member_list
from goop_node.types import JsonValue

PING_MS = 30_000
PONG_MS = 75_000
"""A member that has ponged once is dropped after so long without another pong."""


@dataclass(frozen=True, slots=True)
class Write:
    """Write a message on a connection."""

    conn: int
    message: GroupMessage


@dataclass(frozen=True, slots=True)
class End:
    """End a connection: in good order (``drain``) or at once."""

    conn: int
    drain: bool = True


@dataclass(frozen=True, slots=True)
class Joined:
    """``peer`` is a member by ``conn``."""

    conn: int
    peer: str


@dataclass(frozen=True, slots=True)
class Left:
    """The membership by ``conn`` is over. ``code``: ``left``, ``replaced``, ``silent``,
    ``closed``, or how the stream ended."""

    conn: int
    peer: str
    code: str


@dataclass(frozen=True, slots=True)
class Received:
    """``peer`` sent a message to the group; ``payload`` is encoded JSON or ``None``."""

    conn: int
    peer: str
    payload: bytes | None


Action = Write | End | Joined | Left | Received


@dataclass(slots=True)
class _Member:
    peer: str
    joined_at: int
    pinged_at: int
    ponged_at: int | None = None


class HostedGroup:
    """A group that we host. Times are Unix milliseconds; ``conn`` is the driver's number.

    Only the ``invited`` may join. ``max_members`` counts the connected peers, not the host.
    """

    def __init__(
        self,
        group_id: str,
        *,
        host: str,
        invited: frozenset[str],
        created_at: int,
        name: str = "",
        app_type: str = "realtime",
        max_members: int = 2,
    ) -> None:
        self.id = group_id
        self.name = name
        self.app_type = app_type
        self._host = host
        self._invited = invited
        self._created_at = created_at
        self._max = max_members
        self._members: dict[int, _Member] = {}

    @property
    def members(self) -> dict[int, str]:
        """The living memberships: connection to peer."""
        return {conn: member.peer for conn, member in self._members.items()}

    def join(self, now: int, conn: int, peer: str) -> list[Action]:
        """A connection's first line was a join. The welcome is always the first answer."""
        if peer not in self._invited:
            # The same answer as for an unknown group: nothing can be probed.
            return [Write(conn, error(self.id, "not_found", "group not found")), End(conn)]
        older = [number for number, member in self._members.items() if member.peer == peer]
        if self._max and len(self._members) - len(older) >= self._max:
            return [Write(conn, error(self.id, "full", "group is full")), End(conn)]
        out: list[Action] = []
        for number in older:
            del self._members[number]
            out += [Left(number, peer, "replaced"), End(number)]
        self._members[conn] = _Member(peer, joined_at=now, pinged_at=now)
        welcome: dict[str, JsonValue] = {
            "group_name": self.name,
            "app_type": self.app_type,
            "max_members": self._max,
            "volatile": False,
            "members": self._list(),
        }
        out.append(Write(conn, GroupMessage("welcome", self.id, payload=encoded(welcome))))
        out += self._tell_members(but=conn)
        out.append(Joined(conn, peer))
        return out

    def received(self, now: int, conn: int, message: GroupMessage) -> list[Action]:
        """A line of a connection that has joined. Unknown types are ignored."""
        member = self._members.get(conn)
        if member is None:
            return []
        if message.type in ("msg", "state"):
            # Who speaks, and where, is what the connection says, not the line.
            relay = GroupMessage(message.type, self.id, member.peer, message.payload)
            out: list[Action] = [Write(other, relay) for other in self._members if other != conn]
            if message.type == "msg":
                out.append(Received(conn, member.peer, message.payload))
            return out
        if message.type == "leave":
            return [*self._remove(conn, "left"), End(conn)]
        if message.type == "pong":
            member.ponged_at = now
        return []

    def ended(self, conn: int, code: str) -> list[Action]:
        """A connection's stream ended."""
        return self._remove(conn, code)

    def send(self, payload: bytes) -> list[Action]:
        """A message of our own, to every member."""
        message = GroupMessage("msg", self.id, self._host, payload)
        return [Write(conn, message) for conn in self._members]

    def close(self) -> list[Action]:
        """End the group for everybody."""
        out: list[Action] = []
        for conn, member in self._members.items():
            out += [
                Write(conn, GroupMessage("close", self.id)),
                Left(conn, member.peer, "closed"),
                End(conn),
            ]
        self._members.clear()
        return out

    def tick(self, now: int) -> list[Action]:
        """Time goes by: ping, and drop who does not answer any more."""
        out: list[Action] = []
        for conn, member in list(self._members.items()):
            if member.ponged_at is not None and now - member.ponged_at >= PONG_MS:
                out += [*self._remove(conn, "silent"), End(conn, drain=False)]
            elif now - member.pinged_at >= PING_MS:
                member.pinged_at = now
                out.append(Write(conn, GroupMessage("ping", self.id)))
        return out

    def wake_at(self) -> int | None:
        """When ``tick`` is due next; ``None`` without members."""
        times = [member.pinged_at + PING_MS for member in self._members.values()]
        times += [
            member.ponged_at + PONG_MS
            for member in self._members.values()
            if member.ponged_at is not None
        ]
        return min(times, default=None)

    def _remove(self, conn: int, code: str) -> list[Action]:
        member = self._members.pop(conn, None)
        if member is None:
            return []
        return [Left(conn, member.peer, code), *self._tell_members()]

    def _list(self) -> list[JsonValue]:
        pairs = [(member.peer, member.joined_at) for member in self._members.values()]
        return member_list([(self._host, self._created_at), *pairs])

    def _tell_members(self, but: int | None = None) -> list[Action]:
        message = GroupMessage("members", self.id, payload=encoded({"members": self._list()}))
        return [Write(conn, message) for conn in self._members if conn != but]
