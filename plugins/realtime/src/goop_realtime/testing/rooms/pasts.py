# SPDX-License-Identifier: MIT
"""Every position that any node ever had in a room: what it says, and all that was before it.

A position has one content and one past, everywhere and for ever; on no branch are there more
members than the room has places, or messages that a member's version does not know.
"""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from goop_realtime.model.jsonio import decode
from goop_realtime.rooms.entries import Joining, MemberVersion, Opening, RoomEntry
from goop_realtime.rooms.fold import Fold
from goop_realtime.rooms.log import Base
from goop_realtime.rooms.positions import ORIGIN, Epoch, Position
from goop_realtime.testing.seen import Violation, demand


class Said(NamedTuple):
    """An entry's content, by which entries of one position are compared."""

    kind: str
    author: str
    id: str
    to: str
    at: int
    content: bytes

    @property
    def is_again(self) -> bool:
        """Whether a member has another version by it, which pages are not told."""
        return self.kind == "join" and bool(msgspec.json.decode(self.content, type=Joining).again)

    @classmethod
    def by(cls, entry: RoomEntry) -> Said:
        """What it says; of a message to one member, what all know of it."""
        content = entry.digest if entry.to else entry.raw + entry.salt
        return cls(entry.kind, entry.author, entry.id, entry.to, entry.at, content)


class Place(NamedTuple):
    """A position as it was first seen."""

    said: Said
    before: Position
    """The one that it stands behind."""
    members: tuple[str, ...]
    """Behind it, in the order in which they joined."""
    max_peers: int
    versions: dict[str, MemberVersion]
    """What they have of the room's context."""


NOWHERE = Place(Said("", "", "", "", 0, b""), ORIGIN, (), 64, {})
"""What is before a room's first entry."""


class Past:
    """The positions of one room, of all its branches."""

    def __init__(self, room: str) -> None:
        self._room = room
        self.places: dict[Position, Place] = {ORIGIN: NOWHERE}

    def add(self, who: str, entry: RoomEntry, before: Position) -> bool:
        """``who`` has stored an entry behind ``before``; whether nobody had it until then."""
        position, said = entry.position, Said.by(entry)
        known = self.places.get(position)
        if known is not None:
            if known.said != said:
                raise Violation(f"{who} has {said} at {position}, not {known.said}")
            if known.before != before:
                raise Violation(f"at {who}, {before} is before {position}, not {known.before}")
            return False
        if before.epoch > position.epoch or entry.seq != before.seq + 1:
            raise Violation(f"{who} puts {position} behind {before}")
        self.places[position] = self._place(who, said, entry, before)
        return True

    def _place(self, who: str, said: Said, entry: RoomEntry, before: Position) -> Place:
        past = self.places[before]
        members, most, versions = past.members, past.max_peers, past.versions
        if entry.kind == "open":
            most = msgspec.json.decode(entry.raw, type=Opening).max_peers
        elif entry.kind == "join":
            joining = msgspec.json.decode(entry.raw, type=Joining)
            known = entry.author in members
            demand(known == bool(joining.again), f"{who} lets {entry.author} join twice")
            members = members if known else (*members, entry.author)
            if joining.has:
                versions = {**versions, entry.author: joining.has}
        elif entry.kind == "leave":
            members = tuple(member for member in members if member != entry.author)
            versions = {peer: has for peer, has in versions.items() if peer != entry.author}
        else:
            demand(
                entry.author in members, f"{who} orders {entry.id} of {entry.author}, who is out"
            )
            _is_known_to_all(who, entry, versions)
        demand(len(members) <= most, f"{len(members)} members in {self._room} of {most}")
        return Place(said, before, members, most, versions)

    def branch(self, position: Position) -> list[Position]:
        """All up to a position, oldest first."""
        found = []
        while position != ORIGIN:
            found.append(position)
            position = self.places[position].before
        found.reverse()
        return found

    def ids(self, position: Position) -> dict[str, Position]:
        """The messages up to a position, each with where it stands."""
        found: dict[str, Position] = {}
        for one in self.branch(position):
            said = self.places[one].said
            if said.kind == "msg":
                demand(said.id not in found, f"{said.id} is in {self._room} twice")
                found[said.id] = one
        return found


def _is_known_to_all(who: str, entry: RoomEntry, versions: dict[str, MemberVersion]) -> None:
    data = decode(entry.raw) if versions and not entry.withheld else None
    kind = data.get("type") if isinstance(data, dict) else None
    lacking = [peer for peer, has in versions.items() if kind and kind not in has.types]
    demand(not lacking, f"{who} orders {entry.id}, a {kind!r}, which {lacking} do not know")


class Kept:
    """What one node has committed of a room's log: positions, from a base on."""

    def __init__(self, past: Past, who: str) -> None:
        self.past = past
        self._who = who
        self._base = ORIGIN
        self._held: list[Position] = []

    @property
    def last(self) -> Position:
        """The newest."""
        return self._held[-1] if self._held else self._base

    def at(self, seq: int) -> Position | None:
        """The position of that number, where it is held or is the base itself."""
        number = seq - self._base.seq
        if number == 0:
            return self._base
        return self._held[number - 1] if 0 < number <= len(self._held) else None

    def append(self, entry: RoomEntry) -> bool:
        """Store one more, or the content of one; whether nobody had it until then."""
        if entry.seq <= self.last.seq:
            demand(
                self.at(entry.seq) == entry.position and bool(entry.to),
                f"{self._who} overwrites {self.at(entry.seq)} with {entry.position}",
            )
            demand(Said.by(entry) == self.past.places[entry.position].said, "another content came")
            return False
        new = self.past.add(self._who, entry, self.last)
        self._held.append(entry.position)
        return new

    def below(self, seq: int) -> list[Said]:
        """What is held up to ``seq``."""
        held = self._held[: max(0, seq - self._base.seq)]
        return [self.past.places[position].said for position in held]

    def cut(self, seq: int) -> int:
        """Forget what is above ``seq``; how many that were."""
        if seq < self._base.seq:
            count = self.last.seq
            self._base, self._held = ORIGIN, []
            return count
        count = len(self._held)
        del self._held[seq - self._base.seq :]
        return count - len(self._held)

    def rebase(self, base: Base) -> bool:
        """Forget what ``base`` stands for; whether that goes beyond what was there."""
        number, host, seq = base.fold.runs[-1]
        position = Position(Epoch(number, host), seq)
        place = self.past.places.get(position)
        demand(place is not None, f"{self._who} begins at {position}, which nobody had")
        members = tuple(peer for peer, _ in base.fold.members)
        if place is not None:
            demand(members == place.members, f"{self._who} thinks {members} are there")
            versions = Fold.of(base.fold).versions
            demand(versions == place.versions, f"{self._who} thinks they have {versions}")
        beyond = seq > self.last.seq
        if beyond:
            self._held = []
        else:
            demand(self.at(seq) == position, f"{self._who} trims {self.at(seq)} as {position}")
            del self._held[: seq - self._base.seq]
        self._base = position
        return beyond
