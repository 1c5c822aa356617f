# SPDX-License-Identifier: MIT
"""A log as it can be folded once more, beside whatever goes on: values, no part of the machine."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from goop_node.types import JsonValue
from goop_realtime.contexts.registry import Context
from goop_realtime.types import LogEntry, OpenRequest, Refusal, Snapshot


@dataclass(frozen=True, slots=True)
class Place:
    """Where an entry stands. ``host`` is a peer id in rooms, ``""`` in channels."""

    epoch: int
    seq: int
    host: str = ""

    @property
    def row(self) -> dict[str, JsonValue]:
        """As it is told."""
        row: dict[str, JsonValue] = {"epoch": self.epoch, "seq": self.seq}
        return row | {"host": self.host} if self.host else row


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """One entry. ``event`` is what the Session is told of it, ``None`` for nothing.

    ``kind`` is ``msg``, ``close``, ``open``, ``join`` or ``leave``; ``at`` is Unix ms, by the clock
    of the ``author``'s node. ``to`` is the one whom a private message of a room is for; where its
    content is not for this node, ``data`` is ``None``.
    """

    place: Place
    kind: str
    author: str
    at: int
    id: str = ""
    to: str = ""
    data: JsonValue = None
    event: LogEntry | None = None


@dataclass(frozen=True, kw_only=True)
class Recording:
    """What the Session of a channel or room was opened from, and what it was told since."""

    context: Context
    request: OpenRequest
    room: bool
    snapshot: Snapshot | None
    """Where the log begins, if that is not the very beginning."""
    start: Place
    last: Place
    judged: int
    """The number of the last entry that another version of the context has judged."""
    obstacle: Refusal | None
    """Why this node has no Session that could fold it."""
    entries: Iterable[Recorded]
    """Those that were asked for, in order, made as they are taken."""
