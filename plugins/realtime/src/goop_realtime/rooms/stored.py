# SPDX-License-Identifier: MIT
"""What is kept of a room, as a start gets it: the forms of its records."""

from __future__ import annotations

from typing import Annotated

import msgspec

from goop_realtime.model.contract import Contract
from goop_realtime.model.effects import Outcome
from goop_realtime.model.jsonio import MalformedJson
from goop_realtime.rooms.entries import MaxPeers, RoomEntry, RoomOutgoing
from goop_realtime.rooms.forms import ContextName, Hex, RoomId, RoomName
from goop_realtime.rooms.log import Base

Owner = Annotated[str, msgspec.Meta(max_length=256)]


class RoomRow(msgspec.Struct, rename="camel", frozen=True, kw_only=True):
    """A room itself.

    ``owners`` are the templates whose pages joined it (``""`` is home, ``None`` a program).
    ``secret`` is what is proved of a room with a key.
    """

    id: RoomId
    name: RoomName
    context: ContextName
    max_peers: MaxPeers
    listed: bool = True
    secret: Hex = ""
    owners: Annotated[list[Owner | None], msgspec.Meta(max_length=64)] = []
    contract: Contract | None = None


class StoredRoom:
    """What the journal holds of one room. ``flaws`` says what had to be left out of it."""

    def __init__(self, row: RoomRow) -> None:
        self.row = row
        self.epoch = 0
        """The number of the newest epoch that this node was host in."""
        self.base: Base | None = None
        self.entries: list[RoomEntry] = []
        """Those above the base, in order."""
        self.outbox: list[tuple[int, RoomOutgoing]] = []
        """With their places, in order of those."""
        self.refusals: list[tuple[str, str, Outcome]] = []
        """With author and message id, oldest first."""
        self.handled = 0
        self.flaws: list[str] = []

    def take(self, entry: RoomEntry) -> None:
        """An entry of the log. What stands behind a hole is not the log's: ``MalformedJson``."""
        start = 0 if self.base is None else self.base.seq
        last = self.entries[-1].seq if self.entries else start
        if entry.seq <= start:
            return
        if entry.seq != last + 1:
            raise MalformedJson("hole", f"entry {entry.seq} follows {last}")
        self.entries.append(entry)
