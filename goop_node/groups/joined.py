# SPDX-License-Identifier: MIT
"""A member's side of somebody else's group as a state machine."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from goop_node.groups.messages import GroupMessage, error_code

WELCOME_MS = 10_000
DEPART_MS = 3_000
"""How long a host that was told that we leave may take to end the stream."""
SILENCE_MS = 75_000
"""A host that has pinged once is given up after so long without a line."""
EARLY_MESSAGES = 64
"""As many as a 1.0.0 host queues may overtake its welcome."""


@dataclass(frozen=True, slots=True)
class Say:
    """Write a message to the host."""

    message: GroupMessage


@dataclass(frozen=True, slots=True)
class Hangup:
    """End the stream: in good order (``drain``) or at once."""

    drain: bool = True


@dataclass(frozen=True, slots=True)
class Welcomed:
    """We are a member."""


@dataclass(frozen=True, slots=True)
class Heard:
    """A message of the group. ``author`` is what the host says; encoded ``payload`` or none."""

    author: str
    payload: bytes | None


@dataclass(frozen=True, slots=True)
class Over:
    """The membership ended, or never began. ``code``: ``closed`` by the host for good;
    ``not_found``, ``full`` or another refusal; ``timeout``, ``silent``, ``left``, or how the
    stream ended (``eof``, ``reset``, ``lost``, ``line_too_long``, ``dropped`` by us)."""

    code: str


Step = Say | Hangup | Welcomed | Heard | Over


class _Phase(Enum):
    JOINING = 1
    MEMBER = 2
    LEAVING = 3
    OVER = 4


_LATE = {_Phase.JOINING: "timeout", _Phase.MEMBER: "silent", _Phase.LEAVING: "left"}
"""How a membership ends for which nothing came in time."""


class JoinedGroup:
    """One attempt to be a member, on one stream. Times are Unix milliseconds."""

    def __init__(self, group_id: str, *, host: str) -> None:
        self.id = group_id
        self._host = host
        self._phase = _Phase.JOINING
        self._early: list[GroupMessage] = []
        self._heard_at = 0
        self._pinged = False

    def start(self, now: int) -> list[Step]:
        """The stream is open."""
        self._heard_at = now
        return [Say(GroupMessage("join", self.id))]

    def received(self, now: int, message: GroupMessage) -> list[Step]:
        """A line of the host. Unknown types are ignored."""
        if self._phase is _Phase.OVER:
            return []
        if message.type == "close":
            return [*self._over("closed"), Hangup()]
        if message.type == "error":
            return [*self._over(error_code(message)), Hangup()]
        if message.type == "welcome" and self._phase is _Phase.JOINING:
            self._phase = _Phase.MEMBER
            self._heard_at = now
            early, self._early = self._early, []
            return [Welcomed(), *(self._message(line) for line in early)]
        if self._phase is _Phase.MEMBER:
            self._heard_at = now
        if message.type == "ping":
            self._pinged = True
            return [Say(GroupMessage("pong", self.id))]
        if message.type == "msg":
            if self._phase is not _Phase.JOINING:
                return [self._message(message)]
            # The host's queue may overtake its welcome.
            if len(self._early) < EARLY_MESSAGES:
                self._early.append(message)
        return []

    def _message(self, message: GroupMessage) -> Step:
        return Heard(message.from_ or self._host, message.payload)

    def ended(self, code: str) -> list[Step]:
        """The stream ended; a host that refuses may do no more than reset it."""
        return self._over("left" if self._phase is _Phase.LEAVING else code)

    def send(self, payload: bytes) -> list[Step]:
        """A message of our own."""
        if self._phase is not _Phase.MEMBER:
            return []
        return [Say(GroupMessage("msg", self.id, payload=payload))]

    def depart(self, now: int) -> list[Step]:
        """Quit, and read on until the host has ended the stream: then it has let go of us."""
        if self._phase is not _Phase.MEMBER:
            return self.leave()
        self._phase = _Phase.LEAVING
        self._heard_at = now
        return [Say(GroupMessage("leave", self.id))]

    def leave(self) -> list[Step]:
        """Quit."""
        if self._phase is _Phase.OVER:
            return []
        return [Say(GroupMessage("leave", self.id)), *self._over("left"), Hangup()]

    def tick(self, now: int) -> list[Step]:
        """Time goes by."""
        at = self.wake_at()
        if at is None or now < at:
            return []
        code = _LATE[self._phase]
        return [*self._over(code), Hangup(drain=False)]

    def wake_at(self) -> int | None:
        """When ``tick`` is due next, if ever: a host without keep-alive may be silent."""
        if self._phase is _Phase.JOINING:
            return self._heard_at + WELCOME_MS
        if self._phase is _Phase.LEAVING:
            return self._heard_at + DEPART_MS
        if self._phase is _Phase.MEMBER and self._pinged:
            return self._heard_at + SILENCE_MS
        return None

    def _over(self, code: str) -> list[Step]:
        if self._phase is _Phase.OVER:
            return []
        self._phase = _Phase.OVER
        return [Over(code)]
