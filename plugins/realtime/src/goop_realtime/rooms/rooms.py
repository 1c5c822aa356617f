# SPDX-License-Identifier: MIT
"""What the parts of the machine of rooms share: the rooms, their streams, and who is connected."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import cast

from goop_node.types import JsonValue
from goop_realtime.machine.core import Core
from goop_realtime.model.effects import Changed, CloseLink, Effect, SendLine
from goop_realtime.model.limits import Bucket
from goop_realtime.model.trace import PAGES, REFUSING, STRANGERS
from goop_realtime.rooms.find_lines import Listed
from goop_realtime.rooms.forms import RoomLine, serialise
from goop_realtime.rooms.links import Link
from goop_realtime.rooms.records import RoomEffect, SaveRoom, SendFind
from goop_realtime.rooms.room import Room
from goop_realtime.rooms.signatures import Signing

FIND_RATE, FIND_BURST = 600.0, 1200
"""Lines of the finding protocol that a peer may send, a second and at once: a node that seeks as
many rooms as it may asks each peer 256 times a second, and answers as often."""
METERED = 4096


@dataclass(eq=False)
class Offers:
    """The open rooms of one context that peers have told of. Times are Unix ms."""

    asked_at: int = 0
    by_peer: dict[str, tuple[int, list[Listed]]] = field(default_factory=dict)
    """When each said that, and what."""


@dataclass(eq=False)
class Shared:
    """The state of all rooms of one node; pages, rights, trace and clock are those of ``core``."""

    core: Core
    signing: Signing
    rooms: dict[str, Room] = field(default_factory=dict)
    """By handle."""
    names: dict[str, Room] = field(default_factory=dict)
    """By what nodes ask each other for; those that are not left."""
    links: dict[int, Link] = field(default_factory=dict)
    """Every living stream of a room, by its number."""
    connected: dict[str, None] = field(default_factory=dict)
    """The peers that can be asked."""
    meters: dict[str, Bucket] = field(default_factory=dict)
    """What each peer may ask and answer."""
    offers: dict[str, Offers] = field(default_factory=dict)
    """What peers have told of their open rooms, by context."""
    watchers: dict[str, set[str]] = field(default_factory=dict)
    """The pages that watch the open rooms of contexts, by id."""
    told: dict[str, list[dict[str, JsonValue]]] = field(default_factory=dict)
    """What those were told last."""
    grown: dict[str, None] = field(default_factory=dict)
    """Rooms whose log, or what is known of it, has changed in this step."""

    @property
    def me(self) -> str:
        """Our peer id."""
        return self.core.me

    @property
    def out(self) -> list[Effect | RoomEffect]:
        """What is asked for; channels ask for theirs there, too."""
        return cast("list[Effect | RoomEffect]", self.core.out)

    @property
    def now(self) -> int:
        """The time (Unix ms)."""
        return self.core.now

    def allows(self, peer: str) -> bool:
        """Whether another line of the finding protocol is within that peer's rate."""
        bucket = self.meters.get(peer)
        if bucket is None:
            if len(self.meters) >= METERED:
                self.meters.clear()
            bucket = self.meters[peer] = Bucket(FIND_RATE, FIND_BURST)
        return bucket.take(self.now)

    def note(self, room: Room, hop: str, code: str, message: str = "", detail: str = "") -> None:
        """Note a decision in the trace, in the share of the peer whose doing it is."""
        source = self.core.source or (PAGES if hop == "page" else "")
        if self.core.source and source not in room.fold.members:
            source = STRANGERS
        self.core.trace.note(
            self.now, hop, code, channel=room.handle, message=message, detail=detail, source=source
        )
        if message and hop in REFUSING:
            self.core.refused(room.context, room.handle, message, code, detail)

    def save(self, room: Room) -> None:
        """Have the room's row written."""
        self.out.append(SaveRoom(room.handle, room.row()))

    def tell(self, room: Room) -> None:
        """How the room stands has changed: pages hear it at the end of this step."""
        room.changed = True
        self.grown[room.handle] = None

    def grow(self, room: Room) -> None:
        """The log has changed, or what is known of it."""
        self.grown[room.handle] = None

    def write(self, link: Link, line: RoomLine) -> None:
        """Write a line on a room's stream."""
        self.out.append(SendLine(link.id, serialise(line), link.room.handle))

    def find(self, peer: str, line: RoomLine, room: Room | None = None) -> None:
        """Send a peer a line of the finding protocol."""
        self.out.append(SendFind(peer, serialise(line), room.handle if room else ""))

    def drop(self, link: Link, *, drain: bool = True) -> None:
        """End a stream from our side: in good order, or at once."""
        self.links.pop(link.id, None)
        self.out.append(CloseLink(link.id, drain=drain, channel=link.room.handle))

    def turn_away(self, link_id: int, line: RoomLine) -> None:
        """End a stream that is no room's: the same answer to a stranger and for an unknown room."""
        self.out.append(SendLine(link_id, serialise(line)))
        self.out.append(CloseLink(link_id))

    def forget_everything(self) -> None:
        """Drop all that a step may have changed: what is on the disk is true."""
        for book in (self.rooms, self.names, self.links, self.grown):
            book.clear()

    def wake(self, room: Room) -> None:
        """Whoever waits for a change of the room is to look."""
        self.out.append(Changed(room.handle))

    def nonce(self) -> str:
        """A number that nobody guesses, in hex."""
        return f"{self.core.random.getrandbits(64):016x}"
