# SPDX-License-Identifier: MIT
"""The lines of our own stream protocols, 1.1.0: parse and serialise.

The envelope is that of the 1.0.0 group protocol (``type, group, from, payload``) with the
numbers of the log beside it. Unknown fields and types are ignored, so that it can grow.
The complete specification is ``docs/protocol.md``.
"""

from __future__ import annotations

from typing import Any

import msgspec

from goop_node.types import JsonValue
from goop_realtime.jsonio import MalformedJson, decode, encode, refuse_depth

GROUP_PROTOCOL = "/goop-node/group/1.1.0"
INVITE_PROTOCOL = "/goop-node/group-invite/1.1.0"
MAX_LINE = 160 * 1024
"""Bytes of one line: a message of 64 KiB, escaped, with its envelope, or an invitation."""


MAX_ID = 80
"""Characters of a message id."""


class Line(msgspec.Struct, omit_defaults=True):
    """One line. Which fields count depends on ``type``; see ``docs/protocol.md``."""

    type: str
    group: str = ""
    from_: str = msgspec.field(default="", name="from")
    payload: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    epoch: int = 0
    seq: int = 0
    id: str = ""
    at: int = 0
    kind: str = ""
    stage: str = ""
    code: str = ""
    reason: str = ""
    pointer: str = ""

    def value(self) -> JsonValue:
        """The decoded payload; ``None`` where there is none. Raises ``MalformedJson``."""
        return None if isinstance(self.payload, msgspec.UnsetType) else decode(bytes(self.payload))

    def fields(self) -> dict[str, Any]:
        """The decoded payload as a mapping; empty where it is none."""
        value = self.value()
        return value if isinstance(value, dict) else {}


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Line)


def parse(raw: bytes) -> Line:
    """The line in ``raw`` (without newline). Raises ``MalformedJson``."""
    refuse_depth(raw)
    try:
        return _decoder.decode(raw)
    except (msgspec.DecodeError, UnicodeError, RecursionError, ValueError) as error:
        raise MalformedJson("malformed_json", f"not a line of {GROUP_PROTOCOL}: {error}") from None


def serialise(line: Line) -> bytes:
    """The bytes of ``line``, without newline."""
    return _encoder.encode(line)


def raw(value: JsonValue) -> msgspec.Raw:
    """``value`` as an encoded payload."""
    return msgspec.Raw(encode(value))


def payload(encoded: bytes) -> msgspec.Raw:
    """A payload that is encoded already."""
    return msgspec.Raw(encoded)


def pair(value: Any) -> tuple[int, int] | None:
    """A log position ``[epoch, seq]`` as a tuple, or ``None`` for anything else."""
    if (
        isinstance(value, (list, tuple))
        and len(value) == 2
        and all(type(part) is int and 0 <= part < 2**53 for part in value)
    ):
        return (value[0], value[1])
    return None
