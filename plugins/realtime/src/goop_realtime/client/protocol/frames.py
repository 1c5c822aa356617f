# SPDX-License-Identifier: MIT
"""The frames of a node, held against their form once (``docs/protocol.md`` describes them)."""

from __future__ import annotations

from typing import Any, Literal, TypeVar

import msgspec

Place = tuple[int | str, ...]
"""A place in a log: ``(epoch, seq)`` of a channel, ``(number, host, seq)`` of a room."""
Run = tuple[int, str, int]
"""The last number under one host of a room: ``(number, host, last)``."""

Form = TypeVar("Form")


class Told(msgspec.Struct, rename="camel", frozen=True, kw_only=True):
    """A frame, or a part of one."""


class Limits(Told, frozen=True):
    """What the node takes on a channel."""

    message_bytes: int
    rate: float
    burst: float
    signal_bytes: int = 4096


class KindLimits(Told, frozen=True):
    """What the node takes of one type."""

    rate: float
    burst: float
    message_bytes: int | None = None


class Kind(Told, frozen=True):
    """How messages of a type travel; ``key`` is where in them stands what the newest is kept of."""

    delivery: Literal["latest", "volatile"]
    key: str | None = None
    limits: KindLimits | None = None


class Peer(Told, frozen=True):
    """A member of a room."""

    peer_id: str
    peer_label: str = ""


class Apart(Told, frozen=True):
    """Somebody whom the version of their context keeps out of a room, and why."""

    peer_id: str
    peer_label: str = ""
    reason: str = ""


class Subscribed(Told, frozen=True, tag_field="type", tag="subscribed"):
    """The answer to ``subscribe``; what follows is told from there."""

    self: str = ""
    since: Any = None


class Message(Told, frozen=True, tag_field="type", tag="message"):
    """An entry of a log. ``host`` and ``to`` are of rooms."""

    channel: str
    sender: str = msgspec.field(name="from")
    data: Any
    id: str
    epoch: int
    seq: int
    sent_at: int
    redelivered: bool = False
    host: str = ""
    to: str = ""


class Unlogged(Told, frozen=True):
    """A message that is in no log."""

    channel: str
    sender: str = msgspec.field(name="from")
    data: Any
    key: str = ""
    sent_at: int = 0


class Latest(Unlogged, frozen=True, tag_field="type", tag="latest"):
    """The newest of its author, type and key."""


class Volatile(Unlogged, frozen=True, tag_field="type", tag="volatile"):
    """Now or never."""


class Signal(Told, frozen=True, tag_field="type", tag="signal"):
    """Something fleeting without a type."""

    channel: str
    sender: str = msgspec.field(name="from")
    data: Any


class State(Told, frozen=True, tag_field="type", tag="state"):
    """How a channel is, and who and what it is."""

    channel: str
    state: Literal["connecting", "connected", "disconnected"]
    final: bool = False
    suspended: bool = False
    peer_page: str = ""
    code: str | None = None
    reason: str | None = None
    replaced_by: str | None = None
    peer_id: str = ""
    peer_label: str = ""
    context: str = ""
    version: str = ""
    params: Any = None
    delivery: Literal["log", "best-effort"] = "log"
    limits: Limits | None = None
    messages: dict[str, Kind] | None = None


class Room(Told, frozen=True, tag_field="type", tag="room"):
    """How a room is; ``members`` and ``runs`` are as of where this page is."""

    channel: str
    state: Literal["joining", "joined", "left"]
    room: str = ""
    context: str = ""
    version: str = ""
    host: str = ""
    max_peers: int = 0
    self: str = ""
    members: list[Peer] | None = None
    runs: list[Run] | None = None
    suspended: bool = False
    code: str | None = None
    reason: str | None = None
    apart: list[Apart] | None = None
    limits: Limits | None = None
    messages: dict[str, Kind] | None = None


