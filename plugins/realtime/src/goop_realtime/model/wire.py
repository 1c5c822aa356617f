# SPDX-License-Identifier: MIT
"""The lines of our own stream protocols, 1.1.0: parse and serialise.

The envelope is that of the 1.0.0 group protocol (``type, group, from, payload``) with the
numbers of the log beside it. Unknown fields and types are ignored, so that it can grow; a known
one that has not its form is no line at all. The forms and bounds of everything that a line may
carry are declared here and nowhere else: the fields of ``Line``, and ``SHAPES`` for what each
type of line must have. The complete specification is ``docs/protocol.md``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import Annotated, Any, Literal, TypeVar

import msgspec

from goop_node.escaping import escaped
from goop_node.types import JsonValue
from goop_realtime.model.jsonio import (
    MAX_INTEGER,
    MalformedJson,
    encode,
    is_flat,
    read,
    refuse_depth,
    refuse_unsafe_integers,
)

GROUP_PROTOCOL = "/goop-node/group/1.1.0"
INVITE_PROTOCOL = "/goop-node/group-invite/1.1.0"
MAX_LINE = 160 * 1024
"""Bytes of one line: a message of 64 KiB, escaped, with its envelope, or an invitation."""
MAX_TIMEOUT_MS = 24 * 3600 * 1000
"""The longest time that an invitation may wait for its answer."""
MAX_CONTEXT = 129
"""Characters of the longest name of a context."""
MAX_VERSION = 80
"""Characters of a context's version."""
MAX_TYPES = 512
MAX_REASON = 300
MAX_CODE = 64
"""Characters of a reason, of a pointer, and of a code."""

MAX_FAILED = 1000
"""How many entries are remembered that handlers failed on: what may be on its way."""

MAX_INSTEAD = 8
"""How many requests one channel may take the place of."""

Number = Annotated[int, msgspec.Meta(ge=0, le=MAX_INTEGER)]
Position = tuple[Number, Number]
Failed = Annotated[list[Number], msgspec.Meta(max_length=MAX_FAILED)]
Group = Annotated[str, msgspec.Meta(pattern=r"\A(rt-[0-9a-f]{16})?\Z")]
PeerId = Annotated[str, msgspec.Meta(pattern=r"\A[A-Za-z0-9]{0,64}\Z")]
MessageId = Annotated[str, msgspec.Meta(pattern=r"\A[A-Za-z0-9_.~-]{0,80}\Z")]
Code = Annotated[str, msgspec.Meta(pattern=rf"\A[!-~]{{0,{MAX_CODE}}}\Z")]
Text = Annotated[str, msgspec.Meta(max_length=MAX_REASON)]
Stage = Annotated[str, msgspec.Meta(pattern=r"\A(node|page|written|open|none)?\Z")]
Presence = Literal["open", "none", "unknown"]

T = TypeVar("T", bound=msgspec.Struct)
Kind = type[T]


class Line(msgspec.Struct, omit_defaults=True):
    """One line. Which fields count depends on ``type``; see ``docs/protocol.md``."""

    type: Annotated[str, msgspec.Meta(max_length=32)]
    group: str = ""
    from_: str = msgspec.field(default="", name="from")
    payload: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    epoch: Number = 0
    seq: Number = 0
    id: str = ""
    at: Number = 0
    kind: Annotated[str, msgspec.Meta(pattern=r"\A(close)?\Z")] = ""
    stage: Stage = ""
    code: Code = ""
    reason: Text = ""
    pointer: Text = ""

    @property
    def bare(self) -> bool:
        """Whether there is no payload."""
        return isinstance(self.payload, msgspec.UnsetType) or bytes(self.payload) == b"null"

    def value(self) -> JsonValue:
        """The decoded payload; ``None`` where there is none. Raises ``MalformedJson``."""
        return None if isinstance(self.payload, msgspec.UnsetType) else read(bytes(self.payload))

    def told(self, kind: Kind[T]) -> T:
        """The payload as ``kind``; its defaults where there is none. Raises ``MalformedJson``."""
        encoded = b"{}" if isinstance(self.payload, msgspec.UnsetType) else bytes(self.payload)
        return _read(kind, encoded, " in the payload")


