# SPDX-License-Identifier: MIT
"""One room that several nodes share, as programs see it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from goop_realtime.client.face import Face, Handled
from goop_realtime.client.outcomes import Sent
from goop_realtime.client.room_conduit import RoomConduit
from goop_realtime.client.values import Member, Meta, Rewound, RoomDetail, RoomState


class Room(Face):
    """A room. Messages that come before there is a handler for them wait for one."""

    _conduit: RoomConduit

    on_message = Handled[Callable[[str, Any, Meta], object]]()
    """Called with the sender's peer id, the message and what came with it; awaited."""
    on_state_change = Handled[Callable[[RoomState, RoomDetail], object]]()
    """Called when the state, the host or ``detail.suspended`` has changed."""
    on_member_join = Handled[Callable[[Member], object]]()
    """Called with others who join; one that is set later first with each that is there."""
    on_member_leave = Handled[Callable[[Member], object]]()
    on_rewound = Handled[Callable[[Rewound], object]]()
    """Called where another host has ordered anew what was handed out. That is not handed out again;
    ``history()`` has the order that counts."""

    @property
    def id(self) -> str:
        """What it was joined by."""
        return self._conduit.name

    @property
    def members(self) -> tuple[Member, ...]:
        """In the order in which they joined, oneself included; as of what was handed out."""
        return self._conduit.members

    @property
    def max_peers(self) -> int:
        """How many may be in it."""
        return self._conduit.max_peers

    @property
    def self(self) -> str:
        """One's own peer id."""
        return self._conduit.self

    @property
    def host(self) -> str:
        """The peer id of the member that orders just now, ``""`` for none."""
        return self._conduit.detail.host

    @property
    def state(self) -> RoomState:
        """How it is."""
        return self._conduit.state

    @property
    def detail(self) -> RoomDetail:
        """Why it is like that."""
        return self._conduit.detail

    def send_to(self, peer_id: str, data: Any) -> Sent:
        """Send to one member; see ``send``. Nobody else but the host can read it."""
        return self._conduit.sending.send(data, peer_id)

    async def leave(self) -> None:
        """Leave, for all pages and programs of this node; returns when the room has been left.

        What was not ordered raises ``left``: whether it arrives is unknown.
        """
        await self._conduit.close()
