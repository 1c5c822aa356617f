# SPDX-License-Identifier: MIT
"""Streams of libp2p, as plugins open them: on asyncio, by peer id, with errors in words."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from goop_node.p2p.guest import Guest, GuestEnded
from goop_node.p2p.host import Host
from goop_node.types import LineStream, NetworkError

log = logging.getLogger(__name__)

MAX_LINE = 256 * 1024


class P2PNetwork:
    """``Network`` (see ``goop_node.types``) over a host that may come and go."""

    def __init__(self, peer_id: str) -> None:
        self.peer_id = peer_id
        self.guest: Guest | None = None
        self.host: Host | None = None

    @property
    def addrs(self) -> tuple[str, ...]:
        """Our full multiaddrs."""
        return self.host.addrs if self.host is not None else ()

    async def open_stream(
        self,
        peer_id: str,
        protocols: Sequence[str],
        *,
        timeout_ms: int = 10_000,
        early: bool = False,
    ) -> LineStream:
        """See ``Network.open_stream``."""
        guest, host = self.running()
        with _in_words(peer_id):
            async with asyncio.timeout(timeout_ms / 1000):
                return await guest.run(host.open_stream, peer_id, list(protocols), MAX_LINE, early)

    async def meet(self, peer_id: str, addrs: Sequence[str], *, told_by: str) -> None:
        """See ``Network.meet``."""
        guest, host = self.running()
        with _in_words(peer_id):
            await guest.run(host.meet, peer_id, addrs, told_by)

    def running(self) -> tuple[Guest, Host]:
        """The guest and the host. Raises ``NetworkError`` (``offline``)."""
        if self.guest is None or self.host is None:
            raise NetworkError("offline", "libp2p is not running")
        return self.guest, self.host


@contextmanager
def _in_words(peer_id: str) -> Iterator[None]:
    """Whatever fails with a peer becomes a ``NetworkError``."""
    try:
        yield
    except TimeoutError:
        raise NetworkError("unreachable", "the peer did not answer in time") from None
    except GuestEnded:
        raise NetworkError("offline", "libp2p is restarting") from None
    except NetworkError:
        raise
    except Exception as error:
        log.warning("no way to %s: %r", peer_id, error)
        raise NetworkError("unreachable", "the library failed") from None
