# SPDX-License-Identifier: MIT
"""Addresses of peers, remembered across restarts in a file of ``DATA`` (0600)."""

from __future__ import annotations

import json
import os
from pathlib import Path

from goop_node.p2p.addresses import Address, is_peer_id

MAX_FRIENDS = 500
MAX_ADDRESSES = 8


class Friends:
    """Peer ids with their addresses, the newest first: of friends, or of who was seen."""

    def __init__(self, path: Path, *, bound: int = MAX_FRIENDS) -> None:
        """At most ``bound`` peers; the one remembered first makes room for a new one."""
        self._path = path
        self._bound = bound
        self._addresses: dict[str, tuple[str, ...]] = {}
        try:
            kept = json.loads(path.read_text(encoding="utf-8"))
            self._addresses = {
                peer: tuple(one for one in addresses if Address.parse(one) is not None)
                for peer, addresses in kept.items()
                if is_peer_id(peer)
            }
        except (OSError, ValueError, AttributeError, TypeError):
            self._addresses = {}

    def all(self) -> dict[str, tuple[str, ...]]:
        """Addresses by peer id."""
        return dict(self._addresses)

    def remember(self, peer_id: str, *addresses: str) -> None:
        """Keep the addresses that work, before those known already."""
        before = self._addresses.get(peer_id, ())
        kept = tuple(dict.fromkeys((*addresses, *before)))[:MAX_ADDRESSES]
        if kept == before:
            return
        if peer_id not in self._addresses and len(self._addresses) >= self._bound:
            del self._addresses[next(iter(self._addresses))]
        self._addresses[peer_id] = kept
        self._path.parent.mkdir(parents=True, exist_ok=True)
        temporary = self._path.with_suffix(".new")
        handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(self._addresses, file, indent=1)
        os.replace(temporary, self._path)
