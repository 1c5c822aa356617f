# SPDX-License-Identifier: MIT
"""One channel as its node holds it: which phase, who takes part, its log, and what is ours."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import msgspec

from goop_node.types import JsonValue
from goop_realtime.contexts.channel_session import ChannelSession
from goop_realtime.contexts.registry import Context
from goop_realtime.machine.link import Link
from goop_realtime.machine.member import Member
from goop_realtime.machine.newest import Unlogged
from goop_realtime.model.contract import Contract
from goop_realtime.model.effects import Outcome, Outgoing
from goop_realtime.model.limits import (
    OUTBOX_BYTES,
    OUTBOX_MESSAGES,
    Bucket,
)
from goop_realtime.model.log import Log, Position
from goop_realtime.model.obstacles import Obstacle
from goop_realtime.model.outcomes import Outcomes
from goop_realtime.types import OpenRequest

BEST_EFFORT = "best-effort"
"""``delivery`` of a channel with a 1.0.0 peer: no log there, nothing is confirmed."""


class Phase(StrEnum):
    """Where a channel is in its life."""

    ASKING = "asking"
    """Host: the invitation is out."""
    ASKED = "asked"
    """Guest: the invitation waits for a person's answer."""
    JOINING = "joining"
    """Guest: accepted; the host's welcome is awaited."""
    OPEN = "open"
    """Both agreed. With a link it is connected, without one suspended."""
    CLOSED = "closed"
    """Final. Kept for a while so that late questions get an answer."""


@dataclass(frozen=True, slots=True)
class Said:
    """A message of our own pages that has passed its schema: nothing of it is done twice.

    ``judged`` is the position behind which the Session took it, where that was asked.
    """

    data: JsonValue
    judged: Position | None = None


