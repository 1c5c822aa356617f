# SPDX-License-Identifier: MIT
"""A simulated node with rooms."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from goop_realtime.engine.door import Engine
from goop_realtime.engine.effects import ROOM_KINDS, AnyEffect, rooms_of
from goop_realtime.machine.surroundings import Surroundings
from goop_realtime.model.effects import SendLine
from goop_realtime.rooms.door import Rooms
from goop_realtime.rooms.records import OpenRoomLink, SendFind
from goop_realtime.rooms.room import Room
from goop_realtime.testing.machine import Disk
from goop_realtime.testing.node import SimNode
from goop_realtime.testing.rooms.disk import RoomDisk
from goop_realtime.testing.rooms.lies import lie
from goop_realtime.testing.rooms.page import RoomPage

if TYPE_CHECKING:
    from goop_realtime.testing.rooms.world import RoomWorld


class RoomNode(SimNode):
    """One node, whose streams are those of rooms."""

    world: RoomWorld
    reads_ahead = True
    lies = 0
    """How many lies it has still to tell."""

    def disk(self) -> Disk:
        """What it writes to."""
        return RoomDisk() if self.world.in_memory else Disk()

    def begin(self, surroundings: Surroundings) -> Engine:
        """The machine, from what the journal holds."""
        self.world.watch.begins(self, rooms_of(self.journal.load()))
        return super().begin(surroundings)

    @property
    def rooms(self) -> Rooms:
        """What it knows of rooms."""
        return self.engine.rooms

    def start(self) -> None:
        """Start, or start again after a crash, and be met by the others."""
        super().start()
        self.world.contacts.begins(self)

    def crash(self, *, silent: bool = False) -> None:
        """Kill the process: see ``SimNode``."""
        super().crash(silent=silent)
        self.world.contacts.ends(self, silent=silent)

    def room(self, handle: str) -> Room | None:
        """How it stands to a room."""
        return self.rooms._sh.rooms.get(handle)

    def all_rooms(self) -> list[Room]:
        """Every room that it knows."""
        return list(self.rooms._sh.rooms.values())

    def page(self, name: str, *, acks: bool = True) -> RoomPage:
        """Open a page on this node."""
        page = RoomPage(self, name, acks=acks)
        self.pages[name] = page
        page.attach()
        return page

    # Out

    def records(self, batch: Sequence[AnyEffect]) -> Sequence[Any]:
        """Those of a batch's effects that were stored."""
        return [item for item in batch if type(item) in ROOM_KINDS]

    def do(self, effect: Any) -> None:
        """Do what an effect asks for."""
        if isinstance(effect, SendFind):
            self._ask(effect)
        elif isinstance(effect, OpenRoomLink):
            self._open_room(effect)
        elif self.lies and isinstance(effect, SendLine):
            super().do(SendLine(effect.link, self._lie(effect.data), effect.channel))
        else:
            super().do(effect)

    def _lie(self, data: bytes) -> bytes:
        lied = lie(data, self.peer_id, self.world.random)
        if lied is None:
            return data
        self.lies -= 1
        self.world.watch.seen.counts["lie"] += 1
        self.world.tell(f"{self.peer_id} lies")
        return lied

    def _ask(self, effect: SendFind) -> None:
        other = self.world.nodes[effect.peer]

        def arrive() -> None:
            if other.up and isinstance(other, RoomNode):
                other.asked(self.peer_id, effect.data)

        self.world.datagram(self.peer_id, effect.peer, arrive)

    def _open_room(self, effect: OpenRoomLink) -> None:
        def attempt() -> None:
            link = self.world.connect(self.peer_id, effect.peer)
            if link is None:
                self.rooms.link_failed(self.now(), effect.channel, effect.peer, "unreachable")
            else:
                self.rooms.linked(self.now(), effect.channel, effect.peer, link)
            self.flush()

        self.world.later(self.world.delay(self.peer_id, effect.peer), self.living(attempt))

    # In

    def asked(self, sender: str, data: bytes) -> None:
        """A line by which rooms are found has come."""
        if self.runs(self.living(lambda: self.asked(sender, data))):
            self.world.watch.traffic.found(self, sender, data)
            self._reads(self.rooms.found(self.now(), sender, data), data)

    def line(self, link: int, sender: str, data: bytes, *, first: bool) -> None:
        """A room's stream begins with this line."""
        if self.runs(self.living(lambda: self.line(link, sender, data, first=first))):
            self.world.watch.traffic.said(self, sender, data)
            self._reads(self.rooms.joined(self.now(), link, sender, data), data)

    def lines(self, link: int, sender: str, batch: list[bytes]) -> None:
        """Lines arrived together on a room's stream."""
        if self.runs(self.living(lambda: self.lines(link, sender, batch))):
            for data in batch:
                self.world.watch.traffic.said(self, sender, data)
            self._reads(self.rooms.lines(self.now(), link, batch), batch)

    def _reads(self, well: bool, data: bytes | list[bytes]) -> None:
        if not well:
            raise AssertionError(f"{self.peer_id} could not read {data!r}")
        self.flush()

    def ended(self, link: int, code: str) -> None:
        """A stream of ours ended."""
        if self.up and self.runs(self.living(lambda: self.ended(link, code))):
            self.rooms.link_ended(self.now(), link, code)
            self.flush()

    def meets(self, peer: str) -> None:
        """There is a connection with ``peer``."""
        self.living(self._stepper(partial(self.rooms.peer_back, peer=peer)))()

    def misses(self, peer: str) -> None:
        """There is none any more."""
        self.living(self._stepper(partial(self.rooms.peer_gone, peer=peer)))()

    def _stepper(self, call: Callable[[int], None]) -> Callable[[], None]:
        def step() -> None:
            call(self.now())
            self.flush()

        return step

    def sees_everybody(self) -> None:
        """The network is whole again: ``contacts`` see to that."""
