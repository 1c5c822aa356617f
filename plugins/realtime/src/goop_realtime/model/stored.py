# SPDX-License-Identifier: MIT
"""What is kept of a channel, as a start gets it: the forms of its records."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec

from goop_node.types import JsonValue
from goop_realtime.model.contract import Contract
from goop_realtime.model.effects import Entry, Outcome, Outgoing
from goop_realtime.model.jsonio import MalformedJson, decode
from goop_realtime.model.obstacles import Obstacle
from goop_realtime.model.wire import (
    MAX_CONTEXT,
    Code,
    Failed,
    Group,
    Number,
    PeerId,
    Text,
)

Name = Annotated[str, msgspec.Meta(max_length=256)]


ROW_LEVELS = 1
"""How many levels a row has around the values of pages and plugins in it."""


class ChannelRow(msgspec.Struct, rename="camel", frozen=True):
    """A channel itself; see ``Channel.row``. Times are Unix ms."""

    context: Annotated[str, msgspec.Meta(max_length=MAX_CONTEXT)]
    opener: PeerId
    peers: tuple[PeerId, PeerId]
    host: PeerId
    phase: Literal["asking", "asked", "joining", "open", "closed"]
    expires_at: Number
    epoch: Number
    owner: Name | None = None
    params: Any = None
    initial_state: Any = msgspec.field(default=None, name="base")
    app: Name = ""
    version: Name = ""
    first_epoch: Number = 0
    close_code: Code = ""
    close_reason: Text = ""
    closed_at: Number = 0
    replaced_by: Group = ""
    fresh: bool = False
    asked_at: Number = 0
    missed: bool = False
    delivery: Literal["log", "best-effort"] = "log"
    failures: Failed = []
    contract: Contract | None = None
    obstacle: Obstacle | None = None

    def __post_init__(self) -> None:
        for role, peer in (("host", self.host), ("opener", self.opener)):
            if peer not in self.peers:
                raise ValueError(f"its {role} {peer!r} takes no part in it")
        if len(set(self.peers)) < len(self.peers):
            raise ValueError("somebody takes part in it twice")


class MemberRow(msgspec.Struct, rename="camel", frozen=True):
    """One of its members; see ``Member.row``. Times are Unix ms."""

    label: Name
    suspended_at: Number | None = None
    close_acked: bool = False
    failures: Failed = []


class Stored:
    """What the journal holds of one channel. ``flaws`` says what had to be left out of it."""

    def __init__(self, row: ChannelRow) -> None:
        self.row = row
        self.members: dict[str, MemberRow] = {}
        """By peer id."""
        self.start: tuple[int, int] = (0, 0)
        self.snapshot: JsonValue = None
        self.entries: list[Entry] = []
        self.outbox: list[Outgoing] = []
        self.outcomes: list[tuple[str, str, Outcome]] = []
        self.cursors: dict[tuple[str, str], int] = {}
        """By peer id and name."""
        self.flaws: list[str] = []

    def remember(self, author: str, message_id: str, outcome: Outcome) -> None:
        """What became of a message. Raises ``MalformedJson`` where its author takes no part."""
        if author not in self.row.peers:
            raise MalformedJson("stranger", f"{author!r} takes no part in the channel")
        self.outcomes.append((author, message_id, outcome))

    def take(self, entry: Entry) -> None:
        """An entry of the log, or below its start one whose id is remembered.

        What stands behind a hole is not the log's: the other node gives it back, as after a
        power cut.
        """
        last = self.entries[-1].seq if self.entries else self.start[1]
        if entry.author not in self.row.peers:
            raise MalformedJson("stranger", f"entry {entry.seq} is of {entry.author!r}")
        if entry.seq <= self.start[1]:
            outcome = Outcome(epoch=entry.epoch, seq=entry.seq)
            self.outcomes.append((entry.author, entry.id, outcome))
        elif entry.seq == last + 1:
            decode(entry.raw)
            self.entries.append(entry)
        else:
            raise MalformedJson("hole", f"entry {entry.seq} follows {last}")
