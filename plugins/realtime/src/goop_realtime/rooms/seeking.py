# SPDX-License-Identifier: MIT
"""What a node knows while it wants a room and has no host; ``finding.py`` decides what it does.

It is the same for the first claim, after a restart, and when a host is lost.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from goop_realtime.rooms.find_lines import Guest, Host, Out, Seek
from goop_realtime.rooms.room import Phase, Room
from goop_realtime.rooms.rooms import Shared

ANSWER_MS = 1000
"""How long an answer counts."""
SKIP_MS = 400
"""How long a host that could not be joined is passed over."""
REFUSED_MS = 1000
"""How long one is that has refused us."""
GRACE_MS = 10_000
"""How long a minority waits for the others, and a host for a member that is gone."""

Standing = Seek | Host | Guest | Out


@dataclass(eq=False)
class Answer:
    """How a peer stands to the room, and when it said so (Unix ms)."""

    line: Standing
    at: int


@dataclass(eq=False)
class Seeking:
    """What is known while there is no host. Times are Unix ms."""

    since: int
    lost: str = ""
    """The host that was followed last."""
    reset: bool = False
    """Whether its stream was reset: most likely it is gone."""
    hint: str = ""
    """Who is said to be host, or is to be; that may be this node."""
    ask_at: int = 0
    ask_absent_at: int = 0
    answers: dict[str, Answer] = field(default_factory=dict)
    """The newest one of each peer."""
    skipped: dict[str, int] = field(default_factory=dict)
    """Until when hosts are passed over."""
    impostors: set[str] = field(default_factory=set)
    """Hosts that have not the room's key."""
    refused_since: int | None = None
    """Since when hosts have refused this node."""
    joins: str = ""
    """The host that is being joined."""
    joins_since: int = 0
    """Since when a stream to it is being opened."""

    def fresh(self, now: int) -> dict[str, Standing]:
        """The answers that count."""
        return {
            peer: answer.line
            for peer, answer in self.answers.items()
            if now - answer.at <= ANSWER_MS
        }


def begin(sh: Shared, room: Room, *, lost: str = "", reset: bool = False, hint: str = "") -> None:
    """The room has no host any more, or never had one; look for one, ``hint`` first."""
    room.phase = Phase.SEEKING
    room.link = room.hosting = None
    room.seeking = Seeking(since=sh.now, lost=lost, reset=reset, hint=hint)
    sh.note(room, "node", "room_seeking", detail=f"lost {lost}" if lost else "")
    sh.tell(room)


def failed(sh: Shared, room: Room, peer: str, code: str, *, skip_ms: int = SKIP_MS) -> None:
    """A host could not be joined: look on, without it for a while."""
    seeking = room.seeking
    if seeking is not None:
        sh.note(room, "link", code, detail=f"joining {peer} failed")
        room.phase, room.link = Phase.SEEKING, None
        seeking.joins = ""
        seeking.skipped[peer] = sh.now + skip_ms
        sh.grow(room)
