# SPDX-License-Identifier: MIT
"""A context's Session: a pure fold, and what it is told of a channel or room."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from goop_node.old_names import renamed_attributes, renamed_fields
from goop_node.types import JsonValue, Refusal


@renamed_fields(base="initial_state")
@dataclass(frozen=True, kw_only=True)
class OpenRequest:
    """How a channel was opened. Equal on every node: nothing here says which peer is local.

    ``channel`` is the channel's id (``rt-`` and 16 hex digits), ``context`` the full name
    (``chess_42``; ``""`` for none), ``opener`` the peer id of who asked, ``peers`` those of both,
    the opener's first. ``params`` is what the opener proposed; it fits the context's schema;
    ``initial_state`` is what ``ContextType.initial_state`` gave at the opener's node, or ``None``.
    ``app`` is the name of the template that asks, of a request without a context; ``""`` where a
    program asks, or a 1.0.0 peer. ``version`` is the smaller one of the context's versions that the
    two nodes had when they agreed (``"1.0"``), ``""`` where one of them knew no versions; in a room
    that of who made it: what a newer version refuses, it may leave to newer channels by that.
    """

    channel: str
    context: str
    opener: str
    peers: tuple[str, ...]
    params: JsonValue = None
    initial_state: JsonValue = None
    app: str = ""
    version: str = ""


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """What a Session's ``snapshot()`` gave after the entry ``(epoch, seq)`` of its log:
    ``state``."""

    epoch: int
    seq: int
    state: JsonValue


@renamed_attributes(sent_at="sent_at_ms")
@dataclass(frozen=True, kw_only=True)
class Message:
    """One message of a channel, which has passed its schema.

    ``sender`` is the peer id of its author, as the connection proved it; ``data`` is what they
    said, as JSON; ``id`` is the same on every node; ``sent_at_ms`` is when its author's node
    accepted it, by that node's clock (Unix ms). ``host``: see ``LogEntry``.
    """

    sender: str
    data: JsonValue
    id: str
    sent_at_ms: int
    host: str = ""

    @property
    def fields(self) -> Mapping[str, Any]:
        """The members of ``data``, which has passed its schema. ``TypeError`` where it has none."""
        if not isinstance(self.data, dict):
            raise TypeError(f"found {type(self.data).__name__}, expected a message with members")
        return self.data


@dataclass(frozen=True, kw_only=True)
class Joined:
    """Somebody has joined the room: ``peer``, a peer id, whose node calls itself ``label``.

    ``at_ms`` is when, by the host's clock (Unix ms). ``host``: see ``LogEntry``.
    """

    peer: str
    label: str
    at_ms: int
    host: str = ""


@dataclass(frozen=True, kw_only=True)
class Left:
    """Somebody is no member of the room any more; ``lost`` where the node was gone for too long.

    ``peer`` is their peer id; ``at_ms`` is when, by the host's clock (Unix ms). ``host``: see
    ``LogEntry``.
    """

    peer: str
    lost: bool
    at_ms: int
    host: str = ""


LogEntry = Message | Joined | Left
"""What a room's Session folds; that of a channel gets messages alone.

``host`` is the peer id of the member that gave the entry its place, the same on every node; in a
channel ``""``. A rule that is the host's to say, such as a referee's, asks for
``message.sender == message.host``: who takes the room over has it from its first entry on, and what
the host before it had said and not placed is refused.
"""


@dataclass(frozen=True, kw_only=True)
class Applied:
    """A message that is in the log and committed, with its place there: ``seq`` counts from 1,
    ``epoch`` grows with every start of the host's node. Later entries have a greater pair.

    ``request`` is how the channel was opened, ``message`` what was said. In a room ``host`` is the
    peer id of who ordered it; in a channel ``""``.
    """

    request: OpenRequest
    epoch: int
    seq: int
    message: Message
    host: str = ""


class Session(Protocol):
    """A pure fold over the channel's log: no I/O, no clock, no randomness.

    Everything else waits while one of its functions runs: more than 50 ms are logged. One that has
    ``check_latest``, as a ``RoomSession``, judges messages by it of which only the newest counts.
    """

    def check(self, message: Message) -> Refusal | None:
        """``None`` where ``message`` may come next, else why not. Changes nothing.

        One that raises refuses the message with ``plugin_error``.
        """

    def apply(self, message: Message) -> None:
        """Take ``message`` in, after a passed ``check``.

        It must not fail: that suspends the channel until the plugin is mended.
        """

    def snapshot(self) -> JsonValue:
        """The whole state, the same on every node, for ``open_session`` to go on from.

        It is also what pages see of it, unless this is a ``ViewedSession``.
        """


class ViewedSession(Session, Protocol):
    """A Session that hides something of its state from pages, such as the others' cards.

    Not from the person: it is on their disk, and home and programs with the token see it.
    """

    def view(self, peer: str) -> JsonValue:
        """What templates' pages at the node ``peer`` see in place of ``snapshot()``. Changes
        nothing."""


class RoomSession(Session, Protocol):
    """The Session of a context for rooms (``max_peers`` above 2): it folds who comes and goes, too.

    Members are the peers of its ``Joined`` without those of its ``Left``, the host among them.
    """

    def check(self, message: LogEntry) -> Refusal | None:
        """``None`` where ``message`` may come next, else why not; a ``Left`` is never refused."""

    def apply(self, message: LogEntry) -> None:
        """Take ``message`` in; every ``Left`` comes without a ``check``."""

    def check_latest(self, message: Message, previous: Message | None) -> Refusal | None:
        """Whether ``message``, of a type whose newest counts, may follow ``previous``, the newest
        that is known of its author and key. Changes nothing. Messages between may be missing.
        No host places them: ``host`` is who this node follows at the moment, ``""`` for nobody.
        """
        return None


class NoRules(RoomSession):
    """The Session of a context without rules: everything may come, nothing is kept."""

    def check(self, message: LogEntry) -> Refusal | None:
        """Everything may come."""
        return None

    def apply(self, message: LogEntry) -> None:
        """Nothing is kept."""

    def snapshot(self) -> JsonValue:
        """There is no state."""
        return None


def open_freely(request: OpenRequest, snapshot: Snapshot | None) -> Session | Refusal:
    """``open_session`` of a context whose messages are judged by their schemas alone."""
    return NoRules()
