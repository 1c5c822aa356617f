# SPDX-License-Identifier: MIT
"""One room as its node holds it: which phase, its log and what that comes to, and what is ours."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import msgspec

from goop_realtime.contexts.channel_session import ChannelSession
from goop_realtime.contexts.registry import Context
from goop_realtime.machine.newest import Newest
from goop_realtime.model.contract import Contract
from goop_realtime.model.limits import Bucket
from goop_realtime.rooms.entries import RoomEntry
from goop_realtime.rooms.fold import Fold
from goop_realtime.rooms.log import Base, RoomLog
from goop_realtime.rooms.outbox import Outbox, Refusals
from goop_realtime.rooms.positions import NO_EPOCH, Epoch
from goop_realtime.rooms.signatures import Roots
from goop_realtime.rooms.stored import RoomRow
from goop_realtime.types import OpenRequest

if TYPE_CHECKING:
    from goop_realtime.rooms.links import Link
    from goop_realtime.rooms.seeking import Seeking

HANDLE = "room-"
"""What handles begin with, in whatever they are mixed with channels' ids."""
DEFAULT_MAX_PEERS = 8


def handle_of(name: str) -> str:
    """What pages, logs and the journal call the room; the same on every node."""
    return HANDLE + sha256(name.encode()).hexdigest()[:16]


def is_room(channel_id: str) -> bool:
    """Whether that is a room's handle, and not a channel's id."""
    return channel_id.startswith(HANDLE)


class Phase(StrEnum):
    """Where a node stands to a room."""

    SEEKING = "seeking"
    """It wants the room and has no host."""
    JOINING = "joining"
    """A host has answered; its welcome is awaited."""
    GUEST = "guest"
    """It follows a host."""
    HOST = "host"
    """It gives the log its order."""
    LEAVING = "leaving"
    """It was host, has said who is next, and waits until that one has it."""
    LEFT = "left"
    """Final. Kept for a while so that late questions get an answer."""


@dataclass(eq=False)
class Hosting:
    """What a host knows of the others. Sequence numbers are of the log; times are Unix ms."""

    links: dict[str, Link] = field(default_factory=dict)
    """The living stream of each member that has one, by peer id."""
    absent: dict[str, int] = field(default_factory=dict)
    """Since when members have none."""
    stored: dict[str, int] = field(default_factory=dict)
    """Up to where members have stored the log."""
    ask_at: int = 0
    """When it asks again whether somebody else is host."""
    stable_at: int = 0
    """When it may tell again what is stable."""
    stable_due: bool = False
    wanted: dict[int, set[str]] = field(default_factory=dict)
    """Who waits for the content of which private entry."""
    apart: dict[str, tuple[int, str]] = field(default_factory=dict)
    """Whose version of the context keeps them out of the room: since when, and why, in words."""
    next: str = ""
    """Who follows it, where it leaves."""
    leaves_at: int = 0
    """When it goes although that one has said nothing."""


