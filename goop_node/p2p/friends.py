# SPDX-License-Identifier: MIT
"""Addresses of peers, remembered across restarts in a file of ``DATA`` (0600)."""

from __future__ import annotations

import logging
from collections.abc import Callable
from itertools import islice
from pathlib import Path

import msgspec

from goop_node.data.kept_files import NotKeptError, read_kept, write_kept
from goop_node.p2p.addresses import Address, is_peer_id
from goop_node.p2p.limits import MAX_FRIENDS

log = logging.getLogger(__name__)

MAX_ADDRESSES = 8


class Friends:
    """Peer ids with their addresses, the newest first: of friends, or of who was seen."""

    def __init__(
        self,
        path: Path,
        *,
        bound: int = MAX_FRIENDS,
        later: Callable[[Callable[[], None]], None] | None = None,
        stays: Callable[[str], bool] = lambda peer_id: False,
    ) -> None:
        """At most ``bound`` peers; the one remembered first makes room for a new one, unless it
        ``stays``: where all do, the new one is not remembered.

        A change is written before it counts, and where that fails nothing changes. With ``later``,
        which decides when a change is written, it counts at once: that is for what nobody asked
        to be kept.
        """
        self._path = path
        self._bound = bound
        self._later = later
        self._stays = stays
        self._unsaved = False
        kept = read_kept(path, _parsed) or {}
        self._addresses = dict(islice(kept.items(), max(0, len(kept) - bound), None))

    def __len__(self) -> int:
        return len(self._addresses)

    def __contains__(self, peer_id: str) -> bool:
        return peer_id in self._addresses

    def all(self) -> dict[str, tuple[str, ...]]:
        """Addresses by peer id."""
        return dict(self._addresses)

    def remember(self, peer_id: str, *addresses: str) -> None:
        """Keep the addresses that work, before those known already. Raises ``NotKeptError``."""
        before = self._addresses.get(peer_id)
        kept = tuple(dict.fromkeys((*addresses, *(before or ()))))[:MAX_ADDRESSES]
        if kept == before:
            return
        after = dict(self._addresses)
        if before is None and len(after) >= self._bound:
            first = next((one for one in after if not self._stays(one)), None)
            if first is None:
                return
            del after[first]
        self._take({**after, peer_id: kept})

    def forget(self, peer_id: str) -> None:
        """Keep nothing of that peer. Raises ``NotKeptError``."""
        if peer_id in self._addresses:
            self._take({key: one for key, one in self._addresses.items() if key != peer_id})

    def _take(self, addresses: dict[str, tuple[str, ...]]) -> None:
        if self._later is None:
            write_kept(self._path, addresses)
        self._addresses = addresses
        if self._later is not None and not self._unsaved:
            self._unsaved = True
            self._later(self.save)

    def save(self) -> None:
        """Write what was put off; a file is whole or as it was."""
        if not self._unsaved:
            return
        self._unsaved = False
        try:
            write_kept(self._path, self._addresses)
        except NotKeptError as error:
            log.warning("%s could not be written: %s", self._path, error.strerror)


def _parsed(content: bytes) -> dict[str, tuple[str, ...]]:
    kept = msgspec.json.decode(content, type=dict[str, tuple[str, ...]])
    return {
        peer_id: tuple(one for one in addresses if Address.parse(one) is not None)[:MAX_ADDRESSES]
        for peer_id, addresses in kept.items()
        if is_peer_id(peer_id)
    }
