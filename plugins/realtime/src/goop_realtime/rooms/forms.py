# SPDX-License-Identifier: MIT
"""What both protocols of rooms have in common: forms and bounds of fields, and reading a line.

Unknown fields and types are ignored, so that they can grow; a known type that has not its form is
no line at all. The complete specification is ``docs/protocol.md``.
"""

from __future__ import annotations

from typing import Annotated, Any

import msgspec

from goop_realtime.model.jsonio import MalformedJson, refuse_depth
from goop_realtime.model.wire import MAX_CONTEXT, Number, PeerId

RoomName = Annotated[str, msgspec.Meta(pattern=r"\A(~[0-9a-f]{32}|[A-Za-z0-9_.~/-]{1,200})\Z")]
RoomId = Annotated[str, msgspec.Meta(pattern=r"\A[A-Za-z0-9_.~-]{1,128}\Z")]
"""What people join a room by."""
ContextName = Annotated[str, msgspec.Meta(max_length=MAX_CONTEXT)]
"""A full name; ``""`` for none."""
Nonce = Annotated[str, msgspec.Meta(pattern=r"\A[0-9a-f]{0,32}\Z")]
Hex = Annotated[str, msgspec.Meta(pattern=r"\A[0-9a-f]{0,64}\Z")]
EpochForm = tuple[Number, PeerId]
AROUND = 3
"""How many levels a line has about a value of a page or plugin."""


class RoomLine(msgspec.Struct, omit_defaults=True, rename="camel"):
    """Any line; its ``type`` says which."""


class _Kind(msgspec.Struct):
    type: str


_encoder = msgspec.json.Encoder()
_kind_decoder = msgspec.json.Decoder(_Kind)


def serialise(line: RoomLine) -> bytes:
    """The bytes of a line, without newline."""
    return _encoder.encode(line)


class Reader:
    """Reads the lines of one protocol: those of the union ``kinds``."""

    def __init__(self, kinds: Any) -> None:
        self._decoder: msgspec.json.Decoder[Any] = msgspec.json.Decoder(kinds)
        self._known = {kind.__struct_config__.tag for kind in kinds.__args__}

    def read(self, raw: bytes) -> Any:
        """The line; ``None`` where its type is unknown. Raises ``MalformedJson``."""
        refuse_depth(raw, AROUND)
        try:
            return self._decoder.decode(raw)
        except (msgspec.DecodeError, UnicodeError, RecursionError, ValueError) as error:
            if self._type_of(raw) in self._known:
                raise MalformedJson("malformed_json", f"not a line of rooms: {error}") from None
            return None

    def _type_of(self, raw: bytes) -> str:
        try:
            return _kind_decoder.decode(raw).type
        except (msgspec.DecodeError, UnicodeError, RecursionError, ValueError) as error:
            raise MalformedJson("malformed_json", f"not a line: {error}") from None
