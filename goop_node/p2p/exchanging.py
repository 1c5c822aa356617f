# SPDX-License-Identifier: MIT
"""Answers peers that ask once on a stream of its own, within bounds of bytes, time and number."""

from __future__ import annotations

import logging
from collections import Counter
from contextlib import suppress
from typing import Any

import trio
from libp2p.network.stream.exceptions import StreamEOF, StreamError

from goop_node.exchange import Exchange
from goop_node.p2p import limits
from goop_node.p2p.pace import Pace

log = logging.getLogger(__name__)

PIECE = 1024
"""Bytes of a request that are read at a time."""


class Exchanging:
    """The exchanges of one host. What is beyond a peer's bounds is reset without an answer."""

    def __init__(self) -> None:
        self._under_way: Counter[str] = Counter()
        self._paces: dict[str, Pace] = {}

    async def serve(self, exchange: Exchange, stream: Any) -> None:
        """One stream of a peer, from its request to its end. Runs as a trio task."""
        peer_id = stream.muxed_conn.peer_id.to_base58()
        if not self._admits(peer_id):
            log.debug("%s asks for %s too often", peer_id, exchange.protocol)
            await stream.reset()
            return
        self._under_way[peer_id] += 1
        over = False
        try:
            with trio.move_on_after(limits.EXCHANGE_SECONDS):
                over = await self._answered(exchange, stream, peer_id)
        finally:
            self._under_way[peer_id] -= 1
            self._under_way += Counter()  # without those who have none
        if not over:
            await stream.reset()

    async def _answered(self, exchange: Exchange, stream: Any, peer_id: str) -> bool:
        """Answer; whether the peer has taken that, and ended its side too."""
        request = await _request(stream, exchange.longest)
        if request is None:
            return False
        answer = exchange.answer(request)
        cost = max(limits.EXCHANGE_COST, len(answer))
        self._paces[peer_id].spend(cost, trio.current_time())
        with suppress(StreamError):  # who only wanted to know whether we are there has gone
            stream.muxed_stream.ends = True
            await stream.write(answer)
            await stream.close_write()
            if await _ended(stream):
                await stream.close()
                return True
        return False

    def _admits(self, peer_id: str) -> bool:
        """Whether the peer may ask once more now."""
        now = trio.current_time()
        for known in [one for one, pace in self._paces.items() if self._is_at_rest(one, pace, now)]:
            del self._paces[known]
        if self._under_way[peer_id] >= limits.EXCHANGES:
            return False
        pace = self._paces.setdefault(peer_id, Pace(limits.ANSWER_RATE, limits.ANSWER_BURST))
        return pace.affords(limits.EXCHANGE_COST, now)

    def _is_at_rest(self, peer_id: str, pace: Pace, now: float) -> bool:
        return not self._under_way[peer_id] and pace.affords(limits.ANSWER_BURST, now)


async def _request(stream: Any, longest: int) -> bytes | None:
    """What the peer asks; ``None`` where it is longer than that."""
    said = bytearray()
    while longest and b"\n" not in said:
        with suppress(StreamEOF):
            if piece := await stream.read(PIECE):
                said += piece
                if len(said) > longest + 1:
                    return None
                continue
        break
    request = bytes(said).partition(b"\n")[0]
    return request if len(request) <= longest else None


async def _ended(stream: Any) -> bool:
    """Wait until the peer ends its side, and says nothing more; whether it did."""
    with suppress(StreamEOF):
        return not await stream.read(PIECE)
    return True
