# SPDX-License-Identifier: MIT
"""What programs are given: values that say what the page SDK's say, in its words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

Position = tuple[int | str, ...]
"""A place in a log: ``(epoch, seq)`` of a channel, ``(number, host, seq)`` of a room."""
ChannelState = Literal["connecting", "connected", "disconnected"]
RoomState = Literal["joining", "joined", "left"]


@dataclass(frozen=True)
class Meta:
    """What came with a message. ``sent_at`` is in Unix milliseconds, ``sender`` a peer id.

    Of what is in no log (``delivery`` is not ``ordered``), ``id`` is ``""`` and ``seq`` 0.
    ``redelivered``: it may have been handed out before, to a page or program that is gone.
    ``to``: of a room's private message, whom it is for.
    """

    id: str
    seq: int
    sent_at: int
    sender: str
    redelivered: bool = False
    delivery: Literal["ordered", "latest", "volatile"] = "ordered"
    to: str | None = None


@dataclass(frozen=True)
class Message:
    """A message, as iterating and ``history()`` give it."""

    data: Any
    meta: Meta

    @property
    def sender(self) -> str:
        """The peer id of who sent it."""
        return self.meta.sender


@dataclass(frozen=True)
class Pending:
    """A message that the own node has accepted and that has no place in the log yet."""

    id: str
    data: Any
    sent_at: int


@dataclass(frozen=True)
class Receipt:
    """How far the message ``id`` has come. ``failed``, of *handled*: a handler there raised."""

    id: str
    failed: bool = False


@dataclass(frozen=True)
class Detail:
    """Why a channel is in its state. ``final``: it does not come back. ``suspended``: it may.

    ``peer_page``: whether the other side has a page or program open on it, as far as is known.
    """

    code: str | None = None
    reason: str | None = None
    final: bool = False
    suspended: bool = False
    peer_page: Literal["open", "none"] | None = None


@dataclass(frozen=True)
class KeptOut:
    """Whom the version of their plugin keeps out of a room, and why, in words."""

    peer_id: str
    peer_label: str
    reason: str


@dataclass(frozen=True)
class RoomDetail:
    """Why a room is in its state. ``suspended``: no host just now; what is sent waits.

    ``host``: the peer id of the member that orders, ``""`` for none. ``apart``, at the host: whom
    their version of the plugin keeps out.
    """

    code: str | None = None
    reason: str | None = None
    suspended: bool = False
    host: str = ""
    apart: tuple[KeptOut, ...] = ()


@dataclass(frozen=True)
class Gap:
    """Messages after ``since`` up to ``to`` are gone for this program."""

    since: Position | None
    to: Position | None


@dataclass(frozen=True)
class Rewound:
    """What stood in a room's log behind ``to``, up to ``before``, was ordered anew."""

    before: Position | None
    to: Position | None


@dataclass(frozen=True)
class Snapshot:
    """What the context makes of the log up to ``position``."""

    state: Any
    position: Position


@dataclass(frozen=True)
class Member:
    """Somebody in a room."""

    peer_id: str
    peer_label: str


@dataclass(frozen=True)
class Peer:
    """Another node. ``fingerprint`` is what two people compare."""

    peer_id: str
    peer_label: str
    online: bool
    fingerprint: str


@dataclass(frozen=True)
class OpenRoom:
    """An open room nearby. ``room`` is what ``join_room()`` takes, ``members`` their number."""

    room: str
    title: str
    members: int
    max_peers: int
    host: str