class Member(Told, frozen=True, tag_field="type", tag="member"):
    """Somebody has joined a room or left it, in its place among messages."""

    channel: str
    kind: Literal["join", "leave"]
    peer: Peer
    epoch: int
    host: str
    seq: int


class Rewound(Told, frozen=True, tag_field="type", tag="rewound"):
    """What a page was told above ``to`` is no more."""

    channel: str
    to: int
    runs: list[Run]
    members: list[Peer]


class Gap(Told, frozen=True, tag_field="type", tag="gap"):
    """Entries that are gone."""

    channel: str
    since: Place | None = msgspec.field(name="from", default=None)
    to: Place | None = None
    runs: list[Run] | None = None
    members: list[Peer] | None = None


class Incoming(Told, frozen=True, tag_field="type", tag="incoming"):
    """A request that waits for an answer."""

    channel: str
    peer_id: str
    peer_label: str = ""
    context: str = ""
    app: str = ""
    params: Any = None
    title: str | None = None
    terms: str = ""
    expires_in: int | None = None


class IncomingEnded(Told, frozen=True, tag_field="type", tag="incoming_ended"):
    """How a request ended."""

    channel: str
    code: str


class Receipt(Told, frozen=True, tag_field="type", tag="receipt"):
    """How far a send has come, or that it never will (``code``, or a fate as its ``stage``)."""

    channel: str
    id: str
    stage: str
    code: str | None = None
    reason: str | None = None
    failed: bool = False
    by: str = ""
    seq: int | None = None


class Refused(Told, frozen=True, tag_field="type", tag="refused"):
    """A send was applied nowhere."""

    channel: str
    id: str
    code: str
    reason: str = ""
    pointer: str = ""


class Error(Told, frozen=True, tag_field="type", tag="error"):
    """Something that was asked for is refused."""

    code: str
    reason: str = ""
    pointer: str = ""
    channel: str = ""
    id: str = ""


class Pending(Told, frozen=True, tag_field="type", tag="pending"):
    """So many messages are on their way."""

    channel: str
    count: int


class Snapshot(Told, frozen=True, tag_field="type", tag="snapshot"):
    """What the Session of a channel or room comes to."""

    channel: str
    state: Any
    position: Place


Frame = (
    Subscribed
    | Message
    | Latest
    | Volatile
    | Signal
    | State
    | Room
    | Member
    | Rewound
    | Gap
    | Incoming
    | IncomingEnded
    | Receipt
    | Refused
    | Error
    | Pending
    | Snapshot
)


class _Any(msgspec.Struct):
    type: str


_KNOWN = frozenset(form.__struct_config__.tag for form in Frame.__args__)
_batch = msgspec.json.Decoder(list[msgspec.Raw])
_kind = msgspec.json.Decoder(_Any)
_frame = msgspec.json.Decoder(Frame)


def split(text: str) -> list[msgspec.Raw]:
    """The frames of one message of the WebSocket, which is a frame or an array of them.

    Raises ``msgspec.DecodeError`` for what is no JSON.
    """
    return _batch.decode(text) if text.startswith("[") else [msgspec.Raw(text.encode())]


def read(raw: msgspec.Raw) -> Frame | None:
    """One frame; ``None`` for one of a type that is not known here, or not needed.

    Raises ``msgspec.ValidationError`` where it has not the form of its type.
    """
    return _frame.decode(raw) if _kind.decode(raw).type in _KNOWN else None


def state_of(row: Any) -> State:
    """The same of a channel's row, as endpoints give it. Raises ``msgspec.ValidationError``."""
    row = msgspec.convert(row, dict[str, Any])
    detail = row.get("detail")
    told = {**row, **(detail if isinstance(detail, dict) else {})}
    told["channel"] = row.get("channelId")
    return msgspec.convert({**told, "type": "state"}, State)


def room_of(row: Any) -> Room:
    """The same of a room's row. Raises ``msgspec.ValidationError``."""
    row = msgspec.convert(row, dict[str, Any])
    return msgspec.convert({**row, "channel": row.get("channelId"), "type": "room"}, Room)
