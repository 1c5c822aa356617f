# SPDX-License-Identifier: MIT
"""Where peers may be, by who said so (pure)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from goop_node.p2p.addresses import Address, parsed

Texts = Mapping[str, tuple[str, ...]]
"""Addresses by peer, as they were said, or stand in a file: they may be anything."""


@dataclass(frozen=True)
class Whereabouts:
    """Where a peer may be: what a person named, and what was told: by the peer itself, or by
    ``source``; and where it was found in a network that we share."""

    named: tuple[Address, ...] = ()
    told: tuple[Address, ...] = ()
    source: str = ""
    found: tuple[Address, ...] = ()


def whereabouts(
    *, named: Sequence[Texts], told: Sequence[Texts], found: Mapping[str, tuple[Address, ...]]
) -> dict[str, Whereabouts]:
    """Each peer's addresses; what comes first in the books is tried first."""
    peers = dict.fromkeys(peer for book in (*named, found, *told) for peer in book)
    return {
        peer: Whereabouts(_in(named, peer), _in(told, peer), found=found.get(peer, ()))
        for peer in peers
    }


def _in(books: Sequence[Texts], peer: str) -> tuple[Address, ...]:
    return parsed(text for book in books for text in book.get(peer, ()))
