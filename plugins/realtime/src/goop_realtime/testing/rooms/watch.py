# SPDX-License-Identifier: MIT
"""The eye on a simulated world of rooms: what must hold at every step, and counts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from goop_realtime.model.message_ids import parsed
from goop_realtime.rooms.entries import Leaving, RoomEntry, is_arrival
from goop_realtime.rooms.positions import ORIGIN, Position
from goop_realtime.rooms.records import (
    AppendEntry,
    ClaimEpoch,
    CutLog,
    DropRefusal,
    DropRoom,
    DropRoomOutgoing,
    SaveRefusal,
    SaveRoom,
    SaveRoomOutgoing,
    SetBase,
)
from goop_realtime.testing.rooms.disk import RoomDisk
from goop_realtime.testing.rooms.pasts import Kept, Past
from goop_realtime.testing.rooms.traffic import Traffic
from goop_realtime.testing.seen import Violation, demand
from goop_realtime.testing.watch import Watch

if TYPE_CHECKING:
    from goop_realtime.rooms.stored import StoredRoom
    from goop_realtime.testing.node import SimNode
    from goop_realtime.testing.rooms.node import RoomNode
    from goop_realtime.testing.rooms.page import RoomPage
    from goop_realtime.testing.rooms.world import RoomWorld


LONG_MS = 3_000
"""Longer than a claim takes where nobody waits for anybody."""


class RoomWatch(Watch):
    """What is known of a world of rooms, and what must hold in it."""

    _world: RoomWorld

    def __init__(self, world: RoomWorld) -> None:
        super().__init__(world)
        self._world = world
        self.traffic = Traffic(world, self.seen)
        self.pasts: dict[str, Past] = {}
        """By room."""
        self.kept: dict[tuple[str, str], Kept] = {}
        """By ``(node, room)``: what the node has committed of its log."""
        self.accepted: dict[tuple[str, str], str] = {}
        """``(room, message id)`` -> the node that has taken it from a page."""
        self.refused: set[tuple[str, str]] = set()
        """``(room, message id)`` of what some host has refused."""
        self._withheld: set[tuple[str, str, Position]] = set()
        """``(node, room, position)`` of private messages whose content is not there."""
        self.trimmed: set[tuple[str, str]] = set()
        """``(room, message id)`` of what some node holds no more, since all members had it."""
        self.gone: set[tuple[str, str]] = set()
        """``(room, message id)`` of what was given up when its node left."""
        self._had: dict[tuple[str, str], set[str]] = defaultdict(set)
        """``(room, message id)`` -> the nodes that ever had it in their logs."""
        self._skipped: dict[str, set[str]] = defaultdict(set)
        """The nodes that began a room's log with a snapshot."""
        self._epochs: set[tuple[str, str, int]] = set()
        """``(node, room, number)`` of every time as host."""

    def past(self, room: str) -> Past:
        """All positions of a room."""
        return self.pasts.setdefault(room, Past(room))

    def _kept(self, who: str, room: str) -> Kept:
        found = self.kept.get((who, room))
        if found is None:
            found = self.kept[who, room] = Kept(self.past(room), who)
        return found

    # Commits

    def committed(self, node: SimNode, records: Sequence[Any]) -> None:
        """A node's step is on its disk."""
        if isinstance(node.journal, RoomDisk):
            demand(not node.journal.orphans, f"{node.peer_id} writes {node.journal.orphans}")
        for record in records:
            handler = _RECORDS.get(type(record))
            if handler is not None:
                handler(self, node.peer_id, record)

    def _append(self, who: str, record: AppendEntry) -> None:
        entry = record.entry
        here = (who, record.channel, entry.position)
        if entry.withheld:
            self._withheld.add(here)
        elif entry.to:
            self._withheld.discard(here)
            room = self._world.members[who].room(record.channel)
            may = who in (entry.author, entry.to) or (room is not None and room.hosting is not None)
            demand(may, f"{who} has the content of {entry.id}, which is for {entry.to}")
        new = self._kept(who, record.channel).append(entry)
        if entry.kind == "msg":
            self._had[record.channel, entry.id].add(who)
        if entry.kind == "msg" and entry.author == who:
            self.accepted.setdefault((record.channel, entry.id), who)
        if new:
            self.seen.counts[f"entry {_kind(entry)}"] += 1
        if self._world.story is not None:
            self._world.tell(f"{who} commits {words(entry)}")

    def _cut(self, who: str, record: CutLog) -> None:
        count = self._kept(who, record.channel).cut(record.seq)
        self.seen.counts["rewind" if count else "cut of nothing"] += 1
        self._world.tell(f"{who} cuts {count} above {record.seq}")

    def _base(self, who: str, record: SetBase) -> None:
        kept = self._kept(who, record.channel)
        for said in kept.below(record.base.seq):
            self.trimmed.add((record.channel, said.id))
        beyond = kept.rebase(record.base)
        if beyond:
            self._skipped[record.channel].add(who)
            # What is below is known to be in the log, and not held.
            ids = kept.past.ids(kept.last)
            self.trimmed |= {(record.channel, message_id) for message_id in ids}
        self.seen.counts["snapshot taken" if beyond else "trim"] += 1
        self._world.tell(f"{who} begins at {record.base.seq}{' by a snapshot' * beyond}")

    def _claim(self, who: str, record: ClaimEpoch) -> None:
        epoch = (who, record.channel, record.number)
        demand(epoch not in self._epochs, f"{who} begins {record.number} again")
        self._epochs.add(epoch)
        self.seen.counts["claim"] += 1
        self._world.tell(f"{who} is host in {record.number % 10_000_000}")

    def _outgoing(self, who: str, record: SaveRoomOutgoing) -> None:
        key = (record.channel, record.outgoing.id)
        if key in self.accepted:
            self.seen.counts["again in an outbox"] += 1
        self.accepted[key] = who
        self._world.tell(f"{who} takes {record.outgoing.id}")

    def _no_outgoing(self, who: str, record: DropRoomOutgoing) -> None:
        room = self._world.members[who].room(record.channel)
        if room is None or room.final:
            self.gone.add((record.channel, record.id))
        self._world.tell(f"{who} is done with {record.id}")

    def _refusal(self, who: str, record: SaveRefusal) -> None:
        self.seen.counts[f"refusal {record.outcome.code}"] += 1
        self.refused.add((record.channel, record.id))
        self._world.tell(f"{who} keeps {record.outcome.code} of {record.id}")

    def _no_refusal(self, who: str, record: DropRefusal) -> None:
        kept = self._kept(who, record.channel)
        if record.id in kept.past.ids(kept.last):
            self.seen.counts["refusal withdrawn"] += 1

    def _room(self, who: str, record: SaveRoom) -> None:
        self._world.tell(f"{who} is in {record.row['name']}")

    def _drop(self, who: str, record: DropRoom) -> None:
        self.kept.pop((who, record.channel), None)
        handle = record.channel
        self.gone |= {key for key, of in self.accepted.items() if of == who and key[0] == handle}
        self._world.tell(f"{who} forgets {handle}")

    # Starts

    def forgets(self, node: SimNode) -> None:
        """A node has lost commits."""
        self.seen.lossy.add(node.peer_id)
        for key in [key for key in self.kept if key[0] == node.peer_id]:
            del self.kept[key]

    def begins(self, node: RoomNode, stored: dict[str, StoredRoom]) -> None:
        """A node starts from this: after a kill it has all that it had committed."""
        who = node.peer_id
        for key in [key for key in self.kept if key[0] == who]:
            found = stored.get(key[1])
            demand(found is not None, f"{who} has forgotten {key[1]}")
        for handle, room in stored.items():
            before = self.kept.get((who, handle))
            kept = self.kept[who, handle] = Kept(self.past(handle), who)
            if room.base is not None:
                kept.rebase(room.base)
            for entry in room.entries:
                kept.append(entry)
            if before is not None:
                demand(before.last == kept.last, f"{who} had {before.last} and has {kept.last}")

    def started(self, node: SimNode) -> None:
        """See ``begins``."""

    def agree(self) -> None:
        """That is looked at when all is at rest; here, who waits for others to come back."""
        for node in self._world.members.values():
            for room in node.all_rooms() if node.up else ():
                if room.seeking is not None and node.now() - room.seeking.since > LONG_MS:
                    self.seen.counts["seeks for long"] += 1

    # Pages

    def given(
        self,
        page: RoomPage,
        room: str,
        before: Position,
        position: Position,
        author: str,
        message_id: str,
    ) -> None:
        """A page is told of a message, and was told of everything up to ``before``.

        ``ORIGIN``: it is the first that it hears.
        """
        who, past = page.node.peer_id, self.past(room)
        if position not in past.places:
            raise Violation(f"{page.id} is told of {position} before it is stored")
        said = past.places[position].said
        demand((said.author, said.id) == (author, message_id), f"{page.id} is told {message_id}")
        demand(author != who or parsed(message_id).page != page.id, f"{message_id} is its own")
        at = past.places[position].before
        while at.seq > before.seq and before != ORIGIN:
            passed = past.places[at].said
            own = passed.author == who and parsed(passed.id).page == page.id
            others = bool(passed.to) and who not in (passed.to, passed.author)
            hidden = others or (who, room, at) in self._withheld
            if not (passed.kind == "open" or passed.is_again or own or hidden):
                raise Violation(
                    f"{page.id} hears of {position} after {before}, and nothing of {at} ({passed})"
                )
            at = past.places[at].before
        if before not in (at, ORIGIN):
            raise Violation(
                f"{page.id} was at {before}, and hears of {position}, which is behind {at}"
            )
        self.seen.counts["message"] += 1
        self._world.tell(f"{page.id} gets {message_id} {position.seq}")

    def promised(self, page: RoomPage, room: str, message_id: str, stage: str, by: str) -> None:
        """A page is told how far its message is: that must be true of the others.

        Whoever begins with a snapshot counts as having had what is in it.
        """
        had = self._had[room, message_id] | self._skipped[room]
        if by:
            demand(by in had, f"{message_id} is handled by {by}, which never had it")
        elif len(had) < 2:
            lone = (page.node.peer_id,)
            alone = any(place.members == lone for place in self.past(room).places.values())
            demand(alone, f"{message_id} is {stage}, and only {had} had it")


_RECORDS: dict[type, Any] = {
    AppendEntry: RoomWatch._append,
    CutLog: RoomWatch._cut,
    SetBase: RoomWatch._base,
    ClaimEpoch: RoomWatch._claim,
    SaveRoomOutgoing: RoomWatch._outgoing,
    DropRoomOutgoing: RoomWatch._no_outgoing,
    SaveRefusal: RoomWatch._refusal,
    DropRefusal: RoomWatch._no_refusal,
    SaveRoom: RoomWatch._room,
    DropRoom: RoomWatch._drop,
}


def _kind(entry: RoomEntry) -> str:
    """What kind it is, and what makes it special."""
    if entry.kind == "leave":
        said = msgspec.json.decode(entry.raw, type=Leaving)
        return "leave lost" if said.lost else "leave for another host" if said.next else "leave"
    if entry.kind == "join" and not is_arrival(entry):
        return "join again"
    return f"{entry.kind} private" if entry.to else entry.kind


def words(entry: RoomEntry) -> str:
    """An entry for the story."""
    about = entry.id if entry.kind == "msg" else entry.author
    to = f" to {entry.to}" if entry.to else ""
    return f"{entry.number % 10_000_000}:{entry.host}:{entry.seq} {entry.kind} {about}{to}"
