# SPDX-License-Identifier: MIT
"""One room, inside; ``Room`` is the face of it that programs see."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from goop_realtime.client.conduit import Conduit, Handler, Hub
from goop_realtime.client.errors import GoopError
from goop_realtime.client.outcomes import log
from goop_realtime.client.past import meta_of
from goop_realtime.client.protocol import frames
from goop_realtime.client.protocol.places import Cut, Item, RoomPlaces
from goop_realtime.client.protocol.settled import Settled
from goop_realtime.client.values import Gap, KeptOut, Member, Meta, Rewound, RoomDetail, RoomState

if TYPE_CHECKING:
    from goop_realtime.client.room import Room

PORTION = 1_000
"""How many ids one frame asks about."""


@dataclass(frozen=True)
class Greeting:
    """A handler for members was set, and is told of one that is there."""

    member: Member


class RoomConduit(Conduit):
    """``name`` is what it was joined by, ``members`` are as of what has been handed out."""

    end_frame = "leave"
    end_code = "left"
    start = "0::0"
    passing = True
    _places: RoomPlaces

    def __init__(
        self,
        hub: Hub,
        handle: str,
        next_id: Callable[[], str],
        make_face: Callable[[RoomConduit], Room],
    ) -> None:
        super().__init__(hub, handle, RoomPlaces(), next_id)
        self.name = ""
        self.self = ""
        self.max_peers = 0
        self.members: tuple[Member, ...] = ()
        self.state: RoomState = "joining"
        self.detail = RoomDetail()
        self._greeted: set[str] = set()
        self._mine = Settled()
        self._face = make_face(self)

    def face(self) -> Room:
        """It as it is now: what it missed is no news."""
        self._missed_state = None
        return self._face

    def hear(self, name: str, handler: Handler | None) -> None:
        """The program has assigned a handler; one for members hears of those that are there."""
        if name == "on_member_join":
            self._greeted.clear()
            self._places.first([Greeting(member) for member in self.members])
        super().hear(name, handler)

    # What the node says

    def received(self, frame: frames.Frame) -> None:
        """A frame about it."""
        match frame:
            case frames.Room():
                self.tell_state(frame)
            case frames.Message() | frames.Member():
                self._places.entry(frame)
            case frames.Rewound():
                self._places.rewound(frame)
                self._question(frame.to)
            case frames.Gap():
                self._places.gap(frame)
                self._question(0)
            case frames.Receipt() | frames.Refused() if not self.sending.knows(frame.id):
                code = self._mine.answer(frame)
                if code is not None:
                    words, about = frame.reason, frame.id
                    self.error(GoopError(code, words, id=about, channel_id=self.handle))
        super().received(frame)

    def tell_state(self, told: frames.Room) -> None:
        """How it is, by a frame or an endpoint."""
        if self.ended is not None:
            return
        self.name = told.room or self.name
        self.context = told.context or self.context
        self.version = told.version or self.version
        self.self = told.self or self.self
        self.max_peers = told.max_peers or self.max_peers
        self.sending.limit(told)
        host = told.host or self.detail.host
        apart = tuple(KeptOut(one.peer_id, one.peer_label, one.reason) for one in told.apart or ())
        detail = RoomDetail(told.code, told.reason, told.suspended, host, apart)
        if told.state == "left":
            error = GoopError(detail.code or "left", detail.reason, channel_id=self.handle)
            self.end(error, lambda: self._change("left", detail))
            self.sending.end(error.code)
            return
        self._places.stands(told)
        self._change(told.state, detail)
        self.tell_openers()

    def _change(self, state: RoomState, detail: RoomDetail) -> None:
        if (state, detail) != (self.state, self.detail):
            self.state, self.detail = state, detail
            self.changed(state, detail)

    def cut_off(self) -> None:
        """The node is away."""
        if self.state == "joined":
            code, reason = "node_unreachable", "the node is away"
            self._change("joined", replace(self.detail, code=code, reason=reason, suspended=True))

    def place(self) -> dict[str, Any]:
        """What a ``subscribe`` says of how far this program is.

        A node that comes back may have lost what lies above the last thing that it has told here.
        """
        asked = [*self.sending.outbox.questions(), *self._mine.question(self._places.seq)]
        return {
            "after": self._places.after,
            "handled": self._places.handled,
            "failed": self._places.failed,
            "pending": asked,
        }

    def _question(self, seq: int) -> None:
        """The log has changed above a number: what became of this program's messages there?"""
        ids = [*self.sending.outbox.above(seq), *self._mine.question(seq)]
        for at in range(0, len(ids), PORTION):
            asked = {self.handle: ids[at : at + PORTION]}
            self.hub.write({"type": "subscribe", "channels": [self.handle], "pending": asked})

    def all_said(self, message_id: str, seq: float) -> None:
        """All was said of a message; another host may say otherwise."""
        self._mine.add(message_id, seq)

    # What is handed out

    async def hand(self, item: Item) -> bool:
        """Give an item to its handler; whether that returned in good order."""
        told = item.told
        match told:
            case frames.Latest():
                return await self.give(meta_of(told), told.data)
            case frames.Message():
                # Another host may have given it another place.
                first = self._places.is_first(told.id)
                return not first or await self.give(meta_of(told), told.data)
            case frames.Member(kind="join"):
                return await self._comes(member_of(told.peer))
            case frames.Member():
                return await self._goes(told.peer.peer_id)
            case Greeting():
                return await self._greet(told.member)
            case Cut():
                await self._become(told.members)
                return await self.call("on_rewound", Rewound(told.before, told.to))
            case frames.Gap():
                await self._become(told.members or ())
                if "on_gap" not in self.handlers:
                    log.warning("%s: messages are gone", self.handle)
                return await self.call("on_gap", Gap(told.since, told.to))
        return await self._become(told.members)

    async def give(self, meta: Meta, data: Any) -> bool:
        """Give a message to its handler; whether that returned in good order."""
        return await self.call("on_message", meta.sender, data, meta)

    async def _become(self, peers: Iterable[frames.Peer]) -> bool:
        """One after the other, what makes these the members."""
        members = [member_of(peer) for peer in peers]
        stay = {member.peer_id for member in members}
        for member in self.members:
            if member.peer_id not in stay:
                await self._goes(member.peer_id)
        for member in members:
            await self._comes(member)
        self.members = tuple(members)
        return True

    async def _comes(self, member: Member) -> bool:
        if self._find(member.peer_id) is not None:
            return True
        self.members = (*self.members, member)
        return await self._greet(member)

    async def _goes(self, peer_id: str) -> bool:
        member = self._find(peer_id)
        if member is None:
            return True
        self.members = tuple(one for one in self.members if one is not member)
        self._greeted.discard(peer_id)
        return peer_id == self.self or await self.call("on_member_leave", member)

    async def _greet(self, member: Member) -> bool:
        known = member.peer_id in self._greeted or member.peer_id == self.self
        if known or "on_member_join" not in self.handlers or self._find(member.peer_id) is None:
            return True
        self._greeted.add(member.peer_id)
        return await self.call("on_member_join", member)

    def _find(self, peer_id: str) -> Member | None:
        return next((one for one in self.members if one.peer_id == peer_id), None)

    def takes_signals(self) -> bool:
        """Where there is a host."""
        return self.state == "joined" and not self.detail.suspended

    def is_open(self) -> bool:
        """Whether this node is a member."""
        return self.state == "joined" and self.ended is None


def member_of(told: frames.Peer) -> Member:
    """A member, as programs are given it."""
    return Member(told.peer_id, told.peer_label)