@dataclass(eq=False)
class Room:
    """The state of one room. Sequence numbers are of its log; times are Unix ms."""

    me: str
    """This node's peer id."""
    id: str
    """What people join it by."""
    name: str
    """What nodes ask each other for."""
    context: Context
    context_name: str
    """The full name; ``""`` for none."""
    max_peers: int
    """How many may be in it, where this node has to make it."""
    listed: bool = True
    secret: str = ""
    """What is proved of a room with a key."""
    owners: list[str | None] = field(default_factory=list)
    """The templates whose pages joined it; ``""`` is home, ``None`` a program."""
    phase: Phase = Phase.SEEKING
    code: str = ""
    reason: str = ""
    left_at: int = 0
    """Why and since when it is left."""
    kept: bool = False
    """Whether what is stored of it is kept though it is left: it may go on when a plugin does."""

    log: RoomLog = field(default_factory=RoomLog)
    fold: Fold = field(default_factory=Fold)
    session: ChannelSession | None = None
    """``None`` before there is an ``open`` entry."""
    checkpoints: list[Base] = field(default_factory=list)
    """What the log came to at some positions above its base, ascending."""
    epoch: Epoch = NO_EPOCH
    """The host's that is followed, or our own."""
    own_epoch: int = 0
    """The number of the newest epoch of our own."""
    seen: int = 0
    """The greatest number of an epoch that was heard of."""
    last_host: str = ""
    """Who was followed last, or this node where it was host itself."""

    outbox: Outbox = field(default_factory=Outbox)
    refusals: Refusals = field(default_factory=lambda: Refusals(""))
    bucket: Bucket | None = None
    """What our pages may send."""

    unsigned: list[tuple[RoomEntry, bytes]] = field(default_factory=list)
    """What was ordered of our own in this step, with what is to be signed of each."""
    roots: Roots = field(default_factory=dict)
    """Of messages that share a signature, what was found to be signed."""
    nonces: dict[str, int] = field(default_factory=dict)
    """Our questions to others, and when they were asked."""
    newest: Newest = field(default_factory=Newest)
    """The values of messages of which only the newest counts."""
    paces: dict[str, Bucket] = field(default_factory=dict)
    """What our pages may send of each type that is bounded by itself."""
    seeking: Seeking | None = None
    """While there is no host."""
    link: Link | None = None
    """Guest: the stream to the host. It is there from the moment the host may be asked to join."""
    hosting: Hosting | None = None
    """While this node is host."""
    stuck: Epoch | None = None
    """The host whose log this node's version cannot follow: it is not asked again."""
    since: Contract | None = None
    """By what the log goes, where that is not ``context`` as it is now."""
    unsettled: Contract | None = None
    """By what goes what is stored, where nobody else goes by this node's major version yet."""
    judged: int = 0
    """Up to which entry other versions of ours have judged the log."""

    handled: int = 0
    """Up to where our pages have handled it."""
    handled_saved: int = 0
    handled_saved_at: int = 0
    """What was saved of that, and when."""
    others: dict[str, int] = field(default_factory=dict)
    """Up to where the pages of other members have handled it, as the host says."""
    stable: int = 0
    """Up to where all listed members have stored the log."""
    joined_at: dict[str, int] = field(default_factory=dict)
    """The number of each member's ``join``; 0 for one that the log does not hold any more."""
    lacking: dict[int, int] = field(default_factory=dict)
    """Private entries of ours whose content is not here, and when it was asked for."""
    states: dict[int, str] = field(default_factory=dict)
    """Hashes of the Session's state behind some entries."""
    state_told: int = 0
    state_told_at: int = 0
    """Behind which entry the host was told one, and when."""
    own: list[tuple[int, str]] = field(default_factory=list)
    """``(seq, message id)`` of our pages' messages that the log holds."""
    handled_by_all: int = 0
    """Up to where our pages were told that the pages of all others are done with it."""
    delivered: int = 0
    """Up to where our pages were told that their messages are safe with another node."""
    changed: bool = True
    """Whether pages are to be told how it stands."""
    was_joined: bool = False
    """Whether this node ever took part: before that, pages are told nothing of the log."""
    handed_out: int = 0
    """The newest entry that any page was given."""
    followed_at: int = 0
    """When a page or program of this node followed it last."""

    handle: str = field(init=False)
    """What pages, logs and the journal call it."""

    def __post_init__(self) -> None:
        self.handle = handle_of(self.name)

    @property
    def final(self) -> bool:
        """Whether it is left, or about to be."""
        return self.phase in (Phase.LEAVING, Phase.LEFT)

    @property
    def is_member(self) -> bool:
        """Whether this node is on the list of members."""
        return self.me in self.fold.members

    def concerns_us(self, entry: RoomEntry) -> bool:
        """Whether our pages may read a message: a host has the content of others' private ones."""
        return not entry.to or self.me in (entry.to, entry.author)

    @property
    def joined(self) -> bool:
        """Whether this node takes part at the moment."""
        if self.phase is Phase.HOST:
            return True
        return self.phase is Phase.GUEST and self.link is not None and self.link.caught_up

    @property
    def host(self) -> str:
        """Who gives the order at the moment; ``""`` for nobody."""
        return self.epoch.host if self.joined else ""

    @property
    def others_listed(self) -> list[str]:
        """The members without this node, in the order in which they joined."""
        return [peer for peer in self.fold.members if peer != self.me]

    @property
    def request(self) -> OpenRequest:
        """How the room was made, as contexts are told it."""
        opener = self.fold.opener or self.me
        return OpenRequest(
            channel=self.handle,
            context=self.context_name,
            opener=opener,
            peers=(opener,),
            version=self.fold.opening.version or "",
        )

    @property
    def goes_by(self) -> Contract:
        """What is stored of the context that the log goes by."""
        return self.since or msgspec.structs.replace(self.context.contract, judged=self.judged)

    def hear_of(self, number: int) -> None:
        """There is an epoch of that number somewhere."""
        self.seen = max(self.seen, number)

    def row(self) -> dict[str, Any]:
        """What the journal keeps of the room itself."""
        row: dict[str, Any] = msgspec.to_builtins(
            RoomRow(
                id=self.id,
                name=self.name,
                context=self.context_name,
                max_peers=self.max_peers,
                listed=self.listed,
                secret=self.secret,
                owners=self.owners,
                contract=self.unsettled or self.goes_by,
            )
        )
        return row
