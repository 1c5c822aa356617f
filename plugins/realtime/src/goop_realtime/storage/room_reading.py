# SPDX-License-Identifier: MIT
"""What the journal holds of rooms, read back: every row is checked like anything else from outside.

What does not fit is left out, in words: an entry with what stands behind it, which the other
members have, anything else alone.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec

from goop_realtime.model.effects import Outcome
from goop_realtime.model.jsonio import MAX_INTEGER, MalformedJson, decode, refuse_depth
from goop_realtime.model.stored import ROW_LEVELS
from goop_realtime.model.wire import Code, Number, PeerId, Text
from goop_realtime.rooms.entries import Kind as EntryKind
from goop_realtime.rooms.entries import RoomEntry, RoomOutgoing, refuse_misshapen
from goop_realtime.rooms.lines import Digest, EntryId, MessageId, Salt, Sig
from goop_realtime.rooms.log import Base
from goop_realtime.rooms.room import handle_of
from goop_realtime.rooms.stored import RoomRow, StoredRoom
from goop_realtime.storage.salvaging import Kind, Table

Handle = Annotated[str, msgspec.Meta(pattern=r"\Aroom-[0-9a-f]{16}\Z")]
Place = Annotated[int, msgspec.Meta(ge=-MAX_INTEGER, le=MAX_INTEGER)]

_NUMBER = tuple[Literal["epoch", "handled"], Number]
_BASE = tuple[bytes]
_ENTRY = tuple[
    Number, PeerId, Number, EntryKind, PeerId, Number, EntryId, PeerId, bytes, Salt, Sig, Digest
]
_OUTGOING = tuple[Place, MessageId, Number, PeerId, bytes, Salt]
_REFUSAL = tuple[PeerId, EntryId, Code, Text, Text]

_base_decoder = msgspec.json.Decoder(Base)


def _room(handle: str, row: bytes) -> StoredRoom:
    kept = StoredRoom(msgspec.convert(decode(row, ROW_LEVELS), RoomRow))
    if handle_of(kept.row.name) != handle:
        raise MalformedJson("stranger", f"it says that it is {kept.row.name!r}")
    return kept


def _number(kept: StoredRoom, row: Any) -> None:
    name, value = row
    if name == "epoch":
        kept.epoch = value
    else:
        kept.handled = value


def _base(kept: StoredRoom, row: Any) -> None:
    refuse_depth(row[0], ROW_LEVELS)
    try:
        kept.base = _base_decoder.decode(row[0])
    except (msgspec.DecodeError, UnicodeError, RecursionError, ValueError) as error:
        raise MalformedJson("malformed_json", str(error)) from None


def _entry(kept: StoredRoom, row: Any) -> None:
    number, host, seq, kind, author, at, entry_id, to, raw, salt, sig, digest = row
    withheld = bool(to and digest)
    refuse_misshapen(kind, entry_id, raw, withheld=withheld)
    if kind == "msg" and not (withheld and not raw):
        decode(raw)
    kept.take(
        RoomEntry(
            number=number,
            host=host,
            seq=seq,
            kind=kind,
            author=author,
            at=at,
            id=entry_id,
            to=to,
            raw=raw,
            salt=salt,
            sig=sig,
            digest=digest,
        )
    )


def _outgoing(kept: StoredRoom, row: Any) -> None:
    place, message_id, at, to, raw, salt = row
    decode(raw)
    kept.outbox.append((place, RoomOutgoing(id=message_id, at=at, to=to, raw=raw, salt=salt)))


def _refusal(kept: StoredRoom, row: Any) -> None:
    author, message_id, code, reason, pointer = row
    kept.refusals.append((author, message_id, Outcome(code=code, reason=reason, pointer=pointer)))


ROOMS = Kind(
    word="room",
    table="rooms",
    id=Handle,
    make=_room,
    tables=(
        Table("room_numbers", "room", "name, value", "room, name", _NUMBER, _number),
        Table("room_bases", "room", "base", "room", _BASE, _base),
        Table(
            "room_entries",
            "room",
            "number, host, seq, kind, author, at, id, addressee, raw, salt, sig, digest",
            "room, seq",
            _ENTRY,
            _entry,
        ),
        Table(
            "room_outbox",
            "room",
            "place, id, at, addressee, raw, salt",
            "room, place",
            _OUTGOING,
            _outgoing,
        ),
        Table(
            "room_refusals", "room", "author, id, code, reason, pointer", "n", _REFUSAL, _refusal
        ),
    ),
)
