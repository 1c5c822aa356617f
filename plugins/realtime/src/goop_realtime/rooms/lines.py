# SPDX-License-Identifier: MIT
"""The lines of a room's stream, which a guest opens to the host: see ``forms.py``.

A stream lives within one epoch of its host's, so its numbers are of one log.
"""

from __future__ import annotations

from typing import Annotated, Any

import msgspec

from goop_node.escaping import escaped
from goop_realtime.model.jsonio import MalformedJson
from goop_realtime.model.wire import MAX_REASON, Code, Number, PeerId, Text, Types
from goop_realtime.rooms.entries import (
    SALT_BYTES,
    Kind,
    Label,
    VersionText,
    refuse_misshapen,
)
from goop_realtime.rooms.fold import MAX_MEMBERS, FoldForm, RunsForm
from goop_realtime.rooms.forms import ContextName, EpochForm, Hex, Nonce, Reader, RoomLine, RoomName
from goop_realtime.rooms.signatures import MAX_PROOF, is_proof

ROOM_PROTOCOL = "/goop-node/room/1.0.0"
MAX_LINE = 640 * 1024
"""Bytes of a line: a welcome with fold and state is the longest."""

MessageId = Annotated[str, msgspec.Meta(pattern=r"\A[A-Za-z0-9_.~-]{1,64}-[0-9]{1,15}\Z")]
EntryId = Annotated[str, msgspec.Meta(pattern=r"\A[A-Za-z0-9_.~-]{0,80}\Z")]
Salt = Annotated[bytes, msgspec.Meta(max_length=SALT_BYTES)]
Sig = Annotated[bytes, msgspec.Meta(max_length=MAX_PROOF)]
Digest = Annotated[bytes, msgspec.Meta(max_length=32)]
EMPTY = msgspec.Raw(b"")


class Join(RoomLine, tag="join", kw_only=True):
    """Guest: what it has of the room, and as what. ``base`` is where its log begins."""

    room: RoomName
    runs: RunsForm = msgspec.field(default_factory=list)
    base: Number = 0
    context: ContextName = ""
    hash: Hex = ""
    version: VersionText = ""
    types: Types | None = None
    """Those of messages of that version; ``None`` where it knows no versions."""
    label: Label = ""
    nonce: Nonce = ""
    """Of a room with a key: the host proves over it that it has the key."""


class Challenge(RoomLine, tag="challenge", kw_only=True):
    """Host: has the guest the key? ``proof`` says that the host has it."""

    nonce: Nonce
    proof: Hex


class Prove(RoomLine, tag="prove", kw_only=True):
    """Guest: it has the key."""

    proof: Hex


class SnapshotForm(msgspec.Struct):
    """Fold and state behind the host's last entry.

    The state is of the ``version`` of the host's context; ``reshaped``: older ones of the same
    major may not know its form.
    """

    fold: FoldForm
    state: Any = None
    version: VersionText | msgspec.UnsetType = msgspec.UNSET
    reshaped: bool | msgspec.UnsetType = msgspec.UNSET


class Welcome(RoomLine, tag="welcome", kw_only=True):
    """Host: the two logs are the same up to ``fork``; every entry above it follows, up to ``last``
    at least. With a ``snapshot`` the guest's is given up, and what follows is above that."""

    epoch: EpochForm
    fork: Number
    last: Number
    snapshot: SnapshotForm | None = None


class Close(RoomLine, tag="close", kw_only=True):
    """Either: the stream ends, and why."""

    code: Code
    reason: Text = ""


class EntryLine(RoomLine, tag="entry", kw_only=True):
    """Host: an entry of the log. Without ``epoch`` it is of the stream's own.

    A private message goes to others than its two with ``digest``, without ``data`` and ``salt``.
    """

    seq: Number
    kind: Kind = "msg"
    author: PeerId
    at: Number = 0
    id: EntryId = ""
    epoch: EpochForm | None = None
    to: PeerId = ""
    data: msgspec.Raw = EMPTY
    salt: Salt = b""
    sig: Sig = b""
    digest: Digest = b""