@dataclass(eq=False, slots=True)
class Channel:
    """The state of one channel. Sequence numbers are of its log; times are Unix ms.

    Queues are lists, since an empty deque takes 760 bytes, and many channels that have ended are
    remembered. None is longer than ``OUTBOX_MESSAGES``.
    """

    me: str
    """This node's peer id."""
    host: str
    """Who gives the log its order, a peer id."""
    members: dict[str, Member]
    """Everybody else who takes part, by peer id."""
    request: OpenRequest
    hosted: bool = field(init=False)
    """Whether this node gives the log its order."""
    id: str = field(init=False)
    """``rt-`` and 16 hex digits, made by its opener."""
    context: Context
    session: ChannelSession
    owner: str | None
    phase: Phase
    expires_at: int
    epoch: int = 0
    """Host: that of its node's present start. Guest: the newest that it was told of."""
    first_epoch: int = 0
    """Host: the one in which the channel was asked for."""
    delivery: str = "log"
    contract: Contract | None = None
    """What is stored goes by, and ``start_state`` with it, where that is not the context now."""
    judged: int = 0
    """Up to which entry other versions of the context have judged the log."""
    log: Log = field(default_factory=Log)
    start_state: JsonValue = None
    """The Session's state where the log starts; ``None`` at the very beginning."""
    untrimmable: int = 0
    """The length of the log below which it is not tried again to trim it, after that failed."""
    outbox: dict[str, Outgoing] = field(default_factory=dict)
    said: dict[str, Said] = field(default_factory=dict)
    """What was put into the outbox since this node started, by message id."""
    outcomes: Outcomes = field(default_factory=Outcomes)
    """Of our own pages' messages."""
    handled: int = 0
    handled_theirs: int = 0
    """The newest that our pages really handled; from there ``handled`` only passed over our own."""
    written: int = 0
    """Up to where ``handled`` was moved by a page that does not ack: written, not handled."""
    failures: list[int] = field(default_factory=list)
    """The newest entries that handlers of our pages failed on."""
    handed_out: int = 0
    """The newest entry that any page was given."""

    held: bool = False
    """Host, after a start: its own messages wait in the outbox for the first join."""
    restored: bool = False
    """Host: rebuilt from the journal and not joined since; a power cut may have shortened it."""
    fresh: bool = False
    """Asked for with ``new``: it never merges with another of the same context."""

    obstacle: Obstacle | None = None
    """What keeps this node or the other from taking part; where it is here there is no link."""
    close_code: str = ""
    close_reason: str = ""
    closed_at: int = 0
    resting: bool = False
    """It has ended, and time does nothing to it any more but to have it forgotten."""
    closing: bool = False
    replaced_by: str = ""
    hidden: bool = False
    """Guest: a crossing request, not shown while our own one for the same is pending."""
    shown_on: set[str] = field(default_factory=set)
    """Guest: ids of the pages that show the request."""
    asked_at: int = 0
    """Guest: when the request first came (Unix ms), for people to read."""
    missed: bool = False
    """Guest: a request that ended without an answer, kept for the person."""

    unhandled: list[tuple[int, int]] = field(default_factory=list)
    """``(seq, bytes)`` of our own ordered entries that not everybody has handled."""
    unhandled_bytes: int = 0
    outbox_bytes: int = 0
    undelivered: list[tuple[int, str]] = field(default_factory=list)
    unfinished: list[tuple[int, str]] = field(default_factory=list)
    """``(seq, message id)`` of our pages' messages that still await a receipt."""
    bucket: Bucket | None = None
    """What our pages may send."""
    unlogged: Unlogged | None = None
    """Messages in no log; ``None`` where there are none."""

    def __post_init__(self) -> None:
        self.id = self.request.channel
        self.hosted = self.host == self.me

    @property
    def final(self) -> bool:
        """Whether it can never be connected again."""
        return self.phase is Phase.CLOSED

    @property
    def other(self) -> Member:
        """The other one of a channel of two."""
        (other,) = self.members.values()
        return other

    @property
    def links(self) -> list[Link]:
        """The living streams of the channel."""
        return [member.link for member in self.members.values() if member.link is not None]

    @property
    def had_by_all(self) -> int:
        """Up to where every member's node has the log."""
        return min((member.has for member in self.members.values()), default=self.log.last[1])

    @property
    def handled_by_all(self) -> int:
        """Up to where every member's pages have handled it."""
        return min((member.handled for member in self.members.values()), default=self.log.last[1])

    @property
    def close_acked(self) -> bool:
        """Whether every member has the close that the log ends with."""
        return all(member.close_acked for member in self.members.values())

    @property
    def linked(self) -> bool:
        """Whether messages may go both ways at the moment."""
        return self.obstacle is None and any(one.link for one in self.members.values())

    @property
    def barred(self) -> bool:
        """Whether this node cannot take part: there is no Session that knows the log."""
        return self.obstacle is not None and self.obstacle.here

    @property
    def goes_by(self) -> Contract:
        """What is stored of the context with it."""
        now = msgspec.structs.replace(self.context.contract, judged=self.judged)
        return self.contract or now

    @property
    def closed_by_log(self) -> bool:
        """Whether its log ends with a close, so that the other side can be given its end."""
        last = self.log.get(self.log.last[1])
        return last is not None and last.kind == "close"

    @property
    def living(self) -> bool:
        """Whether it is agreed, or about to be."""
        return self.phase in (Phase.ASKING, Phase.JOINING, Phase.OPEN) and not self.closing

    @property
    def handled_stage(self) -> str:
        """What ``handled`` stands for: ``page`` (handlers returned) or only ``written``."""
        return "written" if 0 < self.handled <= self.written else "page"

    @property
    def page_state(self) -> str:
        """What pages call it: ``connecting``, ``connected`` or ``disconnected``."""
        if self.phase in (Phase.ASKING, Phase.ASKED, Phase.JOINING) and not self.closing:
            return "connecting"
        if self.phase is Phase.OPEN and self.linked and not self.closing:
            return "connected"
        return "disconnected"

    def room_for(self, size: int) -> bool:
        """Whether its node's author may have another ``size`` bytes accepted."""
        count = len(self.outbox) + len(self.unhandled)
        waiting = self.outbox_bytes + self.unhandled_bytes
        return count < OUTBOX_MESSAGES and waiting + size <= OUTBOX_BYTES

    @property
    def own_pages_behind(self) -> bool:
        """Whether our pages have left so much unhandled that they may add nothing to it.

        The other side may have handled all of ours, but behind what our pages have not handled
        nothing can leave the log.
        """
        unread = self.log.last[1] - self.handled
        return unread >= 3 * OUTBOX_MESSAGES or self.log.size >= 4 * OUTBOX_BYTES

    def remember(self, author: str, message_id: str, outcome: Outcome) -> None:
        """Keep what became of a message, for when its author sends it again."""
        known = self.outcomes_of(author)
        known.remember(message_id, outcome)
        if author == self.me:
            known.accepted(message_id)
        if self.hosted and not outcome.code and outcome.epoch < self.epoch:
            known.ordered_before(message_id)

    def takes_part(self, peer: str) -> bool:
        """Whether that is this node, or a member."""
        return peer == self.me or peer in self.members

    def outcomes_of(self, author: str) -> Outcomes:
        """What became of the messages of this node, or of a member; ``ValueError`` for others."""
        if author == self.me:
            return self.outcomes
        if author not in self.members:
            raise ValueError(f"{author!r} is no member")
        return self.members[author].outcomes

    def put_out(self, outgoing: Outgoing, said: Said | None = None) -> None:
        """Put a message into the outbox, with what is known of it beside what is stored."""
        self.outcomes.accepted(outgoing.id)
        self.outbox[outgoing.id] = outgoing
        self.outbox_bytes += len(outgoing.raw)
        if said is not None:
            self.said[outgoing.id] = said

    def put_back(self, outgoing: Outgoing) -> None:
        """Put what was taken out first back into its place, in front of the others."""
        self.outbox = {outgoing.id: outgoing, **self.outbox}
        self.outbox_bytes += len(outgoing.raw)

    def take_out(self, message_id: str) -> Outgoing | None:
        """Take a message out of the outbox."""
        self.said.pop(message_id, None)
        outgoing = self.outbox.pop(message_id, None)
        if outgoing is not None:
            self.outbox_bytes -= len(outgoing.raw)
        return outgoing

    def row(self) -> dict[str, Any]:
        """What the journal keeps of the channel itself; its members have rows of their own."""
        request = self.request
        return {
            "context": request.context,
            "opener": request.opener,
            "peers": list(request.peers),
            "params": request.params,
            "base": request.initial_state,
            "app": request.app,
            "version": request.version,
            "contract": msgspec.to_builtins(self.goes_by),
            "host": self.host,
            "owner": self.owner,
            "phase": self.phase.value,
            "expiresAt": self.expires_at,
            "epoch": self.epoch,
            "firstEpoch": self.first_epoch,
            "closeCode": self.close_code,
            "closeReason": self.close_reason,
            "closedAt": self.closed_at,
            "replacedBy": self.replaced_by,
            "fresh": self.fresh,
            "askedAt": self.asked_at,
            "missed": self.missed,
            "delivery": self.delivery,
            "failures": list(self.failures),
            "obstacle": None if self.obstacle is None else msgspec.to_builtins(self.obstacle),
        }
