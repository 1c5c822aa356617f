# SPDX-License-Identifier: MIT
"""The bounds of the realtime plugin, and the bucket that measures a rate."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

from goop_realtime.types import Limits

OUTBOX_MESSAGES = 1000
OUTBOX_BYTES = 4 * 1024 * 1024
"""What one author may have accepted and unhandled in one channel."""

LINK_WINDOW = 512 * 1024
"""Bytes on their way to the other node that it has not acknowledged."""

PAGE_WINDOW = 256 * 1024
"""Bytes on their way to a page that it has not acknowledged."""

STATE_BYTES = 256 * 1024
"""The largest state of a Session that pages are told, or that fits into a welcome to a room."""

SIGNAL_BYTES = 4096
"""What a signal may hold."""

KEPT_ENTRIES = 512
KEPT_BYTES = 1024 * 1024
"""How much of a log is kept behind what everybody has handled, for late readers."""


@dataclass(frozen=True, kw_only=True)
class NodeLimits:
    """The node's own bounds, from ``[plugins.realtime]``.

    ``message_bytes`` caps that of every context. ``rate`` and ``burst``, where they are set,
    take the place of every context's.
    """

    message_bytes: int = 64 * 1024
    rate: float | None = None
    burst: int | None = None
    requests_per_peer: int = 8
    channels_per_peer: int = 64
    sockets: int = 64
    channels: int = 1024

    def of(self, context: Limits) -> Limits:
        """A context's bounds as they hold on this node."""
        return _both(self, context)


@lru_cache
def _both(own: NodeLimits, context: Limits) -> Limits:
    """Made once: every message is measured by them."""
    return replace(
        context,
        message_bytes=min(own.message_bytes, context.message_bytes),
        rate=context.rate if own.rate is None else own.rate,
        burst=context.burst if own.burst is None else own.burst,
    )


class Bucket:
    """A token bucket: ``burst`` at once, ``rate`` a second. Times in milliseconds."""

    __slots__ = ("_at", "_burst", "_rate", "_tokens")

    def __init__(self, rate: float, burst: int) -> None:
        self._rate = rate / 1000
        self._burst = float(burst)
        self._tokens = float(burst)
        self._at = 0

    def take(self, now: int) -> bool:
        """Take a token at ``now``; false when none is left."""
        self._tokens = min(self._burst, self._tokens + (now - self._at) * self._rate)
        self._at = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True