class Msg(RoomLine, tag="msg", kw_only=True):
    """Guest: a message of its own pages."""

    id: MessageId
    at: Number = 0
    to: PeerId = ""
    data: msgspec.Raw
    salt: Salt = b""
    sig: Sig = b""


class Confirm(RoomLine, tag="confirm", kw_only=True):
    """Host: the message that the guest sent on this stream is the next entry."""

    id: MessageId
    seq: Number


class Refuse(RoomLine, tag="refuse", kw_only=True):
    """Host: the guest's message is applied nowhere."""

    id: MessageId
    code: Code
    reason: Text = ""
    pointer: Text = ""


class Ack(RoomLine, tag="ack", kw_only=True):
    """Guest: up to where it has stored the log, and up to where its pages have handled it.

    ``lacks`` is the first entry whose content it still asks for; 0 for none. ``state`` is a hash of
    its Session's state behind ``at``.
    """

    seq: Number
    handled: Number = 0
    lacks: Number = 0
    at: Number = 0
    state: Hex = ""


class Stable(RoomLine, tag="stable", kw_only=True):
    """Host: up to where all listed members have stored the log, and how far the pages of those are
    that have handled more of the guest's messages."""

    seq: Number
    handled: Annotated[list[tuple[PeerId, Number]], msgspec.Meta(max_length=MAX_MEMBERS)] = (
        msgspec.field(default_factory=list)
    )


class Leave(RoomLine, tag="leave", kw_only=True):
    """Guest: it leaves the room."""


class Moved(RoomLine, tag="moved", kw_only=True):
    """Host: it is host no more; ``to`` is."""

    to: PeerId


class Ping(RoomLine, tag="ping", kw_only=True):
    """Either: is somebody there?"""


class Pong(RoomLine, tag="pong", kw_only=True):
    """Somebody is."""


class Latest(RoomLine, tag="latest", kw_only=True):
    """A value of an ``author``, which takes the place of those with a smaller ``version``."""

    author: PeerId
    version: tuple[Number, Number]
    at: Number = 0
    data: msgspec.Raw


class Unfit(RoomLine, tag="unfit", kw_only=True):
    """Host: the guest's value of that ``version`` is not taken."""

    version: tuple[Number, Number]
    code: Code
    reason: Text = ""
    pointer: Text = ""


class Volatile(RoomLine, tag="volatile", kw_only=True):
    """A message that is worth something only now."""

    author: PeerId = ""
    to: PeerId = ""
    data: msgspec.Raw


class Drift(RoomLine, tag="drift", kw_only=True):
    """Host: behind the entry ``at`` it has another state than the guest has told."""

    at: Number


class Want(RoomLine, tag="want", kw_only=True):
    """The content of the private entry ``seq``, which is the asker's, is missing."""

    seq: Number


class Content(RoomLine, tag="content", kw_only=True):
    """The content of that entry; without ``data`` the other side has it no more either."""

    seq: Number
    data: msgspec.Raw = EMPTY
    salt: Salt = b""


Line = (
    Join
    | Challenge
    | Prove
    | Welcome
    | Close
    | EntryLine
    | Msg
    | Confirm
    | Refuse
    | Ack
    | Stable
    | Leave
    | Moved
    | Ping
    | Pong
    | Latest
    | Unfit
    | Volatile
    | Drift
    | Want
    | Content
)

_reader = Reader(Line)


def parse(raw: bytes) -> Line | None:
    """A line without newline; ``None`` where its type is unknown. Raises ``MalformedJson``."""
    line: Line | None = _reader.read(raw)
    if type(line) is EntryLine:
        hides = bool(line.to and line.digest)
        refuse_misshapen(line.kind, line.id, bytes(line.data), withheld=hides)
    if isinstance(line, EntryLine | Msg) and not is_proof(line.sig):
        raise MalformedJson("malformed_json", f"{line.id!r} has a path of no tree")
    if isinstance(line, Close | Refuse | Unfit):
        line.reason = escaped(line.reason)[:MAX_REASON]
    return line
