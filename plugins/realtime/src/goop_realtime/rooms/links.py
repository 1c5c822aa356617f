# SPDX-License-Identifier: MIT
"""A living stream of a room, between a guest and its host; it lives within one epoch."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from goop_realtime.model.limits import Bucket

if TYPE_CHECKING:
    from goop_realtime.machine.newest import Key
    from goop_realtime.rooms.lines import Join
    from goop_realtime.rooms.room import Room

PING_MS = 1000
"""After so long without a line one is asked for."""
LOST_MS = 3000
"""After so long without a line the other side is taken to be gone."""


@dataclass(eq=False)
class Link:
    """One stream. Sequence numbers are of the host's log; times are Unix ms."""

    id: int
    """The driver's number for the stream."""
    room: Room
    peer: str
    """Who is at its other end."""
    heard_at: int
    pinged_at: int = 0
    welcomed: bool = False
    nonce: str = ""
    """Over which the other side has to prove that it has the room's key."""
    asked: Join | None = None
    """Host: how the guest asked, until it is welcomed."""

    sent: int = 0
    """Host: the newest entry written. Guest: not used."""
    acked: int = 0
    """Host: up to where the guest has stored the log. Guest: what it said of that."""
    lacks: int = 0
    """Guest: what it said that it lacks."""
    handled: int = 0
    """Host: up to where the guest's pages have handled it. Guest: what it said of that."""
    stable: int = 0
    """Host: up to where the guest was told that all have stored the log."""
    handled_by: dict[str, int] = field(default_factory=dict)
    """Host: how far the guest was told that the pages of others are."""
    until: int = 0
    """Guest: what the host had at its welcome; it takes part when it has that."""
    progress_at: int = 0
    """Guest: when the last entry came."""
    caught_up: bool = False
    """Guest: it has, and its outbox is on its way."""
    ids: dict[str, bytes] = field(default_factory=dict)
    """Messages that crossed and have no place yet, by id: sent by the guest, with its signature;
    received by the host."""
    bucket: Bucket | None = None
    """Host: what the guest may send."""
    fleeting: Bucket | None = None
    """Host: what it may send of messages in no log."""
    round: int = 0
    """Lines of those that have left since the other side's last pong."""
    drifted: bool = False
    """Whether the two have been found to have different states."""
    owed: dict[Key, None] = field(default_factory=dict)
    """The newest values that the other side is to be told."""