class Names(msgspec.Struct):
    """What a line names: its channel, an author, a message. ``Line`` has them once more."""

    group: Group = ""
    from_: PeerId = msgspec.field(default="", name="from")
    id: MessageId = ""


class Ack(msgspec.Struct):
    """Which of the entries that a page is done with its handlers failed on: of an ``ack``."""

    failed: Failed = []


Types = Annotated[
    list[Annotated[str, msgspec.Meta(max_length=64)]], msgspec.Meta(max_length=MAX_TYPES)
]
"""The types of messages that a node's version of a context has."""


class Join(msgspec.Struct):
    """What a guest has: the payload of ``join``.

    Without ``hash`` it knows no ``suspended``, without ``types`` no versions.
    """

    have: Position | None = None
    handled: Number = 0
    failed: Failed = []
    page: Presence = "none"
    stage: Literal["", "page", "written"] = ""
    version: Annotated[str, msgspec.Meta(max_length=MAX_VERSION)] = ""
    hash: Annotated[str, msgspec.Meta(max_length=64)] | None = None
    types: Types | None = None
    instead: Annotated[list[Group], msgspec.Meta(max_length=MAX_INSTEAD)] = []
    """The guest's own requests to the host that this channel takes the place of."""


class SnapshotAt(msgspec.Struct):
    """A Session's ``state`` behind the position ``at``."""

    at: Position
    state: Any = None


class Welcome(msgspec.Struct):
    """What a host has: the payload of ``welcome``."""

    last: Position = (0, 0)
    handled: Number = 0
    failed: Failed = []
    page: Presence = "none"
    stage: Literal["", "page", "written"] = ""
    snapshot: SnapshotAt | None = None
    version: Annotated[str, msgspec.Meta(max_length=MAX_VERSION)] = ""
    hash: Annotated[str, msgspec.Meta(max_length=64)] | None = None
    types: Types | None = None
    agreed: Annotated[str, msgspec.Meta(max_length=MAX_VERSION)] = ""
    """By which version both go: the smaller one when the channel was opened."""
    reshaped: bool = False
    """Whether older versions may not know the form of its state."""
    judged: Number = 0
    """Up to which entry another version of the context has judged the log."""


class Invite(msgspec.Struct):
    """What an opener asks for: the payload of ``invite``. ``timeout`` in milliseconds.

    ``app`` is the template that asks; with a context it counts for nothing, which says by itself
    who serves it.
    """

    timeout: Annotated[int, msgspec.Meta(ge=1, le=MAX_TIMEOUT_MS)]
    context: Annotated[str, msgspec.Meta(max_length=MAX_CONTEXT)] = ""
    version: Annotated[str, msgspec.Meta(max_length=MAX_VERSION)] = ""
    hash: Annotated[str, msgspec.Meta(max_length=64)] = ""
    types: Types | None = None
    params: Any = None
    initial_state: Any = msgspec.field(default=None, name="base")
    new: bool = False
    app: Annotated[str, msgspec.Meta(pattern=r"\A([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)?\Z")] = ""

    def __post_init__(self) -> None:
        if self.context:
            self.app = ""


class Suspended(msgspec.Struct):
    """What a node has that cannot take part: the payload of ``suspended``."""

    version: Annotated[str, msgspec.Meta(max_length=MAX_VERSION)] = ""
    hash: Annotated[str, msgspec.Meta(max_length=64)] | None = None
    types: Types | None = None


class Tail(msgspec.Struct, array_like=True, forbid_unknown_fields=True):
    """An entry that is given back: the payload of ``tail``, a list."""

    epoch: Number
    seq: Number
    id: Annotated[str, msgspec.Meta(pattern=r"\A[A-Za-z0-9_.~-]{1,80}\Z")]
    author: PeerId
    at: Number
    kind: Literal["msg", "close"]
    data: Any


AROUND: Mapping[type[msgspec.Struct] | None, int] = {Invite: 1, Tail: 1, Welcome: 2}
"""How many levels a payload has around the values of pages and plugins that it carries."""


