# SPDX-License-Identifier: MIT
"""Invitations from and to Goop² peers that speak 1.0.0 only.

They have no contexts and no answer but the join. One that comes in is a request as any other: a
person is asked.
"""

from __future__ import annotations

from goop_node.groups import INVITE_PROTOCOL, Invite
from goop_node.types import JsonValue
from goop_realtime.contexts.registry import PLAIN
from goop_realtime.engine.door import Engine
from goop_realtime.goop2.go_doors import Doors
from goop_realtime.machine.invitations import DEFAULT_TIMEOUT_MS
from goop_realtime.model.wire import Invite as InviteLine
from goop_realtime.model.wire import Line, raw

WAITING = 100
WAITING_PER_PEER = 4
"""Invitations that may wait for their senders to be discovered, and of each of them."""


class Invited:
    """Invitations that come in."""

    def __init__(self, engine: Engine, doors: Doors) -> None:
        self._engine = engine
        self._doors = doors
        self._waiting: dict[str, set[str]] = {}
        """Those whose sender is not discovered yet."""

    async def take(self, peer: str, invite: Invite) -> None:
        """An invitation for us: a person is asked, we never join by ourselves."""
        if invite.app_type not in ("", "realtime") or not invite.group_id.startswith("rt-"):
            self._note("not_realtime", invite.group_id, f"{invite.app_type!r} from {peer}")
            return
        read = self._engine.read
        if not (read.is_discovered(peer) or await self._discovered(peer, invite.group_id)):
            return
        known = read.channel(invite.group_id) is not None
        fields: dict[str, JsonValue] = {
            "context": "",
            "hash": PLAIN.hash,
            "timeout": DEFAULT_TIMEOUT_MS,
        }
        line = Line(type="invite", group=invite.group_id, payload=raw(fields))
        self._engine.control(self._doors.now(), peer, line)
        if not known and read.channel(invite.group_id) is not None:
            self._engine.best_effort(self._doors.now(), invite.group_id)
        self._doors.step()

    async def _discovered(self, peer: str, group: str) -> bool:
        """Wait until the sender is discovered; false where it is not, or too many wait."""
        its = self._waiting.get(peer, set())
        full = len(its) >= WAITING_PER_PEER or sum(map(len, self._waiting.values())) >= WAITING
        if full or group in its:
            self._note("busy", group, f"too many invitations wait; from {peer}")
            return False
        its.add(group)
        self._waiting[peer] = its
        try:
            if await self._doors.discovered(peer):
                return True
        finally:
            its.discard(group)
            if not its:
                del self._waiting[peer]
        self._note("undiscovered", group, peer)
        return False

    def _note(self, code: str, group: str, detail: str) -> None:
        self._engine.note(self._doors.now(), "peer", code, group, detail)


def invitation(channel_id: str, host: str) -> Invite:
    """What the peer is sent for a channel that ``host``, our own node, hosts."""
    return Invite(
        group_id=channel_id,
        group_name=f"rt:{channel_id}",
        host_peer_id=host,
        app_type="realtime",
    )


def protocols_for(line: Line) -> list[str]:
    """What may be used for ``line`` where the peer lacks our own protocol."""
    asks = line.type == "invite" and not line.told(InviteLine).context
    return [INVITE_PROTOCOL] if asks else []


def why_not(line: Line, label: str) -> str:
    """Why a peer that lacks our own protocol cannot be asked, in words."""
    context = line.told(InviteLine).context if line.type == "invite" else ""
    if not context:
        return f"{label}'s node has no realtime channels"
    return f"{label}'s node has plain channels only and does not know {context!r}"
