# SPDX-License-Identifier: MIT
"""What a simulated page has of one room: what its handlers were given, and its own messages."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

from goop_realtime.model.message_ids import parsed
from goop_realtime.rooms.positions import ORIGIN, Epoch, Position, Run, Runs
from goop_realtime.testing.seen import demand

STAGES = ("", "accepted", "ordered", "delivered", "handled")
NOWHERE = 10**12
"""The number of an own message that stands nobody has said where."""


class Given(NamedTuple):
    """A message as it was told."""

    position: Position
    author: str
    id: str


@dataclass
class Own:
    """A message of the page's own; ``stage`` counts how many of ``STAGES`` it has reached."""

    data: Any
    to: str
    stage: int = 0
    seq: int = 0
    fate: str = ""
    """Why it is nowhere, or ``lost`` where nobody knows."""
    heard: bool = True
    """Whether the page was there all the time since: a refusal may be withdrawn meanwhile."""


@dataclass(eq=False)
class RoomView:
    """One room, as the page has it. ``who`` is the page's id."""

    who: str
    state: str = "joining"
    code: str = ""
    begun: bool = False
    runs: Runs = field(default_factory=Runs)
    """How far it was told."""
    start: int = 0
    """Above this number it was told everything."""
    given: list[Given] = field(default_factory=list)
    handled: Position = ORIGIN
    acks: bool = False
    """Whether it is about to say what is handled."""
    newest: dict[tuple[str, str], Any] = field(default_factory=dict)
    """The newest value that it was told of each author and key."""
    own: dict[str, Own] = field(default_factory=dict)
    asked: set[str] = field(default_factory=set)
    """Own messages that the node was asked about, and has not said anything of."""
    _seen: set[tuple[str, str]] = field(default_factory=set)
    """``(author, id)`` of what handlers were given, ever."""
    _since: set[tuple[str, str]] = field(default_factory=set)
    """The same, since the log was last found to be another."""
    _newest: dict[tuple[str, str], int] = field(default_factory=dict)
    """The newest counter since then, by author and page."""

    @property
    def last(self) -> int:
        """The number of the newest entry that it was told of."""
        return self.runs.last.seq

    def move(self, body: dict[str, Any]) -> Position | None:
        """An entry is told of; ``None`` where it was before."""
        position = Position(Epoch(body["epoch"], body["host"]), body["seq"])
        if position.seq <= self.last:
            return None
        self.runs.extend(position.epoch, position.seq)
        return position

    def give(self, position: Position, author: str, message_id: str) -> bool:
        """A message comes: whether its handler is to be given it."""
        key, (page, counter) = (author, message_id), parsed(message_id)
        demand(key not in self._since, f"{self.who} is given {message_id} twice")  # S1
        newest = self._newest.get((author, page), 0)
        demand(counter > newest, f"{self.who} is given {message_id} behind number {newest}")  # S2
        self._newest[author, page] = counter
        self._since.add(key)
        self.given.append(Given(position, author, message_id))
        if key in self._seen:
            return False
        self._seen.add(key)
        return True

    def cut(self, seq: int, runs: list[tuple[int, str, int]]) -> None:
        """Another log goes on behind ``seq``: give up what is above."""
        self.runs = Runs(Run(*run) for run in runs)
        while self.given and self.given[-1].position.seq > seq:
            self.given.pop()
        self._since.clear()
        self._newest.clear()
        if self.handled.seq > seq:
            self.handled = self.runs.last

    def question(self, seq: int) -> list[str]:
        """The own messages above a number of which it has to be asked what became of them."""
        self.asked |= {key for key, own in self.own.items() if own.stage > 1 and own.seq > seq}
        return sorted(self.asked)

    def receipt(self, message_id: str, stage: str, seq: int | None) -> None:
        """How far one of its own is."""
        own = self.own.get(message_id)
        if own is None:
            return
        self.asked.discard(message_id)
        if stage in STAGES:
            reached = STAGES.index(stage)
            if reached > 1:
                own.fate = ""
                own.seq = seq if seq is not None else own.seq or NOWHERE
            elif own.stage > 1:
                own.seq = NOWHERE  # it is on its way again
            own.stage = max(own.stage, reached)
        elif stage == "lost" or own.stage > 1:
            own.fate = "lost"

    def refused(self, message_id: str, code: str) -> None:
        """One of its own was applied nowhere."""
        own = self.own.get(message_id)
        if own is not None:
            self.asked.discard(message_id)
            own.fate, own.heard = code, True

    def end(self, code: str) -> None:
        """The node has left the room: what is on its way is of no use any more."""
        self.state, self.code = "left", code
        for own in self.own.values():
            if own.stage < 2 and not own.fate:
                own.fate = code
