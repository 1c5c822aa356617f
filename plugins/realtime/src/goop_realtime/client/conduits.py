# SPDX-License-Identifier: MIT
"""The channels and rooms of a program, by what frames call them."""

from __future__ import annotations

from itertools import count
from typing import TypeVar

from goop_realtime.client.channel import Channel
from goop_realtime.client.channel_conduit import ChannelConduit
from goop_realtime.client.conduit import Hub
from goop_realtime.client.errors import GoopError
from goop_realtime.client.room import Room
from goop_realtime.client.room_conduit import RoomConduit

ENDED_KEPT = 100
"""How many ended ones are remembered, so that what still comes for them is ignored."""
Kind = TypeVar("Kind", ChannelConduit, RoomConduit)


class Conduits:
    """Those of the program that calls itself ``page``."""

    def __init__(self, hub: Hub, page: str) -> None:
        self._hub = hub
        self._page = page
        self._known: dict[str, ChannelConduit | RoomConduit] = {}
        self._aliases: dict[str, str] = {}
        """Requests that became part of another channel."""
        self._numbers = count(1)
        self._room_numbers: dict[str, count[int]] = {}
        """Messages are counted in each room: a program may leave one and come back."""

    def all(self) -> list[ChannelConduit | RoomConduit]:
        """Those that are remembered."""
        return list(self._known.values())

    def living(self) -> list[ChannelConduit | RoomConduit]:
        """Those that go on."""
        return [one for one in self._known.values() if one.ended is None]

    def living_rooms(self) -> list[RoomConduit]:
        """Of these, the rooms."""
        return [one for one in self.living() if isinstance(one, RoomConduit)]

    def find(self, name: str) -> ChannelConduit | RoomConduit | None:
        """The one of that name, or what has taken its place."""
        return self._known.get(self._aliases.get(name, name))

    def is_alias(self, name: str) -> bool:
        """Whether another one has taken its place."""
        return name in self._aliases

    def channel(self, name: str) -> ChannelConduit:
        """The channel of that id, or what has taken its place."""
        known = self.find(name)
        if isinstance(known, ChannelConduit):
            return known
        return self._keep(ChannelConduit(self._hub, name, self._next_id, Channel))

    def room(self, handle: str) -> RoomConduit:
        """The room of that handle; another one where it was left."""
        known = self._known.get(handle)
        if isinstance(known, RoomConduit) and known.ended is None:
            return known
        numbers = self._room_numbers.setdefault(handle, count(1))
        return self._keep(
            RoomConduit(self._hub, handle, lambda: f"{self._page}-{next(numbers)}", Room)
        )

    def replace(self, old: ChannelConduit, name: str) -> ChannelConduit:
        """Two requests crossed, or the channel was open already: who waited waits for that one."""
        del self._known[old.handle]
        self._aliases[old.handle] = name
        new = self.channel(name)
        old.goes_on_in(new)
        return new

    def _next_id(self) -> str:
        return f"{self._page}-{next(self._numbers)}"

    def _keep(self, conduit: Kind) -> Kind:
        self._known[conduit.handle] = conduit
        ended = [one for one in self._known.values() if one.ended is not None]
        for old in ended[:-ENDED_KEPT]:
            del self._known[old.handle]
            old.abandon(old.ended or GoopError(old.end_code, channel_id=old.handle))
        return conduit
