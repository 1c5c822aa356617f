# SPDX-License-Identifier: MIT
"""Addresses of friends, remembered across restarts in ``DATA/friends.json`` (0600)."""

from __future__ import annotations

import json
import os
from pathlib import Path

MAX_FRIENDS = 500
MAX_ADDRESSES = 8


class Friends:
    """Peer ids with their addresses, as "connect to a friend" learnt them."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._addresses: dict[str, tuple[str, ...]] = {}
        try:
            kept = json.loads(path.read_text(encoding="utf-8"))
            self._addresses = {
                str(peer): tuple(str(address) for address in addresses)
                for peer, addresses in kept.items()
            }
        except (OSError, ValueError, AttributeError, TypeError):
            self._addresses = {}

    def all(self) -> dict[str, tuple[str, ...]]:
        """Addresses by peer id."""
        return dict(self._addresses)

    def remember(self, peer_id: str, address: str) -> None:
        """Keep the address that worked, first."""
        others = [known for known in self._addresses.get(peer_id, ()) if known != address]
        if peer_id not in self._addresses and len(self._addresses) >= MAX_FRIENDS:
            return
        self._addresses[peer_id] = (address, *others)[:MAX_ADDRESSES]
        self._path.parent.mkdir(parents=True, exist_ok=True)
        temporary = self._path.with_suffix(".new")
        handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(self._addresses, file, indent=1)
        os.replace(temporary, self._path)
