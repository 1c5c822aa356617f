# SPDX-License-Identifier: MIT
"""The other nodes that this one knows."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Literal

import msgspec

from goop_realtime.client.endpoints import Endpoints
from goop_realtime.client.errors import GoopError
from goop_realtime.client.protocol.frames import Told
from goop_realtime.client.values import Peer

RETRY = 0.5
"""Seconds until a stream that broke is asked for again."""


class _Row(Told, frozen=True):
    peer_id: str
    peer_label: str
    online: bool
    fingerprint: str

    def peer(self) -> Peer:
        return Peer(self.peer_id, self.peer_label, self.online, self.fingerprint)


class _Event(msgspec.Struct):
    type: Literal["snapshot", "update", "remove"]
    peers: list[_Row] = []
    peer: _Row | None = None
    peer_id: str = ""


class Peers:
    """Who is there."""

    def __init__(self, endpoints: Endpoints) -> None:
        self._endpoints = endpoints

    async def list(self) -> list[Peer]:
        """Every peer that is online, or known. Raises ``GoopError``."""
        rows = msgspec.convert(await self._endpoints.get("/api/peers"), list[_Row])
        return [row.peer() for row in rows]

    async def follow(self) -> AsyncIterator[dict[str, Peer]]:
        """All of them by their ids, now and at each change; goes on while the node is away.

        Raises ``GoopError`` where the node refuses it.
        """
        known: dict[str, Peer] = {}
        while True:
            try:
                async for data in self._endpoints.events("/api/peers/events"):
                    event = msgspec.convert(data, _Event)
                    if event.type == "snapshot":
                        known = {row.peer_id: row.peer() for row in event.peers}
                    elif event.peer is not None:
                        known = {**known, event.peer.peer_id: event.peer.peer()}
                    else:
                        known = {one: peer for one, peer in known.items() if one != event.peer_id}
                    yield known
            except GoopError as error:
                if error.code != "node_unreachable":
                    raise
            await asyncio.sleep(RETRY)
