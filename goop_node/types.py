# SPDX-License-Identifier: MIT
"""The values and protocols that the host and its plugins exchange.

Everything here is either a frozen dataclass (a value) or a ``Protocol`` (what the
host offers). Nothing in this module does any work, so plugins can import it freely.
Every callable that a plugin hands in runs on the asyncio loop; trio never shows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Protocol, TypeAlias

from msgspec import Meta

from goop_node.callers import Caller as Caller
from goop_node.callers import Route as Route
from goop_node.callers import Who as Who
from goop_node.escaping import ONE_LINE, quoted
from goop_node.home_pages import HomePage as HomePage
from goop_node.network import LineStream as LineStream
from goop_node.network import Network as Network
from goop_node.network import NetworkError as NetworkError
from goop_node.network import Peer as Peer
from goop_node.network import PeerEvent as PeerEvent
from goop_node.network import Peers as Peers
from goop_node.network import Standing as Standing

if TYPE_CHECKING:
    from goop_node.data.storage import Database
    from goop_node.templates.permissions import TemplateGrants

__all__ = [
    "Caller",
    "HomePage",
    "JsonSchema",
    "JsonValue",
    "Lifespan",
    "LineStream",
    "MetricsSource",
    "Network",
    "NetworkError",
    "NodeApi",
    "Peer",
    "PeerEvent",
    "Peers",
    "PluginCalls",
    "Refusal",
    "Route",
    "SdkModule",
    "Standing",
    "StreamHandler",
    "Template",
    "TemplateFlaw",
    "Title",
    "Who",
]

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

A_LINE = "one line of text, without signs that turn its direction"
Title = Annotated[str, Meta(max_length=200, pattern=ONE_LINE, description=A_LINE)]
"""What people read as a title."""

JsonSchema = Mapping[str, JsonValue]
"""A JSON Schema of draft 2020-12 as a mapping."""


MAX_REASON = 1000
"""Characters of each text in a refusal, or of a flaw."""
Pointer = Annotated[
    str,
    Meta(max_length=MAX_REASON, pattern=r"^(/[^\x00-\x1f]*)?\Z", description="a JSON Pointer"),
]


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """Why something was refused: a stable ``code`` for programs, a ``reason`` for people.

    ``Refusal(code="not_your_turn", reason="It is Black's turn.")``. ``pointer`` is the JSON Pointer
    (RFC 6901) of what offends; ``more`` is told beside these. They may quote what somebody else
    sent: so they are shown escaped, on one line each, and cut to 1,000 characters.
    """

    code: Annotated[
        str,
        Meta(
            min_length=1,
            max_length=64,
            pattern=r"^[a-z][a-z0-9_]*\Z",
            description='small letters, digits and "_", such as "not_your_turn"',
        ),
    ]
    reason: Annotated[str, Meta(max_length=MAX_REASON)]
    pointer: Pointer = ""
    more: Annotated[
        Mapping[Annotated[str, Meta(max_length=64)], Annotated[str, Meta(max_length=MAX_REASON)]],
        Meta(max_length=16),
    ] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in ("reason", "pointer"):
            object.__setattr__(self, name, _quoted(getattr(self, name)))
        if isinstance(self.more, dict):
            told = {key: _quoted(value) for key, value in self.more.items()}
            object.__setattr__(self, "more", told)


def _quoted(text: object) -> object:
    return quoted(text, MAX_REASON) if isinstance(text, str) else text  # a plugin may give anything


@dataclass(frozen=True, kw_only=True)
class StreamHandler:
    """What to do with an inbound stream of one libp2p protocol.

    ``handle`` is called on the asyncio loop with the fresh stream; it must not block and
    normally calls ``stream.start(...)``. ``max_line`` is the longest line in bytes, also on streams
    of the protocol that this node opens: a longer one ends the stream (``line_too_long``). A
    handler that raises has its stream reset.
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

    ``path`` is the file. A ``.js`` one may import others by relative paths: it is served together
    with them, as one classic script. Every other kind is served as it stands.
    """

    name: str
    path: Path


@dataclass(frozen=True, kw_only=True)
class Template:
    """A folder of static files served at an origin of its own, from its ``index.html``.

    ``name`` is a word of ``[a-z0-9-]``, part of its address; ``title`` and ``description`` are for
    people. ``permissions`` are what its pages ask the person for (``{"camera"}``);
    see :mod:`goop_node.templates.permissions`. ``contexts`` are those that the ``manifest.json`` of
    a plain folder declares, by name; a plugin brings its own by ``realtime_contexts``.
    """

    name: str
    title: Title
    folder: Path
    description: Annotated[str, Meta(max_length=2000, pattern=ONE_LINE, description=A_LINE)] = ""
    permissions: frozenset[str] = field(default_factory=frozenset)
    contexts: Mapping[str, JsonValue] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class TemplateFlaw:
    """A mistake in the ``manifest.json`` of a ``template``: ``pointer`` (JSON Pointer) says where
    in it, ``words`` what was found and what was expected.

    These two may quote the manifest: so they are shown escaped, on one line each, and cut to 1,000
    characters.
    """

    template: Annotated[
        str,
        Meta(max_length=63, pattern=r"^[a-z0-9-]+\Z", description="the name of a template"),
    ]
    pointer: Pointer
    words: Annotated[str, Meta(max_length=MAX_REASON)]

    def __post_init__(self) -> None:
        for name in ("pointer", "words"):
            object.__setattr__(self, name, _quoted(getattr(self, name)))


class PluginCalls(Protocol):
    """The three ways to call a hook (the rules for an implementation that raises).

    Each raises ``LookupError`` for a hook that no plugin declares, or of another kind.
    """

    def collect(self, hook: str, **kwargs: Any) -> list[tuple[str, Any]]:
        """Call *register* hooks; iterables are flattened to (plugin name, item) pairs.

        A plugin that raises is left out and named in the status.
        """

    def notify(self, hook: str, **kwargs: Any) -> None:
        """Call *observe* hooks; what raises is logged."""

    def veto(self, hook: str, **kwargs: Any) -> Refusal | None:
        """Call *veto* hooks; the first refusal wins, and what raises refuses."""


class MetricsSource(Protocol):
    """Gives metrics for Prometheus: a collector of the package ``prometheus_client``."""

    def collect(self) -> Iterable[Any]:
        """The metrics as they are now (``prometheus_client.core.Metric``); runs at each look.

        Names begin with the plugin's (``chess_games``); labels hold no content and no peer ids.
        """


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

    def sign(self, data: bytes) -> bytes:
        """The Ed25519 signature (64 bytes) of ``data`` by the node's key.

        ``data`` begins with words of the plugin's own, so that no signature stands for anything
        else that nodes sign. Raises ``TypeError`` for what is not bytes.
        """

    def verify(self, peer_id: str, data: bytes, signature: bytes) -> bool:
        """Whether the node of that peer id has signed ``data``; ``False``, too, for what is no such
        id or signature, and for a peer whose id does not hold an Ed25519 key. Raises nothing."""

    @property
    def label(self) -> str:
        """The name that people see for us."""

    @property
    def templates(self) -> Mapping[str, Template]:
        """Every template by name."""

    def config_for(self, plugin: str) -> Mapping[str, JsonValue]:
        """The plugin's validated table of goop.toml (without ``enabled``), defaults filled in.

        Raises ``KeyError`` for a plugin that does not take part.
        """

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

    def remark(self, plugin: str, sentence: str) -> None:
        """Tell who works on a plugin, in the console of its own pages, that it refused something.

        Without ``goop run --dev`` nobody is told anything.
        """


Lifespan = AbstractAsyncContextManager[None]
