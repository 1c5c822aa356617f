# SPDX-License-Identifier: MIT
"""The entries of a room's log (pure); ``signatures.py`` has what authors sign."""

from __future__ import annotations

from hashlib import sha256
from typing import Annotated, Literal

import msgspec

from goop_realtime.model.jsonio import MalformedJson
from goop_realtime.model.wire import MAX_CONTEXT, MAX_VERSION, PeerId, Types
from goop_realtime.rooms.positions import Epoch, Position

Kind = Literal["open", "join", "leave", "msg"]
Label = Annotated[str, msgspec.Meta(max_length=256)]
MaxPeers = Annotated[int, msgspec.Meta(ge=2, le=64)]
VersionText = Annotated[str, msgspec.Meta(max_length=MAX_VERSION)]

SALT_BYTES = 16


class RoomEntry(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """One entry of a room's log. ``at`` is Unix ms, by the clock of the ``author``'s node.

    ``open`` is the first one, by whoever made the room; its ``id`` is the room's identity, and
    ``raw`` an ``Opening``. ``join`` and ``leave`` (``Joining``, ``Leaving``) are about their
    author. ``msg`` is a message ``raw`` to all members, or to one of them (``to``), whose content
    the nodes of others do not have: there ``raw`` and ``salt`` are empty.
    """

    number: int
    host: str
    seq: int
    kind: Kind
    author: str
    at: int
    id: str = ""
    to: str = ""
    raw: bytes = b""
    salt: bytes = b""
    sig: bytes = b""
    digest: bytes = b""
    """Of a message to one member: SHA-256 of ``salt`` and ``raw``."""

    @property
    def epoch(self) -> Epoch:
        """In whose time as host it was ordered."""
        return Epoch(self.number, self.host)

    @property
    def position(self) -> Position:
        """Where it stands."""
        return Position(Epoch(self.number, self.host), self.seq)

    @property
    def withheld(self) -> bool:
        """Whether its content is not here."""
        return bool(self.to) and not self.raw


class Opening(msgspec.Struct, frozen=True, rename="camel"):
    """What ``open`` says of the room. ``context`` is a full name, ``""`` for none; ``version`` is
    that of the context at the node that made the room."""

    max_peers: MaxPeers
    context: Annotated[str, msgspec.Meta(max_length=MAX_CONTEXT)] = ""
    version: VersionText | msgspec.UnsetType = msgspec.UNSET


class MemberVersion(msgspec.Struct, frozen=True):
    """What a member's node has of the room's context: its version, and the types of messages."""

    version: VersionText
    types: Types


class Joining(msgspec.Struct, frozen=True):
    """What ``join`` says of who joins: what its node calls itself, and what it ``has`` of the
    room's context, if there is one. ``again``: it is a member, and has another version now."""

    label: Label = ""
    has: MemberVersion | msgspec.UnsetType = msgspec.UNSET
    again: bool | msgspec.UnsetType = msgspec.UNSET


class Leaving(msgspec.Struct, frozen=True, omit_defaults=True):
    """What ``leave`` says: ``next`` is who shall be host; ``lost`` where nobody said goodbye."""

    next: PeerId = ""
    lost: bool = False


_FACTS: dict[str, type[msgspec.Struct]] = {"open": Opening, "join": Joining, "leave": Leaving}
"""What entries say that are no messages."""


def refuse_misshapen(kind: Kind, entry_id: str, raw: bytes, *, withheld: bool) -> None:
    """Raise ``MalformedJson`` where an entry does not say what its kind has to say."""
    if kind == "msg":
        if not entry_id or not (raw or withheld):
            raise MalformedJson("malformed_json", "an entry without a message")
        return
    try:
        msgspec.json.decode(raw, type=_FACTS[kind])
    except (msgspec.DecodeError, UnicodeError, RecursionError, ValueError) as error:
        reason = f"an entry {kind!r} that says: {error}"
        raise MalformedJson("malformed_json", reason) from None
    if kind == "open" and not entry_id:
        raise MalformedJson("malformed_json", "an entry 'open' without id")


def is_arrival(entry: RoomEntry) -> bool:
    """Whether somebody has come by that, who was no member before."""
    return entry.kind == "join" and not msgspec.json.decode(entry.raw, type=Joining).again


class RoomOutgoing(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A message that its author's node has accepted and no host has ordered yet."""

    id: str
    at: int
    raw: bytes
    salt: bytes
    to: str = ""


def digest_of(salt: bytes, raw: bytes) -> bytes:
    """What stands for a message's content in its signature. Nobody guesses it from that."""
    return sha256(salt + raw).digest()
