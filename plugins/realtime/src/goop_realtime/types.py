# SPDX-License-Identifier: MIT
"""What a context plugin hands to the realtime plugin.

A *context* is the kind of conversation a channel carries: ``chess``, ``video_call``. It
brings JSON Schemas for its messages and a *Session* (``sessions.py``): a pure fold over the
channel's log.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field
from typing import TYPE_CHECKING, Annotated, Any, Literal

from msgspec import Meta

from goop_node.escaping import ONE_LINE
from goop_node.old_names import renamed_fields, renamed_in_module
from goop_node.types import A_LINE, JsonSchema, JsonValue, Title
from goop_node.types import Refusal as Refusal
from goop_node.versions import A_VERSION, VERSION
from goop_realtime.sessions import Applied as Applied
from goop_realtime.sessions import Joined as Joined
from goop_realtime.sessions import Left as Left
from goop_realtime.sessions import LogEntry as LogEntry
from goop_realtime.sessions import Message as Message
from goop_realtime.sessions import NoRules as NoRules
from goop_realtime.sessions import OpenRequest as OpenRequest
from goop_realtime.sessions import RoomSession as RoomSession
from goop_realtime.sessions import Session as Session
from goop_realtime.sessions import Snapshot as Snapshot
from goop_realtime.sessions import ViewedSession as ViewedSession
from goop_realtime.sessions import open_freely as open_freely

LINE_LENGTH = 200
"""The most characters of a line of text that pages show."""

BLOCKED = Refusal(code="blocked", reason="you have blocked this person; unblock them at home")


@renamed_fields(suspended_seconds="suspended_ms")
@dataclass(frozen=True, kw_only=True)
class Limits:
    """Bounds of a context's channels.

    ``message_bytes``: the largest message, as JSON in UTF-8. ``rate``: messages a second that one
    person sends on a channel, after ``burst`` at once; more are refused with ``too_fast``.
    ``suspended_ms``: how many milliseconds a channel may be without its other side before it closes
    as ``expired``.
    """

    message_bytes: Annotated[int, Meta(ge=1, le=64 * 1024)] = 64 * 1024
    rate: Annotated[float, Meta(gt=0, le=1_000_000)] = 240.0
    burst: Annotated[int, Meta(ge=1, le=1_000_000)] = 480
    suspended_ms: Annotated[int, Meta(ge=1, le=10 * 366 * 24 * 3600_000)] = 24 * 3600_000


@dataclass(frozen=True, kw_only=True)
class Summary:
    """How a channel stands, for one of its two people, in a line of text: ``"Your move"``.

    ``text`` may quote messages: line breaks are shown escaped, and what is longer than a line is
    cut. ``waiting``: that person is the one who is due. ``ended``: it has come to its end, which
    they are told once; nobody is due any more.
    """

    text: Annotated[str, Meta(min_length=1)]
    waiting: bool = False
    ended: bool = False


@dataclass(frozen=True)
class MessageType:
    """How messages of one type travel, where that is not like everything else.

    ``schema``: their JSON Schema (2020-12). ``delivery``, in channels and rooms alike:
    ``ordered``: in the log, for good. ``latest``: the newest of each author and ``key``, a JSON
    Pointer into the message (``/id``), is what others know and newcomers are told.
    ``volatile``: now or never. Those two are never in the log and never on a disk.
    ``max_bytes`` and ``rate`` (messages a second, twice as many at once) take the place of those
    of ``Limits``, where they are less.
    """

    schema: JsonSchema
    _: KW_ONLY
    delivery: Literal["ordered", "latest", "volatile"] = "ordered"
    key: Annotated[str, Meta(max_length=128, pattern=r"^(/[^/]*)*\Z")] = ""
    max_bytes: Annotated[int, Meta(ge=1, le=64 * 1024)] | None = None
    rate: Annotated[float, Meta(gt=0, le=1_000_000)] | None = None


@renamed_fields(base="initial_state", opened="on_open", applied="on_commit", page="template")
@dataclass(frozen=True, kw_only=True)
class ContextType:
    """A kind of channel, as a plugin registers it through ``realtime_contexts``.

    Its functions are plain ones, run on the node's loop, and return what their type says, as values
    of their own: a node checks and copies what they give, and hands them copies. One that raises,
    or gives something else, is a fault of the plugin: the log and the status page name it, and what
    it was asked for is refused with ``plugin_error``, as far as it can be refused.
    """

    name: str
    """``chess`` serves ``chess`` and ``chess_<id>``, with an id of ``[A-Za-z0-9_-]{1,64}``."""
    version: Annotated[str, Meta(max_length=64, pattern=VERSION, description=A_VERSION)] = "1.0"
    """``MAJOR.MINOR``: nodes of the same major version go together. A minor one may add types of
    messages, refuse more, and have another form of state (``upgrade``). Other rules, other schemas
    of a type, or one less, are a new major version; a plugin may bring several majors of a name."""
    title: Title
    """What people see."""
    messages: Mapping[
        Annotated[str, Meta(min_length=1, max_length=64, pattern=ONE_LINE, description=A_LINE)],
        MessageType | JsonSchema,
    ]
    """The JSON Schema (2020-12) of each message, by its member ``type``; or a ``MessageType``."""
    template: (
        Annotated[
            str,
            Meta(
                pattern=r"^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\Z",
                description='the name of a template, such as "chess"',
            ),
        ]
        | None
    ) = None
    """The template to which accepting an invitation leads (``"chess"``)."""
    params: JsonSchema | None = None
    """What an opener may propose, at most 4 KiB; without it, nothing."""
    open_session: Callable[[OpenRequest, Snapshot | None], Session | Refusal] = open_freely
    """``(request, snapshot)``: a channel's Session, at its beginning, or behind ``snapshot``.
    A ``Refusal`` of a request is told to both people."""
    initial_state: Callable[[OpenRequest], JsonValue] | None = None
    """``(request)``: the state that a new channel starts from. Asked once, on the opener's node; it
    travels with the request (at most 32 KiB) and reaches ``open_session`` on both nodes."""
    upgrade: Callable[[JsonValue, str], JsonValue] | None = None
    """``(state, from_version)``: what a ``snapshot()`` of an older version is in this one. With it
    a channel also goes on from an older major version that is not served any more. What follows in
    the log is applied to it, without a ``check`` where an older version has judged it: so whichever
    part of a log the older one has folded, the same has to come out."""
    stamp: Callable[[OpenRequest, JsonValue], JsonValue] | None = None
    """``(request, data)``: what goes on in the place of a page's message that fits its schema.
    Asked once, on the author's node, before anybody judges it: so a node can put on a message what
    a page may not say by itself, such as how long a player thought. The result must fit, too."""
    on_open: Callable[[OpenRequest], None] | None = None
    """``(request)``: both sides have agreed, or have found each other again. Make it idempotent."""
    on_commit: Callable[[Any, Sequence[Applied]], Awaitable[None] | None] | None = None
    """``(session, entries)``: messages are in the log for good; before any page is told. At least
    once for each, in their order, and again at every start for what the log still holds, also of
    channels that have ended: make it idempotent by ``(channel, epoch, seq)``. ``session`` is what
    ``open_session`` gave, as it stands behind the last of the ``entries``; where this is an async
    function, it may have gone on after an ``await``.

    What a room's host has ordered is not for good: where two hosts have met, or one came back, the
    entries of one of them are cut off again, which is told to pages and not here. Their messages
    come once more, with the same ``sender`` and ``id`` and another place, or never. So keep what a
    room brings under ``(channel, sender, id)``, the newest place winning, and ask the ``session``
    for what follows from all of it."""
    summary: Callable[[Any, str], Summary] | None = None
    """``(session, peer)``: how the channel stands for this node's person (``peer`` is its id).
    Changes nothing; asked again when the log has grown. Without it people see the title, and how
    much is new."""
    terms: Callable[[OpenRequest], str] | None = None
    """``(request)``: what a request proposes besides the title, for whoever is asked (``"You play
    Black."``). May be asked several times; its answer depends on the request alone, and may quote
    it: it is shown escaped, and cut to a line."""
    single_request: bool = False
    """Of what two people ask each other for in this context, under whatever ids, one is enough: who
    accepts the other's request takes back their own."""
    max_peers: Annotated[int, Meta(ge=2, le=1000)] = 2
    """How many may take part: with more than two it is for rooms, too, and its Sessions are each a
    ``RoomSession``."""
    ends_on_drift: bool = False
    """In a room whose host comes to another state behind the same log: whether this node leaves it
    (``diverged``). It is told in any case."""
    push_state: bool = False
    """Whether pages may follow the Session's state (``onSnapshot``): told whenever the log has
    grown, 20 times a second at most, and at most 256 KiB."""
    limits: Limits = field(default_factory=Limits)
    """How large messages may be, how many a second, and how long a channel may be suspended."""


OLD_NAMES = {"Rejection": "Refusal", "OpenSession": "NoRules"}
if not TYPE_CHECKING:  # a type checker would take every name for one of ours
    __getattr__ = renamed_in_module(__name__, OLD_NAMES)
