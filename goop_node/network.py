# SPDX-License-Identifier: MIT
"""Other nodes, and streams to them, as plugins see them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from goop_node.escaping import escaped
from goop_node.old_names import renamed_fields

Standing = Literal["friend", "discovered", "unknown", "blocked"]
"""What a peer is to this node: the person's friend, discovered, blocked, or nothing yet."""


@renamed_fields(last_seen="last_seen_ms")
@dataclass(frozen=True, kw_only=True)
class Peer:
    """Another node as this one knows it.

    ``peer_id`` is its id (base58), ``label`` is the name it gives itself (``""`` where none was
    heard), ``online`` whether it says that it is there, ``connected`` whether there is a
    connection, ``last_seen_ms`` when it was last heard of (Unix ms), ``addrs`` where it may be
    (multiaddrs). What Goop² peers tell besides, and nobody has proved: ``email``, ``avatar_hash``
    (of the picture that they have, 16 hex digits), ``video_disabled`` (they take no calls), and
    ``active_template`` (what their site is).
    """

    peer_id: str
    label: str
    online: bool
    connected: bool
    last_seen_ms: int
    addrs: tuple[str, ...] = ()
    email: str = ""
    avatar_hash: str = ""
    video_disabled: bool = False
    active_template: str = ""


@dataclass(frozen=True, kw_only=True)
class PeerEvent:
    """A change in what is known of a peer, or in what it is to this node (``standing``).

    ``kind`` says which, ``peer`` is what is known of it now.
    """

    kind: Literal["found", "changed", "gone", "connected", "disconnected", "standing"]
    peer: Peer


class LineStream(Protocol):
    """One libp2p stream that carries newline-terminated lines, as asyncio sees it.

    Reads come in batches through callbacks; writes are queued and coalesced into as few transport
    writes as possible. All calls are made on the asyncio loop's thread. ``peer_id`` is who is at
    the other end, ``protocol`` what was agreed on.
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
        ``"too_slow"`` (a line took too long), ``"closed"`` (by us), ``"lost"`` (the connection
        went away) or ``"unanswered"`` (see ``Network.open_stream``).
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
    """libp2p, as plugins see it. ``peer_id`` is our own."""

    peer_id: str

    @property
    def addrs(self) -> tuple[str, ...]:
        """Our full multiaddrs, each ending in ``/p2p/<peer id>``."""

    async def open_stream(
        self,
        peer_id: str,
        protocols: Sequence[str],
        *,
        timeout_ms: int = 10_000,
        early: bool = False,
    ) -> LineStream:
        """Open a stream with the first protocol of ``protocols`` that the peer speaks.

        ``early``: where it has spoken the first one on this connection, the stream is there at
        once, and what is written on it goes along with the question whether it still does. One
        whose question is not answered ends as ``unanswered``; the next one is not early.
        Raises ``NetworkError``, ``unreachable`` after ``timeout_ms``.
        """

    async def meet(self, peer_id: str, addrs: Sequence[str], *, told_by: str) -> None:
        """Be connected to a peer that another one, ``told_by``, says to be at these multiaddrs.

        Of the first 8 those are dialled that may be on others' word (public ones, and those of this
        machine's networks), ever more seldom while nobody answers, and what fails counts against
        who told. Raises ``NetworkError``.
        """


class Peers(Protocol):
    """Who is there."""

    def get(self, peer_id: str) -> Peer | None:
        """The peer of that id, or ``None`` when it was never seen."""

    def all(self) -> list[Peer]:
        """Every known peer except this node, sorted by id."""

    def is_discovered(self, peer_id: str) -> bool:
        """Whether presence, ``--peer`` or "connect to a friend" named this peer, or it was found
        on the local network and is connected."""

    def standing(self, peer_id: str) -> Standing:
        """What the peer is to this node."""

    def subscribe(self, callback: Callable[[PeerEvent], None]) -> Callable[[], None]:
        """Call back on every change; returns what ends the subscription."""
