# SPDX-License-Identifier: MIT
"""The values and protocols that the host and its plugins exchange.

Everything here is either a frozen dataclass (a value) or a ``Protocol`` (what the
host offers). Nothing in this module does any work, so plugins can import it freely.
Every callable that a plugin hands in runs on the asyncio loop; trio never shows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, Protocol, TypeAlias

from msgspec import Meta

from goop_node.callers import Caller as Caller
from goop_node.callers import Route as Route
from goop_node.callers import Who as Who
from goop_node.escaping import escaped
from goop_node.old_names import renamed_fields

if TYPE_CHECKING:
    from goop_node.data.storage import Database
    from goop_node.templates.permissions import TemplateGrants

JSON = "JSON"
"""Marks ``Any`` as JSON in annotations, for ``crossings.fit``."""

if TYPE_CHECKING:  # while it runs, the border knows by the mark what to check and copy
    JsonValue: TypeAlias = (
        "Mapping[str, JsonValue] | Sequence[JsonValue] | str | int | float | bool | None"
    )
else:
    JsonValue = Annotated[Any, JSON]
"""A value that JSON can say: mappings with text as keys, sequences, text, numbers, booleans, None.

What a node hands out is made of dict, list, str, int, float, bool and None, and nothing else.
"""

JsonSchema = Mapping[str, JsonValue]
"""A JSON Schema of draft 2020-12 as a mapping."""


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """Why something was refused: a stable ``code`` for programs, a ``reason`` for people.

    ``Refusal(code="not_your_turn", reason="It is Black's turn.")``. ``pointer`` is the JSON Pointer
    (RFC 6901) of what offends; ``more`` is told beside these. What the reason quotes is shown
    escaped, so that it stays within one line.
    """

    code: Annotated[str, Meta(min_length=1, max_length=64)]
    reason: Annotated[str, Meta(max_length=1000)]
    pointer: Annotated[str, Meta(max_length=1000)] = ""
    more: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if isinstance(self.reason, str):  # a plugin may have put anything here
            object.__setattr__(self, "reason", escaped(self.reason))


@dataclass(frozen=True, kw_only=True)
class StreamHandler:
    """What to do with an inbound stream of one libp2p protocol.

    ``handle`` is called on the asyncio loop with the fresh stream; it must not block and
    normally calls ``stream.start(...)``.
    """

    protocol: Annotated[
        str,
        Meta(
            pattern=r"^/(?!ipfs/|libp2p/|meshsub/|floodsub/|noise|yamux|mplex|multistream/)"
            r"[!-~]{1,199}\Z",
            description='a name such as "/whiteboard/1.0.0" that is not libp2p\'s own',
        ),
    ]
    handle: Callable[[LineStream], None]
    max_line: Annotated[int, Meta(ge=1, le=4 * 1024 * 1024)] = 128 * 1024


@dataclass(frozen=True, kw_only=True)
class SdkModule:
    """A script served as ``/sdk/<name>`` to every page.

    A ``.js`` file may import others by relative paths: it is served together with them, as one
    classic script. Every other kind is served as it stands.
    """

    name: str
    path: Path


@dataclass(frozen=True, kw_only=True)
class Template:
    """A folder of static files served at an origin of its own.

    ``permissions`` are what its pages ask the person for;
    see :mod:`goop_node.templates.permissions`.
    """

    name: str
    title: Annotated[str, Meta(max_length=200)]
    folder: Path
    description: Annotated[str, Meta(max_length=2000)] = ""
    permissions: frozenset[str] = field(default_factory=frozenset)


Standing = Literal["friend", "discovered", "unknown", "blocked"]
"""What a peer is to this node: the person's friend, discovered, blocked, or nothing yet."""


@renamed_fields(last_seen="last_seen_ms")
@dataclass(frozen=True, kw_only=True)
class Peer:
    """Another node as this one knows it.

    ``label`` is the name it gives itself (``""`` where none was heard), ``online`` whether it says
    that it is there, ``connected`` whether there is a connection, ``last_seen_ms`` when it was last
    heard of (Unix ms), ``addrs`` where it may be (multiaddrs).
    """

    peer_id: str
    label: str
    online: bool
    connected: bool
    last_seen_ms: int
    addrs: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class PeerEvent:
    """A change in what is known of a peer, or in what it is to this node (``standing``)."""

    kind: Literal["found", "changed", "gone", "connected", "disconnected", "standing"]
    peer: Peer


