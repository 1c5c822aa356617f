# SPDX-License-Identifier: MIT
"""What a context plugin hands to the realtime plugin, and what it receives.

A *context* is the kind of conversation a channel carries: ``chess``, ``video_call``. It
brings JSON Schemas for its messages and a *Session*: a pure fold over the channel's log.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any, Protocol

from msgspec import Meta

from goop_node.old_names import renamed_fields, renamed_in_module
from goop_node.types import JsonSchema, JsonValue
from goop_node.types import Refusal as Refusal

LINE_LENGTH = 200
"""The most characters of a line of text that pages show."""
_LINE = r"^[^\x00-\x1f\x7f\u2028\u2029]*\Z"

BLOCKED = Refusal(code="blocked", reason="you have blocked this person; unblock them at home")


@renamed_fields(base="initial_state")
@dataclass(frozen=True, kw_only=True)
class OpenRequest:
    """How a channel was opened. Equal on every node: nothing here says which peer is local.

    ``context`` is the full name (``chess_42``), ``opener`` the peer that asked, ``peers`` both
    peers with the opener first, ``params`` what the opener proposed (checked against the
    context's ``params`` schema), ``initial_state`` what the opener's context type gave as the
    state to start from (see ``ContextType.initial_state``), or ``None``. ``app`` is the name of the
    template that asks, of a request without a context; ``""`` where a program asks, or a 1.0.0
    peer.
    """

    channel: str
    context: str
    opener: str
    peers: tuple[str, ...]
    params: JsonValue = None
    initial_state: JsonValue = None
    app: str = ""


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """A Session's state after the entry ``(epoch, seq)`` of its log."""

    epoch: int
    seq: int
    state: JsonValue


@dataclass(frozen=True, kw_only=True)
class Message:
    """One message of a channel. ``sender`` is authenticated; ``sent_at`` is in Unix ms."""

    sender: str
    data: JsonValue
    id: str
    sent_at: int

    @property
    def fields(self) -> Mapping[str, Any]:
        """The members of ``data``, which has passed its schema. ``TypeError`` where it has none."""
        if not isinstance(self.data, dict):
            raise TypeError(f"found {type(self.data).__name__}, expected a message with members")
        return self.data


@dataclass(frozen=True, kw_only=True)
class Applied:
    """A message that is in the log and committed, with its place there."""

    request: OpenRequest
    epoch: int
    seq: int
    message: Message


@renamed_fields(suspended_seconds="suspended_ms")
@dataclass(frozen=True, kw_only=True)
class Limits:
    """Bounds of a context's channels.

    ``message_bytes``: the largest encoded message. ``rate`` and ``burst``: messages per
    second per channel and author. ``suspended_ms``: how long a channel may be without
    its other side before it closes as ``expired``.
    """

    message_bytes: Annotated[int, Meta(ge=1, le=64 * 1024)] = 64 * 1024
    rate: Annotated[float, Meta(gt=0, le=1_000_000)] = 240.0
    burst: Annotated[int, Meta(ge=1, le=1_000_000)] = 480
    suspended_ms: Annotated[int, Meta(ge=1, le=10 * 366 * 24 * 3600_000)] = 24 * 3600_000


@dataclass(frozen=True, kw_only=True)
class Summary:
    """How a channel stands, for one of its two people, in a line of text: ``"Your move"``.

    ``waiting``: that person is the one who is due. ``ended``: it has come to its end, which they
    are told once; nobody is due any more.
    """

    text: Annotated[
        str,
        Meta(
            min_length=1,
            max_length=LINE_LENGTH,
            pattern=_LINE,
            description="one line of text",
        ),
    ]
    waiting: bool = False
    ended: bool = False


Terms = Annotated[str, Meta(max_length=LINE_LENGTH, pattern=_LINE, description="one line of text")]
"""What a request proposes, in words."""


class Session(Protocol):
    """A pure fold over the channel's log: no I/O, no clock, no randomness.

    Everything else waits while ``check`` or ``apply`` runs: more than 50 ms are logged.
    """

    def check(self, message: Message) -> Refusal | None:
        """Say whether ``message`` may come next. Changes nothing."""

    def apply(self, message: Message) -> None:
        """Take ``message`` in, after a passed ``check``. Cannot fail."""

    def snapshot(self) -> JsonValue:
        """The whole state as JSON, the same on every node."""


class NoRules(Session):
    """The Session of a context without rules: everything may come, nothing is kept."""

    def check(self, message: Message) -> Refusal | None:
        """Everything may come."""
        return None

    def apply(self, message: Message) -> None:
        """Nothing is kept."""

    def snapshot(self) -> JsonValue:
        """There is no state."""
        return None


def open_freely(request: OpenRequest, snapshot: Snapshot | None) -> Session | Refusal:
    """``open_session`` of a context whose messages are judged by their schemas alone."""
    return NoRules()


@renamed_fields(base="initial_state", opened="on_open", applied="on_commit", page="template")
@dataclass(frozen=True, kw_only=True)
class ContextType:
    """A kind of channel, as a plugin registers it through ``realtime_contexts``.

    ``name`` serves itself and ``name_<id>`` with an id of ``[A-Za-z0-9_-]{1,64}``.
    ``messages`` maps a message's ``type`` to its JSON Schema 2020-12.
    ``template`` names the template to which accepting an invitation leads (``"chess"``), ``title``
    is what people see. ``initial_state`` is asked once, on the opener's node, for the state a new
    channel starts from; its value travels with the request (at most 32 KiB) and reaches
    ``open_session`` on both nodes.
    ``stamp`` is asked on the author's node for each message of a page that fits its schema, once,
    before anybody judges it; the message goes on as what it gives: so a node can put on it what a
    page may not say by itself, such as how long a player thought. The result must fit the schema.
    ``on_open`` runs when both sides have agreed, and again whenever they find each other again;
    make it idempotent. ``on_commit`` runs after commit, as ``(session, entries)``, at least once
    per message, before any page is told, and at every start for what the log still holds, also of
    channels that have ended; make it idempotent by ``(channel, epoch, seq)``. ``session`` is the
    Session that ``open_session`` gave, as it stands behind the last of the ``entries``; where it
    awaits, the Session may have gone on.
    ``summary`` says how the channel stands for the person of this node, as ``(session, peer)``:
    the channel's own Session and this node's peer id. It changes nothing, and is asked again
    whenever the log has grown. Without it people see the title, and how much is new.
    ``terms`` says in a line of text what a request proposes besides the title, to whoever is asked
    (``"You play Black."``); it may be asked several times, and its answer depends on the request
    alone.
    ``single_request``: of what two people ask each other for in this context, under whatever ids,
    one is enough: who accepts the other's request takes back their own.
    """

    name: str
    version: Annotated[str, Meta(max_length=64)]
    title: Annotated[str, Meta(max_length=200)]
    messages: Mapping[Annotated[str, Meta(min_length=1, max_length=64)], JsonSchema]
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
    params: JsonSchema | None = None
    open_session: Callable[[OpenRequest, Snapshot | None], Session | Refusal] = open_freely
    initial_state: Callable[[OpenRequest], JsonValue] | None = None
    stamp: Callable[[OpenRequest, JsonValue], JsonValue] | None = None
    on_open: Callable[[OpenRequest], None] | None = None
    on_commit: Callable[[Any, Sequence[Applied]], Awaitable[None] | None] | None = None
    summary: Callable[[Any, str], Summary] | None = None
    terms: Callable[[OpenRequest], Terms] | None = None
    single_request: bool = False
    max_peers: Annotated[int, Meta(ge=2, le=1000)] = 2
    limits: Limits = field(default_factory=Limits)


OLD_NAMES = {"Rejection": "Refusal", "OpenSession": "NoRules"}
if not TYPE_CHECKING:  # a type checker would take every name for one of ours
    __getattr__ = renamed_in_module(__name__, OLD_NAMES)
