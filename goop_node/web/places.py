# SPDX-License-Identifier: MIT
"""How many connections the web server holds, and who has to go when all places are taken.

The operating system gives a process so many descriptors, for libp2p, databases and files as
well. So connections have a part of them. A connection that waits for its client (silent, half
a request, an answer that nobody reads) gives its place to one that comes, the longest waiting
first. A WebSocket stays for as long as its page: so they leave a quarter of the places to
requests, which come and go.
"""

from __future__ import annotations

import asyncio
import logging
import sys

from goop_node.clock import now_ms

WANTED_DESCRIPTORS = 8192
MOST_CONNECTIONS = 1024
MOST_HELD = 64 * 1024 * 1024
"""Bytes of requests that are not complete, of all connections together."""
TELL_MS = 60_000
"""The log is told once a minute at most."""

log = logging.getLogger(__name__)


class Places:
    """The places of one web server."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.for_sockets = limit * 3 // 4
        self._taken: set[asyncio.BaseTransport] = set()
        self._sockets: set[asyncio.BaseTransport] = set()
        self._waiting: dict[asyncio.Transport, int] = {}
        """Bytes that each has sent of what is not complete; the longest waiting first."""
        self._held = 0
        self._turned_away = 0
        self._told_at = now_ms() - TELL_MS

    @property
    def taken(self) -> int:
        """How many connections there are."""
        return len(self._taken)

    def enter(self, transport: asyncio.Transport) -> bool:
        """Whether there is a place for a new connection; one that waits may have to give its."""
        if len(self._taken) >= self.limit:
            self._full("connections")
            if not self._waiting:
                return False
            self._cut_longest()
        self._taken.add(transport)
        return True

    def enter_socket(self, transport: asyncio.Transport) -> bool:
        """Whether a connection that has its place may stay as a WebSocket."""
        if len(self._sockets) >= self.for_sockets:
            self._full("WebSockets")
            return False
        self._sockets.add(transport)
        return True

    def leave(self, transport: asyncio.Transport) -> None:
        """The connection has ended."""
        self._taken.discard(transport)
        self._sockets.discard(transport)
        self.works(transport)

    def waits(self, transport: asyncio.Transport) -> None:
        """From now on the connection waits for its client."""
        if transport in self._taken:
            self.works(transport)
            self._waiting[transport] = 0

    def holds(self, transport: asyncio.Transport, size: int) -> None:
        """The connection, which waits for the rest, has sent ``size`` bytes more of a request."""
        if transport in self._waiting:
            self._waiting[transport] += size
            self._held += size
            while self._held > MOST_HELD:
                self._full("unfinished requests")
                self._cut_longest()

    def works(self, transport: asyncio.Transport) -> None:
        """The connection is in use."""
        self._held -= self._waiting.pop(transport, 0)

    def _cut_longest(self) -> None:
        longest = next(iter(self._waiting))
        self.leave(longest)
        longest.abort()

    def _full(self, what: str) -> None:
        self._turned_away += 1
        if now_ms() - self._told_at >= TELL_MS:
            log.warning(
                "no place left for %s (of %d connections, %d may be WebSockets); "
                "turned away or cut since the last word: %d",
                what,
                self.limit,
                self.for_sockets,
                self._turned_away,
            )
            self._told_at = now_ms()
            self._turned_away = 0


def places() -> Places:
    """Places for as many connections as this process can hold, with room for all else."""
    return Places(min(MOST_CONNECTIONS, _descriptors() // 2))


if sys.platform == "win32":

    def _descriptors() -> int:
        return WANTED_DESCRIPTORS
else:
    import resource

    def _descriptors() -> int:
        """How many descriptors there are; more are asked for where the default is low."""
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        if soft == resource.RLIM_INFINITY:
            return WANTED_DESCRIPTORS
        wanted = WANTED_DESCRIPTORS
        if hard != resource.RLIM_INFINITY:
            wanted = min(wanted, hard)
        if soft < wanted:
            try:
                resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
                return wanted
            except (OSError, ValueError):
                pass  # some systems have a bound below the one they tell
        return soft