class Shape(msgspec.Struct, frozen=True):
    """What a type of line must have: fields, one of the stages, a payload of that kind."""

    needs: tuple[str, ...] = ()
    stages: tuple[str, ...] = ()
    payload: type[msgspec.Struct] | None = None
    bare: bool = False
    """Whether the payload may be missing."""


SHAPES: Mapping[str, Shape] = {
    "invite": Shape(payload=Invite),
    "received": Shape(stages=("node", "page")),
    "decline": Shape(),
    "cancel": Shape(),
    "exists": Shape(needs=("id",)),
    "poke": Shape(),
    "gone": Shape(),
    "close": Shape(),
    "suspended": Shape(needs=("code",), payload=Suspended, bare=True),
    "join": Shape(payload=Join),
    "welcome": Shape(payload=Welcome),
    "msg": Shape(needs=("id",)),
    "confirm": Shape(needs=("id", "epoch", "seq")),
    "refuse": Shape(needs=("id",)),
    "ack": Shape(stages=("node", "page", "written"), payload=Ack, bare=True),
    "page": Shape(stages=("open", "none")),
    "signal": Shape(),
    "latest": Shape(needs=("epoch", "seq")),
    "unfit": Shape(needs=("epoch", "seq", "code")),
    "volatile": Shape(),
    "pull": Shape(),
    "tail": Shape(payload=Tail, bare=True),
    "ping": Shape(),
    "pong": Shape(),
}
"""Every type of line. All of them name their ``group``."""


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Line)
_NAMES = re.compile("(rt-[0-9a-f]{16})? [A-Za-z0-9]{0,64} [A-Za-z0-9_.~-]{0,80}")
"""The form of ``Names`` in one: one by one they take longer than all the rest of a line."""


@cache
def _decoder_of(kind: type[msgspec.Struct]) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(kind)


def _read(kind: type[T], encoded: bytes, where: str) -> T:
    try:
        found: T = _decoder_of(kind).decode(encoded)
    except (msgspec.DecodeError, UnicodeError, RecursionError, ValueError) as error:
        raise MalformedJson(
            "malformed_json", f"not a line of the protocol: {error}{where}"
        ) from None
    refuse_unsafe_integers(encoded)
    return found


def parse(raw: bytes) -> Line:
    """The line in ``raw`` (without newline). Raises ``MalformedJson``, which names the field."""
    flat = is_flat(raw)
    if not flat:
        refuse_depth(raw, 1 + max(AROUND.values()))
    try:
        line = _decoder.decode(raw)
        if _NAMES.fullmatch(f"{line.group} {line.from_} {line.id}") is None:
            _decoder_of(Names).decode(raw)  # says which of them, and how
    except (msgspec.DecodeError, UnicodeError, RecursionError, ValueError) as error:
        raise MalformedJson("malformed_json", f"not a line of the protocol: {error}") from None
    shape = SHAPES.get(line.type)
    if not (flat or isinstance(line.payload, msgspec.UnsetType)):
        refuse_depth(bytes(line.payload), AROUND.get(shape.payload, 0) if shape else 0)
    if line.reason:
        line.reason = escaped(line.reason)[:MAX_REASON]
    if shape is not None:
        _refuse_misshapen(line, shape)
    return line


def _refuse_misshapen(line: Line, shape: Shape) -> None:
    if not line.group:
        raise MalformedJson("malformed_json", f"a line {line.type!r} without group")
    for name in shape.needs:
        if not getattr(line, name):
            raise MalformedJson("malformed_json", f"a line {line.type!r} without {name}")
    if shape.stages and line.stage not in shape.stages:
        raise MalformedJson(
            "malformed_json",
            f"a line {line.type!r} with stage {line.stage!r}; expected {' or '.join(shape.stages)}",
        )
    if shape.payload is not None and not (shape.bare and line.bare):
        line.told(shape.payload)


def serialise(line: Line) -> bytes:
    """The bytes of ``line``, without newline."""
    return _encoder.encode(line)


def raw(value: JsonValue) -> msgspec.Raw:
    """``value`` as an encoded payload."""
    return msgspec.Raw(encode(value))


def payload(encoded: bytes) -> msgspec.Raw:
    """A payload that is encoded already."""
    return msgspec.Raw(encoded)
