# SPDX-License-Identifier: MIT
"""The door to the machine of rooms: everything that can happen to a node's rooms.

Each method tells it the time (Unix ms) and one thing that happened. Effects go into ``core.out``,
behind those of channels: one ``Committer`` takes both. No I/O, no clock, no thread.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from goop_node.types import Caller, JsonValue
from goop_realtime.machine.core import Core
from goop_realtime.machine.liveness import Overdue
from goop_realtime.machine.pages import Page
from goop_realtime.model.failure import Failure
from goop_realtime.rooms.entries import Signing
from goop_realtime.rooms.records import RoomRecord
from goop_realtime.rooms.stored import StoredRoom
from goop_realtime.types import Refusal


@dataclass(frozen=True, kw_only=True)
class JoinOptions:
    """How somebody wants to join a room.

    ``max_peers`` counts where the room has to be made; ``context`` is a full name, for a room whose
    id names none; ``app`` is the template that asks, for programs.
    """

    max_peers: int | None = None
    key: str = ""
    listed: bool = True
    context: str = ""
    app: str = ""


Row = dict[str, JsonValue]


class Rooms:
    """The rooms of one node.

    What a program is answered it may hear only once the step is stored. What a page is answered
    to a frame is an effect, and comes by itself behind all that.
    """

    def __init__(self, core: Core, signing: Signing) -> None:
        self.core = core
        self.signing = signing

    def settle(self) -> None:
        """End a step: what it placed is told at once, to pages and to other nodes."""

    # Pages and programs

    def join(
        self, now: int, room_id: str, options: JoinOptions, caller: Caller, page: Page | None = None
    ) -> Row | Refusal:
        """Somebody wants to be in the room ``room_id``: its row, in which it may still be joining.

        A page that asks follows it from here on.
        """
        raise NotImplementedError

    def leave(self, now: int, handle: str, caller: Caller) -> Refusal | None:
        """Somebody leaves the room for this node."""
        raise NotImplementedError

    def send(
        self,
        now: int,
        handle: str,
        page: Page,
        message_id: str | None,
        data: JsonValue,
        to: str = "",
    ) -> str | Refusal:
        """Somebody sends to all members, or to one. The message's id when it is accepted."""
        raise NotImplementedError

    def takes(self, body: Any) -> bool:
        """Whether a page's frame is for rooms: by its type, or by a ``channel`` that is a handle.

        A ``subscribe`` is for both: channels take no notice of handles, nor rooms of others.
        """
        raise NotImplementedError

    def frame(self, now: int, page: Page, body: Any) -> None:
        """A page's frame, as decoded JSON. What is refused of it is told by a frame."""
        raise NotImplementedError

    def detach(self, now: int, page: Page) -> None:
        """The page's connection is gone."""
        raise NotImplementedError

    def rights_changed(self, now: int) -> None:
        """The person has granted or revoked something: ``core.rights`` is as it is now."""
        raise NotImplementedError

    def rows(self, caller: Caller) -> list[Row]:
        """The rooms that the caller may see."""
        raise NotImplementedError

    def row(self, handle: str, caller: Caller) -> Row | Refusal:
        """One of them."""
        raise NotImplementedError

    def nearby(self, now: int, caller: Caller, context: str) -> list[Row] | Refusal:
        """The open rooms of a context that connected nodes have told of in the last seconds.

        They are asked: who wants to know it now asks again in a second.
        """
        raise NotImplementedError

    def members(self, handle: str) -> tuple[str, ...]:
        """The peer ids of the members, in the order in which they joined; none if not known."""
        raise NotImplementedError

    # The network

    def found(self, now: int, peer: str, raw: bytes) -> bool:
        """A line of the finding protocol from ``peer`` (authenticated). False when malformed:
        the stream must end."""
        raise NotImplementedError

    def linked(self, now: int, handle: str, peer: str, link: int) -> None:
        """The stream asked for with ``OpenRoomLink`` is there; the driver's number for it."""
        raise NotImplementedError

    def link_failed(self, now: int, handle: str, peer: str, code: str) -> None:
        """The stream asked for with ``OpenRoomLink`` could not be opened."""
        raise NotImplementedError

    def joined(self, now: int, link: int, peer: str, raw: bytes) -> bool:
        """An inbound stream of rooms began with this line. False when that is no ``join``."""
        raise NotImplementedError

    def lines(self, now: int, link: int, raws: Iterable[bytes]) -> bool:
        """Lines of a room's stream. False when one is malformed: the stream must end."""
        raise NotImplementedError

    def link_ended(self, now: int, link: int, code: str) -> None:
        """A stream ended, not by a ``CloseLink``."""
        raise NotImplementedError

    def peer_back(self, now: int, peer: str) -> None:
        """The peer is connected: it is asked for rooms from here on."""
        raise NotImplementedError

    def peer_gone(self, now: int, peer: str) -> None:
        """The peer is not connected any more."""
        raise NotImplementedError

    def standing_changed(self, now: int, peer: str) -> None:
        """The person has blocked the peer, or taken that back."""
        raise NotImplementedError

    # Time

    def tick(self, now: int) -> list[Overdue]:
        """Time goes by; call at ``wake_at``. What has come to wait for too long is returned."""
        raise NotImplementedError

    def wake_at(self, now: int) -> int | None:
        """When ``tick`` should be called next (Unix ms); ``None`` when nothing is pending."""
        raise NotImplementedError

    # Storage

    def restore(self, now: int, stored: Mapping[str, StoredRoom]) -> None:
        """A start: go on from what the journal holds, by handle."""
        raise NotImplementedError

    def set_back(self, now: int, handle: str, stored: StoredRoom | None, failure: Failure) -> None:
        """This node failed on a room: it goes on from what is stored of it, once; then it ends."""
        raise NotImplementedError

    def rebuild(self, now: int, stored: Mapping[str, StoredRoom]) -> None:
        """Go on from what the journal holds, after it could not take a step: see ``Engine``.

        ``core.forget_everything()`` was called before.
        """
        raise NotImplementedError

    def everything(self) -> Iterator[RoomRecord]:
        """The records from which a start would make these rooms again, for a new journal."""
        raise NotImplementedError


HANDLE = "room-"
"""What handles begin with, in whatever they are mixed with channels' ids."""


def is_room(channel_id: str) -> bool:
    """Whether that is a room's handle, and not a channel's id."""
    return channel_id.startswith(HANDLE)