class LineStream(Protocol):
    """One libp2p stream that carries newline-terminated lines, as asyncio sees it.

    Reads come in batches through callbacks; writes are queued and coalesced into as few
    transport writes as possible. All calls are made on the asyncio loop's thread.
    """

    peer_id: str
    protocol: str

    @property
    def queued(self) -> int:
        """Bytes written by us that the muxer has not taken yet."""

    def start(
        self,
        on_lines: Callable[[list[bytes]], None],
        on_end: Callable[[str], None],
    ) -> None:
        """Begin reading.

        ``on_lines`` gets all complete lines of one read, without their newline, in order.
        ``on_end`` is called exactly once, with ``"eof"``, ``"reset"``, ``"line_too_long"``,
        ``"too_slow"`` (a line took too long), ``"closed"`` (by us) or ``"lost"`` (the connection
        went away).
        """

    def write(self, line: bytes) -> None:
        """Queue one line (given without newline). Silently ignored after the end."""

    def pause(self) -> None:
        """Stop reading, so that the peer's window fills up."""

    def resume(self) -> None:
        """Read again after ``pause``."""

    def close(self) -> None:
        """Write what is queued (at most 2 s), then close. ``on_end`` follows."""

    def reset(self) -> None:
        """End both directions at once and drop what is queued. ``on_end`` follows."""


class NetworkError(Exception):
    """A stream could not be opened. ``code`` says why, in a stable word.

    Codes: ``offline`` (our libp2p side is down), ``undiscovered`` (no address known),
    ``unreachable`` (dial failed or timed out), ``unsupported`` (none of the protocols),
    ``blocked`` (by the person), ``not_friend`` (friends alone may reach us).
    """

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = escaped(reason)


class Network(Protocol):
    """libp2p, as plugins see it."""

    peer_id: str

    @property
    def addrs(self) -> tuple[str, ...]:
        """Our full multiaddrs, each ending in ``/p2p/<peer id>``."""

    async def open_stream(
        self, peer_id: str, protocols: Sequence[str], *, timeout_ms: int = 10_000
    ) -> LineStream:
        """Open a stream with the first protocol of ``protocols`` that the peer speaks.

        Raises ``NetworkError``, ``unreachable`` after ``timeout_ms``.
        """


class Peers(Protocol):
    """Who is there."""

    def get(self, peer_id: str) -> Peer | None:
        """The peer of that id, or ``None`` when it was never seen."""

    def all(self) -> list[Peer]:
        """Every known peer except this node, sorted by id."""

    def is_discovered(self, peer_id: str) -> bool:
        """Whether presence, ``--peer`` or "connect to a friend" named this peer."""

    def standing(self, peer_id: str) -> Standing:
        """What the peer is to this node."""

    def subscribe(self, callback: Callable[[PeerEvent], None]) -> Callable[[], None]:
        """Call back on every change; returns what ends the subscription."""


class PluginCalls(Protocol):
    """The three ways to call a hook (the rules for an implementation that raises)."""

    def collect(self, hook: str, **kwargs: Any) -> list[tuple[str, Any]]:
        """Call *register* hooks; iterables are flattened to (plugin name, item) pairs.

        A plugin that raises is left out and named in the status.
        """

    def notify(self, hook: str, **kwargs: Any) -> None:
        """Call *observe* hooks; what raises is logged."""

    def veto(self, hook: str, **kwargs: Any) -> Refusal | None:
        """Call *veto* hooks; the first refusal wins, and what raises refuses."""


class NodeApi(Protocol):
    """The node, as the hooks of a plugin receive it: each plugin has its own."""

    @property
    def data(self) -> Path:
        """The node's data folder. Files of a plugin's own belong in a folder of its name there."""

    @property
    def strict(self) -> bool:
        """Whether a plugin's failure is an error (``--strict``)."""

    @property
    def network(self) -> Network:
        """libp2p, for streams to other nodes."""

    @property
    def peers(self) -> Peers:
        """Who is there."""

    @property
    def calls(self) -> PluginCalls:
        """For a plugin that brings hooks of its own: the ways to call them."""

    @property
    def grants(self) -> TemplateGrants:
        """What templates may do."""

    @property
    def peer_id(self) -> str:
        """Our own peer id (base58, ``12D3Koo…``)."""

    @property
    def label(self) -> str:
        """The name that people see for us."""

    @property
    def templates(self) -> Mapping[str, Template]:
        """Every template by name."""

    def config_for(self, plugin: str) -> Mapping[str, JsonValue]:
        """The plugin's validated table of goop.toml (without ``enabled``)."""

    def database(self, migrations: Sequence[str]) -> Database:
        """Open (and migrate) the plugin's own ``DATA/<plugin>.sqlite3``, in WAL mode.

        ``migrations[i]`` is the SQL script that leads from user_version ``i`` to ``i + 1``. While
        another program holds the lock, statements raise ``sqlite3.OperationalError`` at once.
        Raises ``StorageError`` for a file that cannot be used: a newer version's, no database.
        """

    def failed(
        self,
        plugin: str,
        error: BaseException,
        *,
        doing: str = "",
        code: object = None,
        about: str = "",
    ) -> None:
        """Record that a plugin failed, for the log and the status page: once a minute at most.

        ``doing`` says in what (``"check() of the context chess"``), ``about`` with what (a
        channel, a message); ``code`` is the plugin's function, whose place is named where the
        error itself does not lead to one.
        """


Lifespan = AbstractAsyncContextManager[None]
