# SPDX-License-Identifier: MIT
"""A link: one stream that carries a channel, and what was said on it. It goes with its stream."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from goop_realtime.model.limits import Bucket

if TYPE_CHECKING:
    from goop_realtime.machine.channel import Channel
    from goop_realtime.machine.member import Member
    from goop_realtime.machine.newest import Key


@dataclass(eq=False)
class Link:
    """A living stream of a channel. Sequence numbers are of its log; times are Unix ms."""

    id: int
    """The driver's number for the stream."""
    channel: Channel
    member: Member
    """Who is at its other end."""
    since: int
    heard_at: int
    pinged_at: int
    acked_node: int
    """Up to where the other side was told that this node has the log."""
    acked_page: int
    """Up to where it was told that our pages have handled it."""
    welcomed: bool = False
    """Guest: the host has answered the join; nothing may be sent before."""
    pulling: bool = False
    """Host: the guest is giving back entries that we lost."""
    sent: int = 0
    """Host: the newest entry written."""
    ids: set[str] = field(default_factory=set)
    """Message ids that crossed: sent by a guest, received by a host."""
    in_flight: deque[tuple[int, int]] = field(default_factory=deque)
    """Host: ``(seq, bytes)`` of what the guest has not acknowledged."""
    flight_bytes: int = 0
    page: str = "unknown"
    """Whether a page is open at the other side: ``open`` or ``none``, as it said."""
    page_told: str = ""
    """What it was told of ours."""
    round: int = 0
    """Lines about what is in no log that were written since the peer's last pong."""
    newest_signal: bytes = b""
    """The signal that waits for it."""
    owed: dict[Key, None] = field(default_factory=dict)
    """The newest values that it is to be told."""
    fleeting: Bucket | None = None
    """Host: what the guest may say of what is in no log."""
